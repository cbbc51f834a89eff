//! Guests: accounts without an address and a password, which their owners may claim.
//!
//! A guest's `email` is under `guest.invalid`, where no mail arrives, and nobody signs in with it: the
//! account is its one session. Idle guests are deleted.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, Set};
use uuid::Uuid;

use super::{
    AccountError, Accounts, Client, Requester, SignedIn,
    events::record,
    locale,
    name::{self, Name},
    network, users,
};
use crate::{
    config::{GuestSettings, Secrets},
    digest,
    entity::{account_event::EventKind, mail::MailKind, user},
    generation, request_context,
};

/// Guests that are looked for at once.
const BATCH: u64 = 100;

/// The settings of guests, and the secret of their addresses.
#[derive(Clone)]
pub(super) struct Guests {
    settings: GuestSettings,
    secret: String,
}

impl Guests {
    pub(super) fn new(settings: GuestSettings, secrets: &Secrets) -> Self {
        Self {
            settings,
            secret: secrets.current.clone(),
        }
    }
}

/// # Errors
///
/// [`AccountError::Guest`] for what needs an address or a password.
pub(super) fn no_guest(user: &user::Model) -> Result<(), AccountError> {
    if user.is_guest {
        return Err(AccountError::Guest);
    }
    Ok(())
}

impl Accounts {
    /// Whether there are new guests.
    #[must_use]
    pub fn allows_guests(&self) -> bool {
        self.guests.settings.are_allowed
    }

    /// Makes a guest's account, and signs in with it. Counts as a registration.
    ///
    /// # Errors
    ///
    /// [`AccountError::NoGuests`]; [`AccountError::RateLimited`].
    pub async fn continue_as_guest(&self, client: Client<'_>) -> Result<SignedIn, AccountError> {
        if !self.allows_guests() {
            return Err(AccountError::NoGuests);
        }
        self.rate_limits.registration(client.address)?;
        let guest = self.new_guest(client.accept_language)?;
        let signed_in = self.store_and_sign_in(guest, client).await?;
        request_context::record_user(signed_in.user.id);
        Ok(signed_in)
    }

    fn new_guest(&self, accept_language: Option<&str>) -> Result<user::Model, AccountError> {
        let username = format!("guest-{:016x}", getrandom::u64()?);
        let email = format!("{username}@{}", name::GUESTS);
        // Both are their own keys: lower-case ASCII.
        let [email, username] = [email, username].map(|text| Name {
            key: text.clone(),
            text,
        });
        Ok(user::Model {
            locale: locale::of_header(accept_language),
            is_guest: true,
            ..users::new(&self.clock, email, username, String::new())
        })
    }

    /// Gives a guest's account an address, a username and a password. Its readings and its session stay.
    /// Counts as a registration.
    ///
    /// # Errors
    ///
    /// [`AccountError::NotAGuest`], also where another claim was first; otherwise as
    /// [`Accounts::register`].
    pub async fn claim_account(
        &self,
        requester: &Requester,
        email: &str,
        username: &str,
        password: &str,
        client: Client<'_>,
    ) -> Result<user::Model, AccountError> {
        let id = requester.user.id;
        if !requester.user.is_guest {
            return Err(AccountError::NotAGuest);
        }
        self.rate_limits.registration(client.address)?;
        let (email, username, hashed_password) = self.checked(email, username, password).await?;
        let tx = self.db.begin().await?;
        let still = user::lock(&tx, id).await?;
        if !still.ok_or(AccountError::SessionEnded)?.is_guest {
            return Err(AccountError::NotAGuest);
        }
        let keys = (email.key.clone(), username.key.clone());
        let change = user::ActiveModel {
            email: Set(email.text),
            email_key: Set(email.key),
            username: Set(username.text),
            username_key: Set(username.key),
            hashed_password: Set(hashed_password),
            is_guest: Set(false),
            updated_at: Set(self.clock.now()),
            ..Default::default()
        };
        let user = match users::update(&tx, id, change).await {
            Ok(user) => user.ok_or(AccountError::SessionEnded)?,
            Err(error) => {
                // The names that are taken are read on another connection.
                tx.rollback().await?;
                return Err(self.not_stored(error, id, (&keys.0, &keys.1)).await?);
            }
        };
        self.outbox
            .notify(&tx, MailKind::VerifyEmail, &user)
            .await?;
        let (session, agent) = (Some(requester.session.id), client.user_agent);
        record(&tx, &self.clock, id, EventKind::Claimed, session, agent).await?;
        self.sessions.commit_user(tx, id).await?;
        self.outbox.wake();
        Ok(user)
    }

    /// The key under which a guest's questions of today are counted together with those of all guests
    /// at the same address; none for a user who is no guest. No address can be found out from it, nor
    /// whether two days' keys are of one address.
    #[must_use]
    pub fn guest_network(&self, user: &user::Model, from: IpAddr) -> Option<String> {
        let key = |day: NaiveDate| {
            let secret = &self.guests.secret;
            let (day, network) = (day.to_string(), network(from).to_string());
            digest::hash_parts([secret, "guest", &day, &network])
        };
        user.is_guest.then(|| key(self.clock.now().date_naive()))
    }

    /// Deletes guests whose sessions were not used for the settings' lifetime. Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails; some may have been deleted by then.
    pub async fn delete_idle_guests(&self) -> Result<u64, DbErr> {
        let before = self.clock.now() - self.guests.settings.lifetime;
        let (mut after, mut deleted) = (Uuid::nil(), 0);
        loop {
            let batch = users::next_idle_guests(self.db.reads(), before, after, BATCH).await?;
            let Some(last) = batch.last() else {
                return Ok(deleted);
            };
            after = *last;
            for id in batch {
                deleted += u64::from(self.delete_idle_guest(id, before).await?);
            }
        }
    }

    /// Returns whether it still was idle, and a guest.
    async fn delete_idle_guest(&self, id: Uuid, before: DateTime<Utc>) -> Result<bool, DbErr> {
        generation::stop_writers_of(&self.db, id).await?;
        let tx = self.db.begin().await?;
        // A claim comes before, and is seen, or finds no account.
        user::lock(&tx, id).await?;
        if !users::is_idle_guest(&tx, id, before).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        users::delete(&tx, id).await?;
        let committed = tx.commit().await;
        self.sessions.changed(committed, |_, owner| owner == id)?;
        Ok(true)
    }
}

//! Email addresses of accounts: confirmed by a link, and changed.

use std::net::IpAddr;

use sea_orm::Set;

use super::{
    AccountError, Accounts, Client, EMAIL_TAKEN, Requester, events::record, guests::no_guest,
    links, name, users,
};
use crate::{
    entity::{account_event::EventKind, account_token::TokenKind, mail::MailKind, user},
    validation::{FieldErrorCode::Unchanged, ValidationErrors, Violation},
};

impl Accounts {
    /// Confirms an address by a link that was sent there, and gives it to the account if it is the
    /// pending one.
    ///
    /// # Errors
    ///
    /// [`AccountError::RateLimited`]; [`AccountError::Invalid`] if the token is unknown, used, expired or of an
    /// address that is none of the account's any more; [`AccountError::Taken`], decided by the database.
    pub async fn verify_email(
        &self,
        token: &str,
        client: Client<'_>,
    ) -> Result<user::Model, AccountError> {
        self.rate_limits.link(client.address)?;
        let now = self.clock.now();
        let found = links::find(self.db.reads(), token, TokenKind::VerifyEmail, now).await?;
        let (row, user) = found.ok_or_else(links::invalid_token)?;
        let id = user.id;
        let tx = self.db.begin().await?;
        let user = user::lock(&tx, id).await?;
        let is_unused = links::take(&tx, &row).await?;
        let is_own = |user: &user::Model| {
            user.email == row.email || user.pending_email.as_ref() == Some(&row.email)
        };
        let Some(user) = user.filter(|user| is_unused && is_own(user)) else {
            tx.rollback().await?;
            return Err(links::invalid_token());
        };
        let is_change = user.pending_email.as_ref() == Some(&row.email);
        let mut change = user::ActiveModel {
            email_verified_at: Set(Some(now)),
            ..Default::default()
        };
        if is_change {
            change.email_key = Set(name::email_key(&row.email));
            change.email = Set(row.email);
            change.pending_email = Set(None);
            change.updated_at = Set(now);
        }
        let changed = users::update(&tx, id, change).await;
        let changed = changed
            .map_err(|error| AccountError::not_stored(error, "input.token", EMAIL_TAKEN))?
            .ok_or(AccountError::SessionEnded)?;
        let kind = if is_change {
            // The account's links that were sent to the earlier address.
            links::end_all(&tx, id).await?;
            self.outbox
                .notify(&tx, MailKind::EmailChanged, &user)
                .await?;
            EventKind::EmailChanged
        } else {
            EventKind::EmailVerified
        };
        record(&tx, &self.clock, id, kind, None, client.user_agent).await?;
        self.sessions.commit_user(tx, id).await?;
        self.outbox.wake();
        Ok(changed)
    }

    /// Has another link sent to the address that is not confirmed yet, if there is one.
    ///
    /// # Errors
    ///
    /// [`AccountError::Guest`]; [`AccountError::NoMail`]; [`AccountError::RateLimited`].
    pub async fn resend_verification(
        &self,
        requester: &Requester,
        from: IpAddr,
    ) -> Result<(), AccountError> {
        let user = &requester.user;
        no_guest(user)?;
        self.outbox.require()?;
        let unconfirmed = user.email_verified_at.is_none().then_some(&user.email);
        let Some(email) = user.pending_email.as_ref().or(unconfirmed) else {
            return Ok(());
        };
        self.rate_limits.mail(&name::email_key(email), from)?;
        let (kind, to) = (MailKind::VerifyEmail, (&**email, &*user.locale));
        let db = self.db.writes();
        self.outbox.post(db, kind, Some(user.id), to, None).await?;
        self.outbox.wake();
        Ok(())
    }

    /// Changes the address: once a link that is sent there is used, and at once where no mail is set
    /// up. With mail, that another account has it is not said here.
    ///
    /// # Errors
    ///
    /// [`AccountError::Guest`]; [`AccountError::RateLimited`]; [`AccountError::Invalid`] if the address fails its
    /// rules or the password is wrong; without mail [`AccountError::Taken`], decided by the database.
    pub async fn change_email(
        &self,
        requester: &Requester,
        new: &str,
        password: &str,
        client: Client<'_>,
    ) -> Result<user::Model, AccountError> {
        let from = client.address;
        no_guest(&requester.user)?;
        self.rate_limits.password(&requester.user.email_key, from)?;
        let mut errors = ValidationErrors::default();
        let new = errors.check("input.newEmail", name::email(new));
        if new
            .as_ref()
            .is_some_and(|new| new.text == requester.user.email)
        {
            let message = "This is the account's address.";
            errors.add("input.newEmail", Violation::new(Unchanged, message));
        }
        self.check_current(&mut errors, "input.password", requester, password, from)
            .await?;
        let Some(new) = new else {
            return Err(AccountError::Invalid(errors));
        };
        self.rate_limits.mail(&new.key, from)?;
        let tx = self.db.begin().await?;
        // A later change of the password cancels this one.
        let Some(user) = users::lock_with_password(&tx, &requester.user).await? else {
            tx.rollback().await?;
            return Err(AccountError::SessionEnded);
        };
        links::end_all(&tx, user.id).await?;
        let mut change = user::ActiveModel {
            updated_at: Set(self.clock.now()),
            ..Default::default()
        };
        let is_at_once = !self.outbox.is_on();
        if is_at_once {
            change.email = Set(new.text);
            change.email_key = Set(new.key);
            change.email_verified_at = Set(None);
            change.pending_email = Set(None);
        } else {
            let (kind, to) = (MailKind::VerifyEmail, (&*new.text, &*user.locale));
            self.outbox.post(&tx, kind, Some(user.id), to, None).await?;
            let kind = MailKind::EmailChangeAsked;
            self.outbox.notify(&tx, kind, &user).await?;
            change.pending_email = Set(Some(new.text));
        }
        let changed = users::update(&tx, user.id, change).await;
        let changed = changed
            .map_err(|error| AccountError::not_stored(error, "input.newEmail", EMAIL_TAKEN))?
            .ok_or(AccountError::SessionEnded)?;
        if is_at_once {
            let (session, agent) = (Some(requester.session.id), client.user_agent);
            let kind = EventKind::EmailChanged;
            record(&tx, &self.clock, user.id, kind, session, agent).await?;
        }
        self.sessions.commit_user(tx, user.id).await?;
        self.outbox.wake();
        Ok(changed)
    }

    /// Guests may: they have no address, and limits of their own.
    ///
    /// # Errors
    ///
    /// [`AccountError::EmailNotVerified`] if asking needs a confirmed address, and the user's is not.
    pub fn may_ask(&self, user: &user::Model) -> Result<(), AccountError> {
        if self.requires_verified_email && !user.is_guest && user.email_verified_at.is_none() {
            return Err(AccountError::EmailNotVerified);
        }
        Ok(())
    }
}

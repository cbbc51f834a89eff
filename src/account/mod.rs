//! Accounts: registration, sign-in, sessions, passwords, tokens, recovery and mail.

mod access_token;
mod deletion;
mod device;
mod downloads;
mod email;
mod events;
mod failed_sign_ins;
mod guests;
mod links;
pub mod locale;
mod mail;
pub mod name;
pub mod operator;
pub mod password;
mod password_change;
mod profile;
mod rate_limits;
mod recovery;
mod registration;
mod sessions;
mod sign_in;
pub mod user_agent;
mod users;

use std::{net::IpAddr, sync::Arc};

use sea_orm::DbErr;
use uuid::Uuid;

use crate::{
    clock::Clock,
    config::Settings,
    db::Database,
    entity::account_event,
    validation::{FieldErrorCode, ValidationErrors, Violation},
};
pub use access_token::{Claims, TokenError, Tokens};
pub use downloads::{Download, Downloads};
pub use events::{EventPage, EventSlice};
pub use failed_sign_ins::FailedSignIns;
pub use mail::{MailError, MailTrial, Outbox, try_mail};
pub use profile::ProfileChanges;
pub(crate) use rate_limits::network;
pub use rate_limits::{RateLimited, RateLimits};
pub use sessions::{CHANNEL, Requester, SESSIONS, Sessions, Signed, SignedIn, count_live};
pub use users::find_by_email;

const EMAIL_TAKEN: &str = "An account with this email address exists.";
const USERNAME_TAKEN: &str = "This username is taken.";

/// The client of a request.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    pub address: IpAddr,
    pub user_agent: Option<&'a str>,
    pub accept_language: Option<&'a str>,
}

/// The accounts, and the services that are part of them.
#[derive(Clone)]
pub struct Accounts {
    db: Database,
    clock: Clock,
    passwords: password::Hasher,
    pub rate_limits: Arc<RateLimits>,
    pub sessions: Sessions,
    pub failed_sign_ins: FailedSignIns,
    pub downloads: Downloads,
    pub outbox: Outbox,
    requires_verified_email: bool,
    guests: guests::Guests,
}

/// Why accounts cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error("the threads that hash passwords cannot be started: {0}")]
    Threads(#[from] std::io::Error),
    #[error(transparent)]
    Mail(#[from] MailError),
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("some fields are invalid")]
    Invalid(ValidationErrors),
    #[error("email or username is taken")]
    Taken(ValidationErrors),
    #[error("wrong email or password")]
    WrongCredentials,
    #[error("not signed in")]
    NotSignedIn(#[from] TokenError),
    #[error("the session has ended")]
    SessionEnded,
    #[error("the account is inactive")]
    Inactive,
    #[error("no such session")]
    NoSuchSession,
    #[error("no mail server is set")]
    NoMail,
    #[error("the email address is not confirmed")]
    EmailNotVerified,
    #[error("there are no guests")]
    NoGuests,
    #[error("a guest has no address and no password")]
    Guest,
    #[error("the account is no guest's")]
    NotAGuest,
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Password(#[from] password::PasswordError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl AccountError {
    /// Why a value that has to be unique could not be stored.
    fn not_stored(error: DbErr, path: &'static str, taken: &str) -> Self {
        if users::is_duplicate(&error) {
            let violation = Violation::new(FieldErrorCode::Taken, taken);
            Self::Taken(ValidationErrors::one(path, violation))
        } else {
            error.into()
        }
    }
}

impl Accounts {
    /// # Errors
    ///
    /// If the threads that hash passwords cannot be started, or mail cannot be sent as the settings
    /// say.
    pub fn new(settings: &Settings, db: Database, clock: Clock) -> Result<Self, AccountsError> {
        let (secrets, mail) = (&settings.secrets, settings.mail.as_ref());
        Ok(Self {
            passwords: password::Hasher::start(settings.bcrypt_cost)?,
            rate_limits: Arc::new(RateLimits::new(&settings.clients, &clock)),
            sessions: Sessions::new(db.clone(), clock.clone(), secrets, settings.sessions),
            failed_sign_ins: FailedSignIns::new(db.clone(), clock.clone()),
            downloads: Downloads::new(db.clone(), clock.clone()),
            outbox: Outbox::new(mail, db.clone(), clock.clone())?,
            requires_verified_email: settings.requires_verified_email,
            guests: guests::Guests::new(settings.guests, secrets),
            db,
            clock,
        })
    }

    /// How many passwords wait to be hashed.
    #[must_use]
    pub fn passwords_waiting(&self) -> usize {
        self.passwords.waiting()
    }

    /// Some of an account's events, newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn events(
        &self,
        user_id: Uuid,
        slice: &EventSlice,
    ) -> Result<EventPage, AccountError> {
        Ok(events::page(self.db.reads(), user_id, slice).await?)
    }

    /// Those of some events that are the user's.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn events_by_id(
        &self,
        user_id: Uuid,
        ids: &[Uuid],
    ) -> Result<Vec<account_event::Model>, AccountError> {
        Ok(events::by_id(self.db.reads(), user_id, ids).await?)
    }
}

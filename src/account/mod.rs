//! Accounts: registration, sign-in, sessions, passwords, tokens, recovery and mail.
//!
//! May use: `entity`, `db`, `clock`, `config`, `invalid`, `request`.

mod address;
mod change_password;
mod delete;
mod device;
mod extend;
mod known;
mod limits;
mod links;
pub mod locale;
mod login;
mod mail;
pub mod name;
pub mod operator;
pub mod password;
mod profile;
mod recover;
mod register;
mod session;
pub mod token;
pub mod user_agent;
mod uses;
mod watch;

use std::sync::Arc;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};
use uuid::Uuid;

use crate::{
    clock::Clock,
    config::{SessionTimes, Settings},
    db::{Database, Reads},
    entity::{session as session_row, user},
    invalid::Problems,
};
pub use delete::delete_by_email;
pub use extend::Signed;
pub(crate) use limits::network;
pub use limits::{Limits, RateLimited};
pub use login::SignedIn;
pub use mail::StartError as MailError;
pub use profile::ProfileChanges;
pub use session::{Requester, SESSIONS, count_live};

/// Everything that can be done with accounts.
#[derive(Clone)]
pub struct Accounts {
    db: Database,
    clock: Clock,
    passwords: password::Hasher,
    limits: Arc<Limits>,
    tokens: token::Tokens,
    times: SessionTimes,
    uses: uses::Uses,
    known: known::Known,
    watched: watch::Watched,
    /// None: no mail is sent.
    mail: Option<mail::Mailer>,
    requires_verified_email: bool,
}

/// Why accounts cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the threads that hash passwords cannot be started: {0}")]
    Threads(#[from] std::io::Error),
    #[error(transparent)]
    Mail(#[from] MailError),
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("some fields are not right")]
    Invalid(Problems),
    #[error("email or username is taken")]
    Taken(Problems),
    #[error("wrong email or password")]
    WrongCredentials,
    #[error("not signed in")]
    NotSignedIn(#[from] token::Error),
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
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Password(#[from] password::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Accounts {
    /// # Errors
    ///
    /// If the threads that hash passwords cannot be started, or mail cannot be sent as the settings
    /// say.
    pub fn new(settings: &Settings, db: Database, clock: Clock) -> Result<Self, StartError> {
        let mail = settings.mail.as_ref().map(mail::Mailer::new).transpose()?;
        Ok(Self {
            known: known::Known::default(),
            db,
            limits: Arc::new(Limits::new(&settings.clients, &clock)),
            clock,
            passwords: password::Hasher::start(settings.bcrypt_cost)?,
            tokens: token::Tokens::new(&settings.secrets),
            times: settings.sessions,
            uses: uses::Uses::default(),
            watched: watch::Watched::default(),
            mail,
            requires_verified_email: settings.requires_verified_email,
        })
    }

    /// How often may be tried what is not this module's to do.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many passwords wait to be hashed.
    #[must_use]
    pub fn passwords_waiting(&self) -> usize {
        self.passwords.waiting()
    }

    fn reads(&self) -> &Reads {
        self.db.reads()
    }
}

/// The account with an email address.
///
/// Migration 6 left some accounts with their earlier key, because another account has their present
/// one. Such an account is found by its earlier key, and before the other account.
///
/// # Errors
///
/// If the database fails.
pub async fn find_by_email(
    db: &impl ConnectionTrait,
    email: &str,
) -> Result<Option<user::Model>, DbErr> {
    let keys = name::EmailKeys::of(email);
    let mut found = user::Entity::find()
        .filter(user::Column::EmailKey.is_in(keys.distinct()))
        .all(db)
        .await?;
    found.sort_by_key(|user| user.email_key != keys.earlier);
    Ok(found.into_iter().next())
}

/// Locks a user's row until the transaction ends: sign-ins, changes of the password and sign-outs
/// everywhere come one after another.
async fn lock_user(tx: &impl ConnectionTrait, id: Uuid) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find_by_id(id)
        // Not `FOR UPDATE`, for which whatever refers to the row would wait.
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await
}

/// For `mula user`: all accounts, oldest first, a page at a time.
///
/// # Errors
///
/// If the database fails.
pub async fn list(
    db: &Database,
    mut each: impl FnMut(&user::Model, u64),
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), DbErr> {
    let mut pages = user::Entity::find()
        .order_by_asc(user::Column::Id)
        .paginate(db.reads(), 500);
    while let Some(page) = pages.fetch_and_next().await? {
        for user in page {
            let live = session_row::Entity::find_live(user.id, now)
                .count(db.reads())
                .await?;
            each(&user, live);
        }
    }
    Ok(())
}

/// Lets an account in again, or no longer.
///
/// Sessions do not outlive a deactivation: on activation the earlier ones are revoked, so that
/// no old token comes back to life. Until then they are answered "inactive". Returns whether
/// there is such an account.
///
/// # Errors
///
/// If the database fails; then nothing has changed.
pub async fn set_active(
    db: &Database,
    email: &str,
    active: bool,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool, DbErr> {
    use sea_orm::sea_query::Expr;
    let tx = db.begin().await?;
    let Some(user) = find_by_email(&tx, email).await? else {
        return Ok(false);
    };
    user::Entity::update_many()
        .col_expr(user::Column::IsActive, Expr::value(active))
        .col_expr(user::Column::UpdatedAt, Expr::value(now))
        .filter(user::Column::Id.eq(user.id))
        .exec(&tx)
        .await?;
    if active && !user.is_active {
        session_row::Entity::update_many()
            .col_expr(session_row::Column::IsRevoked, Expr::value(true))
            .filter(session_row::Column::UserId.eq(user.id))
            .exec(&tx)
            .await?;
    }
    tx.commit().await?;
    Ok(true)
}

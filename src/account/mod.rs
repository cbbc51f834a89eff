//! Who may sign in: accounts, their sessions, passwords and tokens.
//!
//! May use: `entity`, `db`, `clock`, `config`, `invalid`.

mod change_password;
mod delete;
mod known;
mod limits;
mod login;
pub mod name;
pub mod password;
mod register;
mod session;
pub mod token;
mod watch;

use std::{sync::Arc, time::Duration};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::{
    clock::Clock,
    config::Settings,
    db::{Database, Reads},
    entity::{session as session_row, user},
    invalid::Problems,
};
pub use delete::delete_by_email;
pub(crate) use limits::network;
pub use limits::{Limits, RateLimited};
pub use login::SignedIn;
pub use session::{Requester, count_live, prune};

/// Everything that can be done with accounts.
#[derive(Clone)]
pub struct Accounts {
    db: Database,
    clock: Clock,
    passwords: password::Hasher,
    limits: Arc<Limits>,
    tokens: token::Tokens,
    lifetime: Duration,
    known: known::Known,
    watched: watch::Watched,
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
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Overloaded(#[from] password::Busy),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Accounts {
    /// # Errors
    ///
    /// If the threads that hash passwords cannot be started.
    pub fn new(settings: &Settings, db: Database, clock: Clock) -> std::io::Result<Self> {
        Ok(Self {
            known: known::Known::default(),
            db,
            limits: Arc::new(Limits::new(&settings.clients, &clock)),
            clock,
            passwords: password::Hasher::start(settings.bcrypt_cost)?,
            tokens: token::Tokens::new(&settings.secrets),
            lifetime: settings.token_lifetime,
            watched: watch::Watched::default(),
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
    let Some(user) = user::Entity::find_by_email_key(&name::email_key(email))
        .one(&tx)
        .await?
    else {
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

//! Accounts by the person who runs the service: made, changed, looked at and deleted.

mod overview;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sea_orm::{DbErr, Set};
use uuid::Uuid;

use super::{
    deletion::overwrite_deleted,
    events::record,
    links, mail, name,
    password::{Hasher, PasswordError},
    sessions::{Which, revoke},
    users,
};
use crate::{
    clock::Clock,
    db::Database,
    entity::{account_event::EventKind, account_token::TokenKind, user},
    generation,
    validation::Violation,
};
pub use overview::{Shown, find, list, sessions, show};

/// Random bytes of a generated password.
const RANDOM: usize = 15;

#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("invalid email: {}", .0.message)]
    Email(Violation),
    #[error("invalid username: {}", .0.message)]
    Username(Violation),
    #[error("invalid password: {}", .0.message)]
    InvalidPassword(Violation),
    #[error("another account has this email or username")]
    Taken,
    #[error("no such account")]
    NoSuchUser,
    #[error("the account is a guest's, which has no address and no password")]
    Guest,
    #[error("no randomness from the system: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

fn no_guest(user: &user::Model) -> Result<(), OperatorError> {
    if user.is_guest {
        return Err(OperatorError::Guest);
    }
    Ok(())
}

/// A password of 120 random bits.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_password() -> Result<String, getrandom::Error> {
    let mut bytes = [0; RANDOM];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Makes an account, under the same rules as a registration.
///
/// # Errors
///
/// The rule that a name or the password fails, or that a name is taken.
pub async fn create(
    db: &Database,
    passwords: &Hasher,
    (email, username): (&str, &str),
    password: &str,
    clock: &Clock,
) -> Result<user::Model, OperatorError> {
    let email = name::email(email).map_err(OperatorError::Email)?;
    let username = name::username(username).map_err(OperatorError::Username)?;
    let names = [&*email.text, &*username.text];
    passwords
        .check(password, names)
        .await?
        .map_err(OperatorError::InvalidPassword)?;
    let hashed_password = passwords.hash(password).await?;
    let user = users::new(clock, email, username, hashed_password);
    let tx = db.begin().await?;
    users::insert(&tx, &user).await.map_err(not_stored)?;
    record(&tx, clock, user.id, EventKind::Registered, None, None).await?;
    tx.commit().await?;
    Ok(user)
}

/// Gives an account another password, and ends all of its sessions. Returns how many were live.
///
/// # Errors
///
/// That there is no such account, or the rule that the password fails.
pub async fn reset_password(
    db: &Database,
    passwords: &Hasher,
    email: &str,
    password: &str,
    clock: &Clock,
) -> Result<usize, OperatorError> {
    let now = clock.now();
    let found = users::find_by_email(db.reads(), email).await?;
    let user = found.ok_or(OperatorError::NoSuchUser)?;
    no_guest(&user)?;
    passwords
        .check(password, [&user.email, &user.username])
        .await?
        .map_err(OperatorError::InvalidPassword)?;
    let hashed_password = passwords.hash(password).await?;
    let tx = db.begin().await?;
    // Before its sessions', as everywhere: no sign-in with the earlier password comes after this.
    user::lock(&tx, user.id)
        .await?
        .ok_or(OperatorError::NoSuchUser)?;
    users::update(&tx, user.id, users::new_password(hashed_password, now)).await?;
    let ended = revoke(&tx, user.id, Which::All, now).await?;
    links::end_all(&tx, user.id).await?;
    record(&tx, clock, user.id, EventKind::PasswordReset, None, None).await?;
    tx.commit().await?;
    Ok(ended.len())
}

/// A link by which the owner of an account chooses a new password, once and within an hour; for
/// services without mail. No address is confirmed by it.
///
/// # Errors
///
/// That there is no such account.
pub async fn reset_link(
    db: &Database,
    app_url: &str,
    email: &str,
    now: DateTime<Utc>,
) -> Result<String, OperatorError> {
    let found = users::find_by_email(db.reads(), email).await?;
    let user = found.ok_or(OperatorError::NoSuchUser)?;
    no_guest(&user)?;
    let kind = TokenKind::ResetPassword;
    let token = links::make(db.writes(), user.id, kind, "", now).await?;
    Ok(mail::link(app_url, "reset", &token))
}

/// Changes an account's address, which nobody has confirmed then, and ends its links. Returns the account.
///
/// # Errors
///
/// That there is no such account, the rule that the address fails, or that another account has it.
pub async fn set_email(
    db: &Database,
    user_id: Uuid,
    email: &str,
    clock: &Clock,
) -> Result<user::Model, OperatorError> {
    let email = name::email(email).map_err(OperatorError::Email)?;
    let tx = db.begin().await?;
    let user = user::lock(&tx, user_id).await?;
    no_guest(&user.ok_or(OperatorError::NoSuchUser)?)?;
    let change = user::ActiveModel {
        email: Set(email.text),
        email_key: Set(email.key),
        email_verified_at: Set(None),
        pending_email: Set(None),
        updated_at: Set(clock.now()),
        ..Default::default()
    };
    let changed = users::update(&tx, user_id, change).await;
    let user = changed
        .map_err(not_stored)?
        .ok_or(OperatorError::NoSuchUser)?;
    links::end_all(&tx, user_id).await?;
    record(&tx, clock, user_id, EventKind::EmailChanged, None, None).await?;
    tx.commit().await?;
    Ok(user)
}

fn not_stored(error: DbErr) -> OperatorError {
    if users::is_duplicate(&error) {
        OperatorError::Taken
    } else {
        error.into()
    }
}

/// A limit of an account's own, as its column has it. None: the setting's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own<T>(pub Option<T>);

/// Changes an account's own limits, those that are given. Returns the account. Questions that are being asked
/// keep to the earlier ones; every later question, on every instance, to these.
///
/// # Errors
///
/// That there is no such account.
pub async fn set_quota(
    db: &Database,
    user_id: Uuid,
    readings_per_day: Option<Own<i32>>,
    cost_per_month: Option<Own<i64>>,
    now: DateTime<Utc>,
) -> Result<user::Model, OperatorError> {
    let mut change = user::ActiveModel {
        updated_at: Set(now),
        ..Default::default()
    };
    if let Some(Own(own)) = readings_per_day {
        change.readings_per_day = Set(own);
    }
    if let Some(Own(own)) = cost_per_month {
        change.cost_per_month = Set(own);
    }
    let user = users::update(db.writes(), user_id, change).await?;
    user.ok_or(OperatorError::NoSuchUser)
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
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let tx = db.begin().await?;
    let Some(user) = users::find_by_email(&tx, email).await? else {
        return Ok(false);
    };
    let change = user::ActiveModel {
        is_active: Set(active),
        updated_at: Set(now),
        ..Default::default()
    };
    users::update(&tx, user.id, change).await?;
    if active && !user.is_active {
        revoke(&tx, user.id, Which::All, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Deletes an account. Returns whether there was such an account.
///
/// # Errors
///
/// If the database fails; then nothing is deleted.
pub async fn delete(db: &Database, email: &str) -> Result<bool, DbErr> {
    let Some(user) = users::find_by_email(db.reads(), email).await? else {
        return Ok(false);
    };
    generation::stop_writers_of(db, user.id).await?;
    let tx = db.begin().await?;
    users::delete(&tx, user.id).await?;
    tx.commit().await?;
    overwrite_deleted(db).await;
    Ok(true)
}

/// Ends an account's live sessions, or one of them. Returns how many.
///
/// # Errors
///
/// If the database fails; then none has ended.
pub async fn revoke_sessions(
    db: &Database,
    user_id: Uuid,
    only: Option<Uuid>,
    clock: &Clock,
) -> Result<usize, DbErr> {
    let tx = db.begin().await?;
    user::lock(&tx, user_id).await?;
    let which = only.map_or(Which::All, Which::Only);
    let ended = revoke(&tx, user_id, which, clock.now()).await?;
    if !ended.is_empty() {
        let kind = EventKind::SessionRevoked;
        record(&tx, clock, user_id, kind, only, None).await?;
    }
    tx.commit().await?;
    Ok(ended.len())
}

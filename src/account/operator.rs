//! Accounts by the person who runs the service: made, given a new password, and looked at.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, SqlErr, sea_query::Expr,
};
use uuid::Uuid;

use super::{find_by_email, links, lock_user, mail, name, password};
use crate::{
    db::Database,
    entity::{account_token, reading, session as session_row, usage_day, usage_month, user},
    invalid::Rule,
};

/// Random bytes of a generated password.
const RANDOM: usize = 15;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("invalid email: {}", .0.message)]
    Email(Rule),
    #[error("invalid username: {}", .0.message)]
    Username(Rule),
    #[error("invalid password: {}", .0.message)]
    InvalidPassword(Rule),
    #[error("another account has this email or username")]
    Taken,
    #[error("no such account")]
    NoSuchUser,
    #[error("no randomness from the system: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Password(#[from] password::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
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
    passwords: &password::Hasher,
    (email, username): (&str, &str),
    password: &str,
    now: DateTime<Utc>,
) -> Result<user::Model, Error> {
    let email = name::email(email).map_err(Error::Email)?;
    let username = name::username(username).map_err(Error::Username)?;
    let names = [&*email.text, &*username.text];
    passwords
        .check(password, names)
        .await?
        .map_err(Error::InvalidPassword)?;
    let user = user::Model {
        id: Uuid::now_v7(),
        hashed_password: passwords.hash(password).await?,
        email: email.text,
        email_key: email.key,
        username: username.text,
        username_key: username.key,
        is_active: true,
        created_at: now,
        updated_at: now,
        locale: super::locale::DEFAULT.to_owned(),
        memory: true,
        email_verified_at: None,
        pending_email: None,
    };
    let inserted = user::Entity::insert(user::ActiveModel::from(user.clone()).reset_all())
        .exec_without_returning(db.writes())
        .await;
    match inserted {
        Ok(_) => Ok(user),
        Err(error) => match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Err(Error::Taken),
            _ => Err(error.into()),
        },
    }
}

/// Gives an account another password, and ends all of its sessions. Returns how many were live.
///
/// # Errors
///
/// That there is no such account, or the rule that the password fails.
pub async fn reset_password(
    db: &Database,
    passwords: &password::Hasher,
    email: &str,
    password: &str,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let found = find_by_email(db.reads(), email).await?;
    let user = found.ok_or(Error::NoSuchUser)?;
    passwords
        .check(password, [&user.email, &user.username])
        .await?
        .map_err(Error::InvalidPassword)?;
    let hashed_password = passwords.hash(password).await?;
    let tx = db.begin().await?;
    // Before its sessions', as everywhere: no sign-in with the earlier password comes after this.
    lock_user(&tx, user.id).await?.ok_or(Error::NoSuchUser)?;
    user::Entity::update_many()
        .col_expr(user::Column::HashedPassword, Expr::value(hashed_password))
        .col_expr(user::Column::UpdatedAt, Expr::value(now))
        .col_expr(user::Column::PendingEmail, Expr::value(None::<String>))
        .filter(user::Column::Id.eq(user.id))
        .exec(&tx)
        .await?;
    let ended = session_row::Entity::update_many()
        .col_expr(session_row::Column::IsRevoked, Expr::value(true))
        .filter(session_row::Column::UserId.eq(user.id))
        .filter(session_row::Column::IsRevoked.eq(false))
        .filter(session_row::Column::ExpiresAt.gt(now))
        .exec(&tx)
        .await?;
    links::end_all(&tx, user.id).await?;
    tx.commit().await?;
    Ok(ended.rows_affected)
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
) -> Result<String, Error> {
    let found = find_by_email(db.reads(), email).await?;
    let user = found.ok_or(Error::NoSuchUser)?;
    let kind = account_token::Kind::ResetPassword;
    let token = links::make(db, user.id, kind, "", now).await?;
    Ok(mail::link(app_url, "reset", &token))
}

/// An account, and its use of the service.
pub struct Shown {
    pub user: user::Model,
    /// Live ones, newest first.
    pub sessions: Vec<session_row::Model>,
    pub last_sign_in: Option<DateTime<Utc>>,
    pub readings: u64,
    pub last_reading: Option<DateTime<Utc>>,
    /// Asked for today (UTC).
    pub readings_today: i32,
    /// Of this month (UTC), in nano-dollars.
    pub cost: i64,
    pub tokens: i64,
}

/// Finds an account by its email, its id, or the id of a session or reading of its own.
///
/// # Errors
///
/// If the database fails.
pub async fn find(
    db: &Database,
    email: &str,
    id: Option<Uuid>,
) -> Result<Option<user::Model>, DbErr> {
    let Some(id) = id else {
        return find_by_email(db.reads(), email).await;
    };
    let session = session_row::Entity::find_by_id(id).one(db.reads()).await?;
    let mut owner = session.map(|session| session.user_id);
    if owner.is_none() {
        let reading = reading::Entity::find_by_id(id)
            .select_only()
            .column(reading::Column::UserId);
        owner = reading.into_tuple().one(db.reads()).await?;
    }
    user::Entity::find_by_id(owner.unwrap_or(id))
        .one(db.reads())
        .await
}

/// # Errors
///
/// If the database fails.
pub async fn show(db: &Database, user: user::Model, now: DateTime<Utc>) -> Result<Shown, DbErr> {
    let reads = db.reads();
    let readings = reading::Entity::find().filter(reading::Column::UserId.eq(user.id));
    let newest = session_row::Entity::find()
        .filter(session_row::Column::UserId.eq(user.id))
        .order_by_desc(session_row::Column::CreatedAt);
    let today = now.date_naive();
    let month = today.with_day(1).unwrap_or(today);
    let day = usage_day::Entity::find_by_id((user.id, today));
    let month = usage_month::Entity::find_by_id((user.id, month));
    let month = month.one(reads).await?;
    Ok(Shown {
        sessions: session_row::Entity::find_live(user.id, now)
            .all(reads)
            .await?,
        last_sign_in: newest.one(reads).await?.map(|session| session.created_at),
        readings: readings.clone().count(reads).await?,
        last_reading: readings
            .order_by_desc(reading::Column::Id)
            .select_only()
            .column(reading::Column::CreatedAt)
            .into_tuple()
            .one(reads)
            .await?,
        readings_today: day.one(reads).await?.map_or(0, |day| day.readings),
        cost: month.as_ref().map_or(0, |month| month.cost),
        tokens: month.as_ref().map_or(0, |month| month.tokens),
        user,
    })
}

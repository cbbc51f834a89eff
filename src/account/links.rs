//! Tokens of links: 256 random bits, stored as their SHA-256, for one use within an hour.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::AccountError;
use crate::{
    digest,
    entity::{
        account_token::{self, TokenKind},
        user,
    },
    validation::{FieldErrorCode::InvalidToken, ValidationErrors, Violation},
};

/// Random bytes of a token.
const RANDOM: usize = 32;

/// How long a link works.
pub(super) const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// A new token of a user's, sent to an address; none if it is empty.
pub(super) async fn make(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    kind: TokenKind,
    email: &str,
    now: DateTime<Utc>,
) -> Result<String, DbErr> {
    let mut bytes = [0; RANDOM];
    getrandom::fill(&mut bytes).map_err(|error| DbErr::Custom(error.to_string()))?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let row = account_token::Model {
        hash: digest::sha256(&token),
        user_id,
        kind,
        email: email.to_owned(),
        expires_at: now + LIFETIME,
    };
    account_token::Entity::insert(row.into_active_model())
        .exec_without_returning(db)
        .await?;
    Ok(token)
}

/// The row and the user of a token that has not been used and has not expired.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    token: &str,
    kind: TokenKind,
    now: DateTime<Utc>,
) -> Result<Option<(account_token::Model, user::Model)>, DbErr> {
    let found = account_token::Entity::find_by_id(digest::sha256(token))
        .filter(account_token::Column::Kind.eq(kind))
        .filter(account_token::Column::ExpiresAt.gt(now))
        .find_also_related(user::Entity)
        .one(db)
        .await?;
    Ok(found.and_then(|(row, user)| Some((row, user?))))
}

/// Uses a token up. Of several at once, one succeeds.
pub(super) async fn take(
    tx: &impl ConnectionTrait,
    row: &account_token::Model,
) -> Result<bool, DbErr> {
    let deleted = account_token::Entity::delete_by_id(&row.hash)
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// Ends all of a user's links.
pub(super) async fn end_all(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<(), DbErr> {
    account_token::Entity::delete_many()
        .filter(account_token::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The error of a token that is unknown, used or expired.
pub(super) fn invalid_token() -> AccountError {
    let message = "This link has been used, has expired or is incomplete. Ask for another one.";
    let violation = Violation::new(InvalidToken, message);
    AccountError::Invalid(ValidationErrors::one("input.token", violation))
}

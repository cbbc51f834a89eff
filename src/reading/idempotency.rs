//! Idempotency keys: the same key from the same user asks once, also when it is sent again, or the
//! first time's answer was lost.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait};
use uuid::Uuid;

use super::{Error, prepare::Submission};
use crate::{
    entity::{idempotency_key, reading},
    validation::{FieldErrorCode, Violation},
};

/// Characters of an idempotency key, at most.
const KEY_MAX: usize = 255;

/// The reading a request's idempotency key stands for, if it was used before.
pub(super) async fn asked_before(
    tx: &impl ConnectionTrait,
    submission: &Submission,
) -> Result<Option<reading::Model>, Error> {
    let Some(key) = &submission.idempotency_key else {
        return Ok(None);
    };
    let known = idempotency_key::Entity::find_by_id((submission.user_id, key.clone()))
        .one(tx)
        .await?;
    let Some(known) = known else { return Ok(None) };
    if known.request != submission.request {
        return Err(Error::KeyReused);
    }
    Ok(reading::Entity::find_by_id(known.reading_id)
        .one(tx)
        .await?)
}

pub(super) async fn remember(
    tx: &impl ConnectionTrait,
    submission: Submission,
    reading_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if let Some(key) = submission.idempotency_key {
        let known = idempotency_key::Model {
            user_id: submission.user_id,
            key,
            request: submission.request,
            reading_id,
            created_at: now,
        };
        idempotency_key::Entity::insert(idempotency_key::ActiveModel::from(known).reset_all())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

pub(super) fn check_key(key: Option<&str>) -> Result<(), Violation> {
    match key {
        Some(key)
            if key.is_empty()
                || key.len() > KEY_MAX
                || !key.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            Err(Violation::within(
                FieldErrorCode::InvalidKey,
                1..=KEY_MAX,
                format!(
                    "An idempotency key is made of 1 to {KEY_MAX} printable ASCII characters, without spaces."
                ),
            ))
        }
        _ => Ok(()),
    }
}

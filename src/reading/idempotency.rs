//! Idempotency keys: the same key from the same user asks once, also when it is sent again, or the
//! first time's answer was lost.

use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait};
use uuid::Uuid;

use super::{Error, Readings};
use crate::{
    entity::{idempotency_key, reading},
    invalid::{FieldErrorCode, Rule},
};

/// Characters of an idempotency key, at most.
const KEY_MAX: usize = 255;

impl Readings {
    /// The reading an idempotency key stands for, if it was used before.
    pub(super) async fn asked_before(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        key: Option<&str>,
        request: &str,
    ) -> Result<Option<reading::Model>, Error> {
        let Some(key) = key else { return Ok(None) };
        let known = idempotency_key::Entity::find_by_id((user_id, key.to_owned()))
            .one(tx)
            .await?;
        let Some(known) = known else { return Ok(None) };
        if known.request != request {
            return Err(Error::KeyReused);
        }
        Ok(reading::Entity::find_by_id(known.reading_id)
            .one(tx)
            .await?)
    }

    pub(super) async fn remember(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        key: Option<String>,
        request: String,
        reading_id: Uuid,
    ) -> Result<(), Error> {
        if let Some(key) = key {
            let known = idempotency_key::Model {
                user_id,
                key,
                request,
                reading_id,
                created_at: self.0.clock.now(),
            };
            idempotency_key::Entity::insert(idempotency_key::ActiveModel::from(known).reset_all())
                .exec_without_returning(tx)
                .await?;
        }
        Ok(())
    }
}

pub(super) fn check_key(key: Option<&str>) -> Result<(), Rule> {
    match key {
        Some(key)
            if key.is_empty()
                || key.len() > KEY_MAX
                || !key.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            Err(Rule::within(
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

//! Crisis replies are outside every quota, and yet bounded: past a rate the same reply is returned
//! again, without a new row. A person in need of help is never refused.

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, DatabaseTransaction, QueryFilter, QueryOrder, QuerySelect};
use uuid::{Builder, Uuid};

use super::{Error, Readings};
use crate::{
    advisor::Answer,
    entity::reading::{self, Engine},
};

/// Readings that a user's questions create in [`PERIOD`] for one crisis reply, at most.
const MOST: u64 = 20;

const PERIOD: TimeDelta = TimeDelta::hours(1);

impl Readings {
    /// The user's newest reading with this reply, if the rate is reached.
    pub(super) async fn replied_often(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        reply: &Answer,
    ) -> Result<Option<reading::Model>, Error> {
        let since = (self.0.clock.now() - PERIOD).timestamp_millis();
        let since = u64::try_from(since).unwrap_or_default();
        // Ids are time-ordered: none that is younger than the period sorts before this one.
        let since = Builder::from_unix_timestamp_millis(since, &[0; 10]).into_uuid();
        let mut recent = reading::Entity::find_owned(user_id)
            .filter(reading::Column::Id.gte(since))
            .filter(reading::Column::Engine.eq(Engine::Care))
            .filter(reading::Column::Response.eq(&reply.text))
            .order_by_desc(reading::Column::Id)
            .limit(MOST)
            .all(tx)
            .await?;
        let is_often = recent.len() as u64 == MOST;
        Ok(is_often.then(|| recent.swap_remove(0)))
    }
}

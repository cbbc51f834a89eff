//! When sessions were last used, to the minute. Uses are kept in memory and written once a minute,
//! many sessions in one statement, so that no request writes for it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Accounts;
use crate::entity::session;

/// How often uses are written.
const PERIOD: Duration = Duration::from_mins(1);

/// Sessions in one statement.
const BATCH: usize = 500;

/// Sessions that are kept, at most: some 5 MB. The uses of others are not noted until the next writing.
const MAX: usize = 100_000;

/// Sessions that were used since the last writing, with the minute.
#[derive(Clone, Default)]
pub(super) struct Uses(Arc<Mutex<HashMap<Uuid, DateTime<Utc>>>>);

fn minute(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::minutes(1)).unwrap_or(time)
}

impl Uses {
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, session_id: Uuid, now: DateTime<Utc>) {
        let mut uses = self.lock();
        if uses.len() < MAX || uses.contains_key(&session_id) {
            uses.insert(session_id, minute(now));
        }
    }

    fn of(&self, session_id: Uuid) -> Option<DateTime<Utc>> {
        self.lock().get(&session_id).copied()
    }
}

impl Accounts {
    /// When a session was last used: as it is stored, or on this instance since.
    #[must_use]
    pub fn last_used(&self, session: &session::Model) -> DateTime<Utc> {
        let stored = session
            .last_used_at
            .unwrap_or_else(|| minute(session.created_at));
        self.uses
            .of(session.id)
            .map_or(stored, |used| used.max(stored))
    }

    /// Writes uses every minute, and once more when told to stop.
    pub async fn write_uses_until(self, stopping: CancellationToken) {
        loop {
            let waited = stopping
                .run_until_cancelled(tokio::time::sleep(PERIOD))
                .await;
            if let Err(error) = self.write_uses().await {
                tracing::warn!(%error, "last uses of sessions not written");
            }
            if waited.is_none() {
                return;
            }
        }
    }

    async fn write_uses(&self) -> Result<(), DbErr> {
        let written = self.uses.lock().clone();
        let mut by_minute: BTreeMap<_, Vec<Uuid>> = BTreeMap::new();
        for (id, used) in &written {
            by_minute.entry(*used).or_default().push(*id);
        }
        for (used, ids) in &by_minute {
            for batch in ids.chunks(BATCH) {
                let earlier = Condition::any()
                    .add(session::Column::LastUsedAt.is_null())
                    .add(session::Column::LastUsedAt.lt(*used));
                let statement = session::Entity::update_many()
                    .col_expr(session::Column::LastUsedAt, Expr::value(*used))
                    .filter(session::Column::Id.is_in(batch.iter().copied()))
                    .filter(earlier)
                    .exec(self.db.writes());
                self.db.unless_away(statement).await?;
            }
        }
        // Those that were used again meanwhile stay.
        self.uses
            .lock()
            .retain(|id, used| written.get(id) != Some(used));
        Ok(())
    }
}

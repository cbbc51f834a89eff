//! When sessions were last used, to the minute. Uses are kept in memory and written once a minute,
//! many sessions in one statement, so that no request writes for it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use parking_lot::Mutex;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Sessions, store};
use crate::entity::session;

/// How often uses are written.
const PERIOD: Duration = Duration::from_mins(1);

/// Sessions in one statement.
const BATCH: usize = 500;

/// Sessions that are kept, at most: some 5 MB. The uses of others are not recorded until the next writing.
const MAX: usize = 100_000;

/// Sessions that were used since the last writing, with the minute.
#[derive(Clone, Default)]
pub(super) struct Uses(Arc<Mutex<HashMap<Uuid, DateTime<Utc>>>>);

fn minute(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::minutes(1)).unwrap_or(time)
}

impl Uses {
    pub(super) fn record(&self, session_id: Uuid, now: DateTime<Utc>) {
        let mut uses = self.0.lock();
        if uses.len() < MAX || uses.contains_key(&session_id) {
            uses.insert(session_id, minute(now));
        }
    }

    fn of(&self, session_id: Uuid) -> Option<DateTime<Utc>> {
        self.0.lock().get(&session_id).copied()
    }
}

impl Sessions {
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

    /// Writes uses every minute, and once more when `stopping` is cancelled.
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
        let recorded = self.uses.0.lock().clone();
        let mut by_minute: BTreeMap<_, Vec<Uuid>> = BTreeMap::new();
        for (id, used) in &recorded {
            by_minute.entry(*used).or_default().push(*id);
        }
        for (used, ids) in &by_minute {
            for batch in ids.chunks(BATCH) {
                store::set_last_used(self.db.writes(), batch, *used).await?;
            }
        }
        // Those that were used again meanwhile stay.
        self.uses
            .0
            .lock()
            .retain(|id, used| recorded.get(id) != Some(used));
        Ok(())
    }
}

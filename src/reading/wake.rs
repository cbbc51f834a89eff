//! Wakes those who wait for something: a tick a reading, which says "look again" and no more.
//! What there is to see is in the database.
//!
//! Ticks come from this instance's own writers; on PostgreSQL by NOTIFY from every other's; and
//! on both, once a second, from a look at whatever is waited for here: nothing is lost for good
//! with a notification, and a second process on a SQLite file is noticed.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    RelationTrait,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::Readings;
use crate::entity::{
    generation,
    reading::{self, Status},
};

/// How late news may be that no notification brought.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// Readings looked at in one query.
const BATCH: usize = 500;

/// Followers of readings on this instance, and the state each reading was last seen in.
#[derive(Default)]
pub(super) struct Wake {
    waiting: Mutex<HashMap<Uuid, watch::Sender<Seen>>>,
}

/// Enough of a reading to tell that there is something new.
type Seen = Option<(Uuid, Status, i32)>;

#[derive(FromQueryResult)]
struct Look {
    id: Uuid,
    generation_id: Uuid,
    status: Status,
    last_sequence: i32,
}

impl Wake {
    /// Everything that happens from now on will be noticed: subscribe first, then look.
    pub(super) fn subscribe(&self, reading_id: Uuid) -> watch::Receiver<Seen> {
        self.lock().entry(reading_id).or_default().subscribe()
    }

    pub(super) fn tick(&self, reading_id: Uuid) {
        let mut waiting = self.lock();
        if let Some(sender) = waiting.get(&reading_id) {
            sender.send_modify(|_| {});
            if sender.receiver_count() == 0 {
                waiting.remove(&reading_id);
            }
        }
    }

    /// For when news may have been missed.
    pub(super) fn tick_all(&self) {
        self.lock()
            .values()
            .for_each(|sender| sender.send_modify(|_| {}));
    }

    /// Ticks if this is not what was seen before.
    fn saw(&self, reading_id: Uuid, now: Seen) {
        if let Some(sender) = self.lock().get(&reading_id) {
            sender.send_if_modified(|before| std::mem::replace(before, now) != now);
        }
    }

    /// The readings that are followed, without those that no longer are.
    fn awaited(&self) -> Vec<Uuid> {
        let mut waiting = self.lock();
        waiting.retain(|_, sender| sender.receiver_count() > 0);
        waiting.keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<Seen>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readings {
    /// Looks at whatever is waited for or written here, once a second.
    pub(super) async fn look_until_stopped(self) {
        while !self.0.stopping.is_cancelled() {
            self.0
                .stopping
                .run_until_cancelled(tokio::time::sleep(LOOK))
                .await;
            if let Err(error) = self.0.db.unless_away(self.look()).await {
                tracing::debug!(%error, "could not look at what is awaited; trying again");
            }
            self.0.events.tidy();
            self.0.wanted.queued.notify_one();
            self.0.wanted.cancelled.notify_one();
        }
    }

    async fn look(&self) -> Result<(), DbErr> {
        for batch in self.0.wake.awaited().chunks(BATCH) {
            let seen = reading::Entity::find()
                .select_only()
                .columns([reading::Column::Id, reading::Column::GenerationId])
                .columns([generation::Column::Status, generation::Column::LastSequence])
                .join(JoinType::InnerJoin, reading::Relation::Current.def())
                .filter(reading::Column::Id.is_in(batch.iter().copied()))
                .into_model::<Look>()
                .all(self.0.db.reads())
                .await?;
            for id in batch {
                let found = seen.iter().find(|look| look.id == *id);
                let found = found.map(|look| (look.generation_id, look.status, look.last_sequence));
                self.0.wake.saw(*id, found);
            }
        }
        Ok(())
    }
}

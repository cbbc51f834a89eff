//! Wakes the followers of a reading, which then look at the database.
//!
//! Wakes come from this instance's own writers, on PostgreSQL from every other's by NOTIFY, and on both once
//! a second from a look at all readings that are followed here: so a lost notification costs a second, and a
//! second process on a SQLite file is noticed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::DbErr;
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    Generations,
    store::{self, State},
};

/// Time between two looks at the followed readings.
const LOOK: Duration = Duration::from_secs(1);

/// Readings in one query.
const BATCH: usize = 500;

/// Followers of readings on this instance, and the state each reading was last seen in.
#[derive(Default)]
pub(super) struct Notifier {
    waiting: Mutex<HashMap<Uuid, watch::Sender<Seen>>>,
}

/// The state of a reading; none if it is not there.
type Seen = Option<State>;

impl Notifier {
    /// Receives every wake from now on: subscribe first, then look.
    pub(super) fn subscribe(&self, reading_id: Uuid) -> watch::Receiver<Seen> {
        self.lock().entry(reading_id).or_default().subscribe()
    }

    pub(super) fn wake(&self, reading_id: Uuid) {
        let mut waiting = self.lock();
        if let Some(sender) = waiting.get(&reading_id) {
            sender.send_modify(|_| {});
            if sender.receiver_count() == 0 {
                waiting.remove(&reading_id);
            }
        }
    }

    /// Wakes the followers of all readings, after notifications may have been missed.
    pub(super) fn wake_all(&self) {
        self.lock()
            .values()
            .for_each(|sender| sender.send_modify(|_| {}));
    }

    /// Wakes them if the state differs from the last one seen.
    fn saw(&self, reading_id: Uuid, now: Seen) {
        if let Some(sender) = self.lock().get(&reading_id) {
            sender.send_if_modified(|before| std::mem::replace(before, now) != now);
        }
    }

    /// The followed readings. Others are removed.
    fn followed(&self) -> Vec<Uuid> {
        let mut waiting = self.lock();
        waiting.retain(|_, sender| sender.receiver_count() > 0);
        waiting.keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<Seen>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// Looks at followed readings once a second, until the service stops.
    pub(super) async fn look_until_stopped(self: Arc<Self>) {
        while !self.stopping.is_cancelled() {
            self.stopping
                .run_until_cancelled(tokio::time::sleep(LOOK))
                .await;
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "cannot look at followed readings; trying again");
            }
            self.events.tidy();
            self.any_queued.notify_one();
            self.any_cancelled.notify_one();
        }
    }

    async fn look(&self) -> Result<(), DbErr> {
        for batch in self.notifier.followed().chunks(BATCH) {
            let states = store::states(self.db.reads(), batch).await?;
            for id in batch {
                let state = states.iter().find(|state| state.id == *id);
                self.notifier.saw(*id, state.copied());
            }
        }
        Ok(())
    }
}

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

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QuerySelect, RelationTrait, Statement, sqlx::postgres::PgListener,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::Readings;
use crate::entity::{
    generation,
    reading::{self, Status},
};

/// How late news may be that no notification brought.
const LOOK: Duration = Duration::from_secs(1);

/// Readings looked at in one query.
const BATCH: usize = 500;

/// The channel of all notifications; each carries a reading's id, and when it was told.
const CHANNEL: &str = "mula_reading";

/// Who waits for which reading on this instance, and how it stood when last looked at.
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

    /// What is waited for, without what no longer is.
    fn awaited(&self) -> Vec<Uuid> {
        let mut waiting = self.lock();
        waiting.retain(|_, sender| sender.receiver_count() > 0);
        waiting.keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<Seen>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn told(reading_id: Uuid, at: DateTime<Utc>) -> String {
    format!("{reading_id} {}", at.timestamp_micros())
}

fn heard(told: &str) -> Option<(Uuid, DateTime<Utc>)> {
    let (reading_id, at) = told.split_once(' ')?;
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    Some((reading_id.parse().ok()?, at))
}

impl Readings {
    /// Tells all instances that there is something new, once the transaction commits; this one
    /// is told at once, by [`Wake::tick`].
    pub(super) async fn notify(
        &self,
        tx: &impl ConnectionTrait,
        reading_id: Uuid,
    ) -> Result<(), DbErr> {
        if self.0.db.is_postgres() {
            tx.execute_raw(Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT pg_notify($1, $2)",
                [CHANNEL.into(), told(reading_id, self.0.clock.now()).into()],
            ))
            .await?;
        }
        Ok(())
    }

    /// Hears what other instances tell.
    pub(super) async fn listen_until_stopped(self) {
        while !self.0.stopping.is_cancelled() {
            let listening = async {
                tokio::select! {
                    ended = self.listen() => ended,
                    // Who only listens would not notice.
                    () = self.0.db.falls_silent() => Err(sea_orm::sqlx::Error::PoolTimedOut),
                }
            };
            let heard = self.0.stopping.run_until_cancelled(listening).await;
            if let Some(Err(error)) = heard {
                tracing::warn!(%error, "the connection that listens is lost; opening another");
                self.0
                    .stopping
                    .run_until_cancelled(tokio::time::sleep(LOOK))
                    .await;
            }
        }
    }

    async fn listen(&self) -> Result<(), sea_orm::sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.0.db.for_listening()).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // What was told before we listened.
            self.0.wake.tick_all();
            self.claim_what_is_queued().await;
            while let Some(told) = listener.try_recv().await? {
                if let Some((reading_id, at)) = heard(told.payload()) {
                    let lag = (self.0.clock.now() - at).to_std();
                    // Clocks of two machines differ: nothing is heard before it is told.
                    self.0.metrics.heard_after(lag.unwrap_or_default());
                    self.0.wake.tick(reading_id);
                    self.look_at_own(&[reading_id]).await;
                    self.claim_what_is_queued().await;
                }
            }
        }
    }

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
            self.look_at_own(&self.0.writing.readings()).await;
            self.claim_what_is_queued().await;
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

//! The writing of answers.
//!
//! An answer is written by a *generation*, a row with a lease, not by a task that dies with its process: the
//! holder of the lease writes, and a lease that runs out is taken over. An answer that takes no writing,
//! because it is kept, fixed or built in and wanted at once, is committed with its question.
//!
//! # Lock order
//!
//! Every transaction on PostgreSQL locks rows in this order, leaving out those it does not need, so
//! that no two can wait for each other. (On SQLite there is one writer.)
//!
//! 1. the user ([`crate::entity::user::lock`]): asking, regenerating, deleting a reading or an account. A
//!    writer does not lock it;
//! 2. generations, by id: a writer, a claim, a cancellation, a deletion;
//! 3. the reading, and all that hangs off it;
//! 4. the user's day, the day of a guest's address, the user's month, the service's month;
//! 5. the count of changes for replicas.
//!
//! A generation that has not ended is settled by the transaction that ends it or deletes it. One
//! that deletes first asks the writer to stop and waits for it, with a bound, since only the writer
//! has seen what the provider reported; the rest is settled by estimate.

mod active_writers;
mod budget;
mod buffer;
mod cancellation;
mod claim;
mod end;
mod events;
mod follower;
mod input;
mod listener;
mod notice;
mod notifier;
mod progress;
mod recovery;
mod retry;
mod settlement;
mod store;
mod usage;
mod wait;
mod writer;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, sea_query::Expr};
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub use self::{
    budget::{Budget, Quota, Usage},
    events::Event,
    follower::{Position, Update},
    notice::CHANNEL,
    progress::Progress,
    settlement::{settle_with_user, stop_writers_of},
    store::{count_unfinished, month_cost},
};
pub(crate) use self::{
    events::Change,
    input::{history, memory, thread},
    notice::News,
    store::unfinished_of,
};
use crate::{
    advisor::Advisors, clock::Clock, config::WritingSettings, db::Database, entity::reading,
    metrics::Metrics,
};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the user has no such reading")]
    NotFound,
    #[error("today's readings are used up")]
    QuotaExceeded { resets_at: DateTime<Utc> },
    #[error("this month's budget is used up")]
    BudgetExceeded {
        whose: Budget,
        resets_at: DateTime<Utc>,
    },
    #[error("events of the user's readings may have been missed")]
    EventsMissed,
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Error {
    /// The limit that refused what was asked for, by its name in the log.
    #[must_use]
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::QuotaExceeded { .. } => Some("readings_of_day"),
            Self::BudgetExceeded { whose, .. } => Some(match whose {
                Budget::User => "budget_of_user",
                Budget::Service => "budget_of_service",
            }),
            _ => None,
        }
    }
}

/// The answers being written: here, and by other instances as far as they are followed here.
pub struct Generations {
    settings: WritingSettings,
    db: Database,
    clock: Clock,
    advisors: Arc<Advisors>,
    metrics: Metrics,
    /// This instance's name in leases; a restart is another instance.
    instance: Uuid,
    /// A permit an answer that is being written here.
    writers: Arc<Semaphore>,
    /// A permit a follower that looks at what is new.
    follower_permits: Semaphore,
    active: active_writers::ActiveWriters,
    request_ids: claim::RequestIds,
    notifier: notifier::Notifier,
    events: events::Events,
    /// Work to look for: answers to be claimed; answers written here that were cancelled or deleted; readings
    /// that have ended.
    any_queued: Notify,
    any_cancelled: Notify,
    any_ended: Notify,
    /// Answers that cannot be stored at the moment.
    unstored: retry::Unstored,
    unrecovered: recovery::Unrecovered,
    tasks: TaskTracker,
    /// Cancelled when nothing new may be claimed here.
    stopping: CancellationToken,
    /// Cancelled when answers still being written here must be handed over, and clients that wait for an
    /// answer get it as it stands.
    hand_over: CancellationToken,
}

impl Generations {
    /// Starts writing what is queued, and what a process that died left behind.
    #[must_use]
    pub fn start(
        settings: WritingSettings,
        db: Database,
        clock: Clock,
        advisors: Arc<Advisors>,
        metrics: Metrics,
    ) -> Arc<Self> {
        let generations = Arc::new(Self {
            writers: Arc::new(Semaphore::new(settings.writers)),
            follower_permits: Semaphore::new(follower::PERMITS_PER_TURN * db.reads().turns()),
            active: active_writers::ActiveWriters::default(),
            request_ids: claim::RequestIds::default(),
            instance: clock.new_id(),
            events: events::Events::new(!db.is_postgres()),
            settings,
            db,
            clock,
            advisors,
            metrics,
            notifier: notifier::Notifier::default(),
            any_queued: Notify::new(),
            any_cancelled: Notify::new(),
            any_ended: Notify::new(),
            unstored: retry::Unstored::default(),
            unrecovered: recovery::Unrecovered::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            hand_over: CancellationToken::new(),
        });
        let tasks = &generations.tasks;
        tasks.spawn(generations.clone().recover_until_stopped());
        tasks.spawn(generations.clone().look_until_stopped());
        tasks.spawn(generations.clone().claim_until_stopped());
        tasks.spawn(generations.clone().stop_cancelled_until_stopped());
        generations
    }

    /// Claims nothing more. Returns when the answers written here have ended or, after `patience`, are handed
    /// over to the next instance that claims them.
    pub async fn stop(&self, patience: Duration) {
        self.stopping.cancel();
        self.tasks.close();
        // An answer that needs no handing over is not harmed by it.
        let _ = tokio::time::timeout(patience, self.tasks.wait()).await;
        self.hand_over.cancel();
        self.tasks.wait().await;
    }

    /// Resolves once a reading may have ended since the last time.
    pub(crate) async fn any_ended(&self) {
        self.any_ended.notified().await;
    }

    /// How often a lease is renewed, and the leases of others are looked at.
    fn heartbeat(&self) -> Duration {
        self.settings.lease / 3
    }

    /// When a lease ends that is granted or renewed now.
    fn lease_end(&self) -> Expr {
        self.db.time_in(&self.clock, self.settings.lease)
    }

    /// A user's reading, as the primary has it.
    pub(crate) async fn find_reading(
        &self,
        user_id: Uuid,
        id: Uuid,
    ) -> Result<Option<reading::Model>, DbErr> {
        reading::Entity::find_one(user_id, id)
            .one(self.db.reads())
            .await
    }
}

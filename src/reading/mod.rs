//! Readings: what was asked, and what was answered.
//!
//! A question is committed before anything else happens; its answer is written by a
//! *generation*, a row with a lease, not by a task that dies with its process: whoever holds
//! the lease writes, and a lease that runs out is taken over. An answer that takes no writing,
//! because it is kept, fixed or built in and wanted at once, is committed with its question.
//!
//! # Lock order
//!
//! Every transaction on PostgreSQL locks rows in this order, leaving out those it does not need, so
//! that no two can wait for each other. (On SQLite there is one writer.)
//!
//! 1. the user (`lock::lock_user`): asking, regenerating, deleting a reading or an account. A
//!    writer does not lock it;
//! 2. generations, by id: a writer, a claim, a cancellation, a deletion;
//! 3. the reading, and all that hangs off it;
//! 4. the user's day, the user's month, the service's month;
//! 5. the count of changes for replicas.
//!
//! A generation that has not ended is settled by the transaction that ends it or deletes it. One
//! that deletes first asks the writer to stop and waits for it, with a bound, since only the writer
//! has seen what the provider reported; the rest is settled by estimate.

mod ask;
mod budget;
mod cancel;
mod claim;
mod crisis;
mod delete;
mod draft;
mod end;
mod events;
mod filter;
mod find;
mod follow;
mod history;
mod idempotency;
mod keep;
mod key;
mod lease;
mod lock;
mod news;
mod progress;
mod recover;
mod regenerate;
mod replica;
mod retry;
mod search;
mod settle;
mod spent;
mod store;
mod thread;
mod wait;
mod wake;
mod worth;
mod write;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    advisor::Advisors,
    clock::Clock,
    config::{Limits, Writing},
    db::Database,
    invalid::Problems,
    metrics::Metrics,
};
pub use ask::Ask;
pub use budget::{Budget, Usage, month_cost};
pub use events::Event;
pub use filter::{Filter, listed};
pub use find::{GENERATIONS, Page, Slice, Texts};
pub use follow::{Position, Update};
pub use keep::{Changes, Member, NOTE_MAX, REASON_MAX};
pub use progress::Progress;
pub use recover::count_unfinished;
pub use search::SEARCH_MAX;
pub use settle::{settle_with_user, stop_writers_of};
pub use worth::{Told, Worth, told, worth};

/// Unfinished readings a user may have: one being written and one on its way.
const UNFINISHED_PER_USER: usize = 2;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("some fields are not right")]
    Invalid(Problems),
    #[error("the idempotency key was used for another question")]
    KeyReused,
    #[error("the user has no such reading")]
    NotFound,
    #[error("the reading is still being written")]
    Unfinished,
    #[error("the reading that is replied to is still being written")]
    UnfinishedParent,
    #[error("the user has {UNFINISHED_PER_USER} unfinished readings")]
    TooManyUnfinished,
    #[error("today's readings are used up")]
    QuotaExceeded { resets_at: DateTime<Utc> },
    #[error("this month's budget is used up")]
    BudgetExceeded {
        whose: Budget,
        resets_at: DateTime<Utc>,
    },
    #[error("the user is gone")]
    NoSuchUser,
    #[error("events of the user's readings may have been missed")]
    EventsMissed,
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Error {
    /// The limit that refused what was asked for, by its name in the log.
    #[must_use]
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::TooManyUnfinished => Some("unfinished_readings"),
            Self::QuotaExceeded { .. } => Some("readings_of_day"),
            Self::BudgetExceeded { whose, .. } => Some(match whose {
                Budget::User => "budget_of_user",
                Budget::Service => "budget_of_service",
            }),
            _ => None,
        }
    }
}

/// Everything that can be done with readings. Clones share one state.
#[derive(Clone)]
pub struct Readings(Arc<State>);

struct State {
    settings: Writing,
    limits: Limits,
    db: Database,
    clock: Clock,
    advisors: Arc<Advisors>,
    metrics: Metrics,
    /// This instance's name in leases; a restart is another instance.
    instance: Uuid,
    /// A permit an answer that is being written here.
    writers: Arc<Semaphore>,
    /// A permit a follower that looks at what is new.
    lookers: Semaphore,
    writing: lease::Writing,
    asked: claim::Asked,
    wake: wake::Wake,
    events: events::Events,
    wanted: news::Wanted,
    /// Answers that cannot be stored at the moment.
    unstored: retry::Unstored,
    unrecovered: recover::Unrecovered,
    tasks: TaskTracker,
    /// Cancelled when nothing new may be claimed here.
    stopping: CancellationToken,
    /// Cancelled when what is still being written here must be handed over, and who waits for an
    /// answer gets it as it stands.
    hand_over: CancellationToken,
}

impl Readings {
    /// Starts writing what is queued, and what a process that died left behind.
    #[must_use]
    pub fn start(
        settings: Writing,
        limits: Limits,
        db: Database,
        clock: Clock,
        advisors: Arc<Advisors>,
        metrics: Metrics,
    ) -> Self {
        let readings = Self(Arc::new(State {
            writers: Arc::new(Semaphore::new(settings.writers)),
            lookers: Semaphore::new(follow::LOOKERS * db.reads().turns()),
            writing: lease::Writing::default(),
            asked: claim::Asked::default(),
            instance: clock.new_id(),
            events: events::Events::new(!db.is_postgres()),
            settings,
            limits,
            db,
            clock,
            advisors,
            metrics,
            wake: wake::Wake::default(),
            wanted: news::Wanted::default(),
            unstored: retry::Unstored::default(),
            unrecovered: recover::Unrecovered::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            hand_over: CancellationToken::new(),
        }));
        readings
            .0
            .tasks
            .spawn(readings.clone().recover_until_stopped());
        readings
            .0
            .tasks
            .spawn(readings.clone().look_until_stopped());
        readings
            .0
            .tasks
            .spawn(readings.clone().claim_until_stopped());
        readings
            .0
            .tasks
            .spawn(readings.clone().stop_cancelled_until_stopped());
        readings
            .0
            .tasks
            .spawn(readings.clone().index_until_stopped());
        if readings.0.db.is_postgres() {
            readings
                .0
                .tasks
                .spawn(readings.clone().listen_until_stopped());
        }
        readings
    }

    /// Claims nothing more, and returns once what is being written here has been written or,
    /// after `patience`, handed over to whoever claims it next.
    pub async fn stop(&self, patience: Duration) {
        self.0.stopping.cancel();
        self.0.tasks.close();
        // Late or not, what needs no handing over does not mind being told.
        let _ = tokio::time::timeout(patience, self.0.tasks.wait()).await;
        self.0.hand_over.cancel();
        self.0.tasks.wait().await;
    }

    /// How often a lease is renewed, and the leases of others are looked at.
    fn heartbeat(&self) -> Duration {
        self.0.settings.lease / 3
    }
}

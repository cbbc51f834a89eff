//! Readings: what was asked, and what was answered.
//!
//! A question is committed before anything else happens; its answer is written by a
//! *generation*, a row with a lease, not by a task that dies with its process: whoever holds
//! the lease writes, and a lease that runs out is taken over. An answer that takes no writing,
//! because it is kept, fixed or built in and wanted at once, is committed with its question.
//!
//! May use: `advisor`, `entity`, `db`, `clock`, `invalid`, `metrics`.

mod ask;
mod budget;
mod cancel;
mod draft;
mod end;
mod find;
mod follow;
mod idempotency;
mod lease;
mod recover;
mod regenerate;
mod replica;
mod wake;
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
pub use budget::{Budget, Usage};
pub use find::{Page, Slice};
pub use follow::Update;
pub use recover::count_unfinished;

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
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
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
    wake: wake::Wake,
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
            instance: clock.new_id(),
            settings,
            limits,
            db,
            clock,
            advisors,
            metrics,
            wake: wake::Wake::default(),
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

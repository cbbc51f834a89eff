//! Whether PostgreSQL answers, felt once a second on a connection of its own.
//!
//! The pool alone does not know. Refused, it tries again until the acquire timeout is over, for
//! each request anew; and a server that vanishes without a word (a machine that lost its power, a
//! firewall that forgot) leaves connections on which the system waits for a quarter of an hour
//! (`tcp_retries2` in Linux's tcp(7)). So while there is no answer nothing is begun, what waits for
//! one is given up, and no connection from before is used again.
//!
//! May use: nothing of ours.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{
        self, Connection, PgConnection,
        pool::PoolConnectionMetadata,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// How often it is felt.
const LOOK: Duration = Duration::from_secs(1);

/// What PostgreSQL says when all connections are taken (its manual, appendix A). It answers, then.
const TOO_MANY_CONNECTIONS: &str = "53300";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Answers,
    /// It says no, or its machine does.
    Refuses,
    /// Nobody says anything.
    Silent,
}

#[derive(Clone, Debug)]
pub(super) struct Pulse {
    /// What the log calls it.
    name: &'static str,
    beat: Arc<watch::Sender<Beat>>,
    /// When it was last found not to answer.
    away: Arc<Mutex<Option<Instant>>>,
    /// How long an answer may take.
    patience: Duration,
}

impl Pulse {
    pub(super) fn new(name: &'static str, patience: Duration) -> Self {
        Self {
            name,
            beat: Arc::new(watch::Sender::new(Beat::Answers)),
            away: Arc::default(),
            patience,
        }
    }

    /// Feels it until dropped.
    pub(super) async fn feel(&self, options: &PgConnectOptions) {
        let mut connection = None;
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let beat = self.look(&mut connection, options).await;
            if beat != Beat::Answers {
                *self.away.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            }
            let name = self.name;
            self.beat.send_if_modified(|now| {
                let before = std::mem::replace(now, beat);
                if before == Beat::Answers && beat != before {
                    tracing::error!(name, ?beat, "a database is away");
                } else if before != beat && beat == Beat::Answers {
                    tracing::info!(name, "a database is back");
                }
                before != beat
            });
        }
    }

    async fn look(
        &self,
        connection: &mut Option<PgConnection>,
        options: &PgConnectOptions,
    ) -> Beat {
        if let Some(mut open) = connection.take() {
            match timeout(self.patience, open.ping()).await {
                Ok(Ok(())) => {
                    *connection = Some(open);
                    return Beat::Answers;
                }
                // Somebody may have ended this connection alone.
                Ok(Err(_)) => {}
                Err(_) => return Beat::Silent,
            }
        }
        match timeout(self.patience, PgConnection::connect_with(options)).await {
            Ok(Ok(open)) => {
                *connection = Some(open);
                Beat::Answers
            }
            Ok(Err(sqlx::Error::Database(error)))
                if error.code().as_deref() == Some(TOO_MANY_CONNECTIONS) =>
            {
                Beat::Answers
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the database refuses");
                Beat::Refuses
            }
            Err(_) => Beat::Silent,
        }
    }

    /// # Errors
    ///
    /// If the database is known to be away.
    pub(super) fn check(&self) -> Result<(), DbErr> {
        match *self.beat.borrow() {
            Beat::Answers => Ok(()),
            Beat::Refuses | Beat::Silent => Err(away()),
        }
    }

    /// Once it is away.
    pub(super) async fn away(&self) -> DbErr {
        // The sender is our own, and lives as long as we wait.
        let _ = self
            .beat
            .subscribe()
            .wait_for(|beat| *beat != Beat::Answers)
            .await;
        away()
    }

    /// Once nobody answers any more at all.
    pub(super) async fn falls_silent(&self) {
        let mut beat = self.beat.subscribe();
        while beat.changed().await.is_ok() && *beat.borrow_and_update() != Beat::Silent {}
    }

    /// Whether it was away at any time in the last so long.
    pub(super) fn was_away(&self, within: Duration) -> bool {
        let away = *self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.is_some_and(|away| away.elapsed() <= within)
    }

    /// Has a pool use no connection from before the database was away; and test those that have
    /// been idle for `ping_after`.
    pub(super) fn watch_over(
        &self,
        pool: PgPoolOptions,
        ping_after: Option<Duration>,
    ) -> PgPoolOptions {
        let (acquire, release) = (self.clone(), self.clone());
        pool.before_acquire(
            move |connection, PoolConnectionMetadata { age, idle_for, .. }| {
                let good = !acquire.was_away(age);
                Box::pin(async move {
                    if good && ping_after.is_some_and(|after| idle_for >= after) {
                        return connection.ping().await.map(|()| true);
                    }
                    Ok(good)
                })
            },
        )
        // Those are not given back either: the pool would test them first, for as long as it takes.
        .after_release(move |_, PoolConnectionMetadata { age, .. }| {
            let good = release.check().is_ok() && !release.was_away(age);
            Box::pin(async move { Ok(good) })
        })
    }
}

fn away() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(
        "the database does not answer".to_owned(),
    ))
}

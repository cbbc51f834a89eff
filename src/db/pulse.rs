//! Health of PostgreSQL: probed once a second on a connection of its own. Two failed probes in a row
//! mean that the database is away; one means nothing.
//!
//! The pool alone does not know. Refused, it tries again until the acquire timeout is over, for
//! each request anew; and a server that vanishes without a word (a machine that lost its power, a
//! firewall that forgot) leaves connections on which the system waits for a quarter of an hour
//! (`tcp_retries2` in Linux's tcp(7)). So while there is no answer nothing is begun, no request
//! waits for a connection, and no connection from before is used again. A statement that has a
//! connection goes on, unless the database has fallen silent: then no answer would come.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, Connection, PgConnection, postgres::PgConnectOptions},
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// How often it is felt.
const LOOK: Duration = Duration::from_secs(1);

/// How soon it is felt again after a probe that failed.
const AGAIN: Duration = Duration::from_millis(250);

/// PostgreSQL's error code when all connections are in use (its manual, appendix A). The server is
/// alive, then.
const TOO_MANY_CONNECTIONS: &str = "53300";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Answers,
    /// It says no, or its machine does.
    Refuses,
    /// The database does not respond.
    Silent,
}

impl Beat {
    /// One probe that fails may have met a connection that somebody ended, or a name server that
    /// failed once: two in a row decide.
    fn of_two(before: Self, now: Self) -> Self {
        match (before, now) {
            (_, Self::Answers) | (Self::Answers, _) => Self::Answers,
            (Self::Silent, Self::Silent) => Self::Silent,
            _ => Self::Refuses,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Pulse {
    /// Its name in the log.
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
        let mut last = Beat::Answers;
        loop {
            looks.tick().await;
            let mut seen = self.look(&mut connection, options, self.patience).await;
            if last == Beat::Answers && seen != Beat::Answers {
                tokio::time::sleep(AGAIN).await;
                last = seen;
                let patience = self.patience / 2;
                seen = self.look(&mut connection, options, patience).await;
            }
            let beat = Beat::of_two(last, seen);
            last = seen;
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
        patience: Duration,
    ) -> Beat {
        if let Some(mut open) = connection.take() {
            match timeout(patience, open.ping()).await {
                Ok(Ok(())) => {
                    *connection = Some(open);
                    return Beat::Answers;
                }
                // Somebody may have ended this connection alone.
                Ok(Err(_)) => {}
                Err(_) => return Beat::Silent,
            }
        }
        match timeout(patience, PgConnection::connect_with(options)).await {
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

    /// Does what needs the database, unless that is away, or falls silent meanwhile. Without a pulse
    /// it never is.
    ///
    /// # Errors
    ///
    /// Those of the work, and that the database is away: then it may have been done, or not.
    pub(super) async fn guard<T, E: From<DbErr>>(
        pulse: Option<&Self>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(pulse) = pulse else {
            return work.await;
        };
        pulse.check()?;
        tokio::select! {
            biased;
            done = work => done,
            away = pulse.silent() => Err(away.into()),
        }
    }

    /// Waits for a connection, unless the database is away, or goes away meanwhile: one that
    /// refuses would keep the pool trying until its timeout.
    ///
    /// # Errors
    ///
    /// Those of the wait, and that the database is away.
    pub(super) async fn connecting<T>(
        pulse: Option<&Self>,
        connecting: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let Some(pulse) = pulse else {
            return connecting.await;
        };
        pulse.check()?;
        tokio::select! {
            biased;
            done = connecting => done,
            away = pulse.away() => Err(away),
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

    /// Once two probes have gone unanswered.
    pub(super) async fn falls_silent(&self) {
        let mut beat = self.beat.subscribe();
        while beat.changed().await.is_ok() && *beat.borrow_and_update() != Beat::Silent {}
    }

    /// While nobody answers at all.
    pub(super) async fn silent(&self) -> DbErr {
        // The sender is our own, and lives as long as we wait.
        let _ = self
            .beat
            .subscribe()
            .wait_for(|beat| *beat == Beat::Silent)
            .await;
        away()
    }

    /// Whether it was away at any time in the last so long.
    pub(super) fn was_away(&self, within: Duration) -> bool {
        let away = *self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.is_some_and(|away| away.elapsed() <= within)
    }
}

fn away() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(
        "the database does not answer".to_owned(),
    ))
}

//! Health of PostgreSQL: probed once a second on a connection of its own. Two failed probes in a row
//! mean that the database is away; one means nothing.
//!
//! The pool alone does not know. Refused, it tries again until the acquire timeout is over, for
//! each request anew; and a server that vanishes without a word (a machine that lost its power, a
//! firewall that forgot) leaves connections on which the system waits for a quarter of an hour
//! (`tcp_retries2` in Linux's tcp(7)). So while there is no answer nothing is begun, no request
//! waits for a connection, and no connection from before is used again. A change that has a connection
//! goes on, unless the database has fallen silent: then no answer would come.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, Connection, PgConnection, postgres::PgConnectOptions},
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// Time between probes.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Time from a failed probe to the next.
const PROBE_AGAIN: Duration = Duration::from_millis(250);

/// PostgreSQL's error code when all connections are in use (its manual, appendix A). The server is
/// alive, then.
const TOO_MANY_CONNECTIONS: &str = "53300";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Answers,
    /// The database or its machine refuses connections.
    Refuses,
    /// The database does not respond.
    Silent,
}

impl Health {
    /// Two failed probes in a row decide: one may have met an ended connection, or a name server that
    /// failed once.
    fn of_two(before: Self, now: Self) -> Self {
        match (before, now) {
            (_, Self::Answers) | (Self::Answers, _) => Self::Answers,
            (Self::Silent, Self::Silent) => Self::Silent,
            _ => Self::Refuses,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct HealthMonitor {
    /// The database's name in the log.
    name: &'static str,
    health: Arc<watch::Sender<Health>>,
    /// The last failed probe that counted.
    away: Arc<Mutex<Option<Instant>>>,
    /// Time limit of a probe.
    patience: Duration,
}

impl HealthMonitor {
    pub(super) fn new(name: &'static str, patience: Duration) -> Self {
        Self {
            name,
            health: Arc::new(watch::Sender::new(Health::Answers)),
            away: Arc::default(),
            patience,
        }
    }

    /// Probes until dropped.
    pub(super) async fn run(&self, options: &PgConnectOptions) {
        let mut connection = None;
        let mut ticks = interval(PROBE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Health::Answers;
        loop {
            ticks.tick().await;
            let mut seen = self.probe(&mut connection, options, self.patience).await;
            if last == Health::Answers && seen != Health::Answers {
                tokio::time::sleep(PROBE_AGAIN).await;
                last = seen;
                let patience = self.patience / 2;
                seen = self.probe(&mut connection, options, patience).await;
            }
            let health = Health::of_two(last, seen);
            last = seen;
            if health != Health::Answers {
                *self.away.lock() = Some(Instant::now());
            }
            let name = self.name;
            self.health.send_if_modified(|now| {
                let before = std::mem::replace(now, health);
                if before == Health::Answers && health != before {
                    tracing::error!(name, ?health, "a database is away");
                } else if before != health && health == Health::Answers {
                    tracing::info!(name, "a database is back");
                }
                before != health
            });
        }
    }

    async fn probe(
        &self,
        connection: &mut Option<PgConnection>,
        options: &PgConnectOptions,
        patience: Duration,
    ) -> Health {
        if let Some(mut open) = connection.take() {
            match timeout(patience, open.ping()).await {
                Ok(Ok(())) => {
                    *connection = Some(open);
                    return Health::Answers;
                }
                // This connection alone may have been ended.
                Ok(Err(_)) => {}
                Err(_) => return Health::Silent,
            }
        }
        match timeout(patience, PgConnection::connect_with(options)).await {
            Ok(Ok(open)) => {
                *connection = Some(open);
                Health::Answers
            }
            Ok(Err(sqlx::Error::Database(error)))
                if error.code().as_deref() == Some(TOO_MANY_CONNECTIONS) =>
            {
                Health::Answers
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the database refuses");
                Health::Refuses
            }
            Err(_) => Health::Silent,
        }
    }

    /// Runs work that needs the database, unless that is away or becomes silent meanwhile. Without a
    /// monitor it never is.
    ///
    /// # Errors
    ///
    /// Those of the work, and that the database is away: then it may have been done, or not.
    pub(super) async fn or_unresponsive<T, E: From<DbErr>>(
        monitor: Option<&Self>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(monitor) = monitor else {
            return work.await;
        };
        monitor.check()?;
        tokio::select! {
            biased;
            done = work => done,
            away = monitor.silent() => Err(away.into()),
        }
    }

    /// Waits for a connection, or for a query's result, unless the database is away or goes away
    /// meanwhile: where connections are refused, the pool tries until its timeout.
    ///
    /// # Errors
    ///
    /// Those of the work, and that the database is away.
    pub(super) async fn or_unavailable<T>(
        monitor: Option<&Self>,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let Some(monitor) = monitor else {
            return work.await;
        };
        monitor.check()?;
        tokio::select! {
            biased;
            done = work => done,
            away = monitor.away() => Err(away),
        }
    }

    /// # Errors
    ///
    /// If the last probes failed.
    pub(super) fn check(&self) -> Result<(), DbErr> {
        match *self.health.borrow() {
            Health::Answers => Ok(()),
            Health::Refuses | Health::Silent => Err(away()),
        }
    }

    /// Resolves when the database is away.
    pub(super) async fn away(&self) -> DbErr {
        // The sender is our own, and lives as long as we wait.
        let _ = self
            .health
            .subscribe()
            .wait_for(|health| *health != Health::Answers)
            .await;
        away()
    }

    /// Resolves when two probes in a row have timed out.
    pub(super) async fn falls_silent(&self) {
        let mut health = self.health.subscribe();
        while health.changed().await.is_ok() && *health.borrow_and_update() != Health::Silent {}
    }

    /// Resolves while probes time out.
    pub(super) async fn silent(&self) -> DbErr {
        // The sender is our own, and lives as long as we wait.
        let _ = self
            .health
            .subscribe()
            .wait_for(|health| *health == Health::Silent)
            .await;
        away()
    }

    /// Whether the database was away at any time within the last `within`.
    pub(super) fn was_away(&self, within: Duration) -> bool {
        let away = *self.away.lock();
        away.is_some_and(|away| away.elapsed() <= within)
    }
}

fn away() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(
        "the database does not answer".to_owned(),
    ))
}

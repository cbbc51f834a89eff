//! Transactions. None is abandoned half-way: whatever begins, holds or ends one runs in a task that
//! its caller cannot drop.
//!
//! sqlx counts a PostgreSQL transaction only once the answer to its `BEGIN` has been read
//! (<https://github.com/launchbadge/sqlx/issues/4393>). A future dropped before that leaves the
//! connection inside a transaction that is never ended: the pool hands it out again, and whatever is
//! stored over it is acknowledged and never committed.

use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, IsolationLevel,
    RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::{Database, health::HealthMonitor};
use crate::{request_context, spans};

/// Round trips of a transaction beside its statements.
const BEGIN_AND_END: u32 = 2;

/// How PostgreSQL plans the statements of a bulk transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plans {
    /// Each by its values and by the tables as they are: for lookups.
    Anew,
    /// Once for all: for inserts. Their rows check foreign keys, each by a statement of its own, which
    /// would take longer to plan than the row to write.
    Kept,
}

impl Plans {
    /// Has a transaction use them from now on.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn are_used_by(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        if tx.get_database_backend() == DatabaseBackend::Postgres {
            let mode = match self {
                Self::Anew => "force_custom_plan",
                Self::Kept => "force_generic_plan",
            };
            tx.execute_unprepared(&format!("SET LOCAL plan_cache_mode = {mode}"))
                .await?;
        }
        Ok(())
    }
}

impl Database {
    /// Runs `work` to its end in a task of its own, and waits for it.
    ///
    /// A caller that is dropped meanwhile, by a `select!`, a timeout or a client that leaves, ends
    /// the wait and not the work. `work` owns what it uses: clone the service into it, and return
    /// from it what it has changed.
    ///
    /// ```ignore
    /// let readings = self.clone();
    /// db.detached(async move { readings.end(lease, &outcome).await }).await
    /// ```
    ///
    /// Only a database that has gone silent ends the work itself, since nothing else would for
    /// minutes: no connection of that time goes back to a pool.
    ///
    /// # Errors
    ///
    /// Those of the work, and that the database is unavailable: then it may have been done, or not.
    ///
    /// # Panics
    ///
    /// If the work does.
    pub async fn detached<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        if let Some(monitor) = &self.monitor {
            monitor.check()?;
        }
        let monitor = self.monitor.clone();
        let work = async move {
            let Some(monitor) = monitor else {
                return work.await;
            };
            tokio::select! {
                biased;
                done = work => done,
                away = monitor.silent() => Err(away.into()),
            }
        };
        let work = request_context::propagate(spans::propagate(work));
        match tokio::spawn(work).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(error) => Err(DbErr::Conn(RuntimeErr::Internal(error.to_string())).into()),
            },
        }
    }

    /// Begins a transaction that will write.
    ///
    /// On SQLite it takes the write lock at once: one that reads first and is overtaken by
    /// another process before it writes would fail as busy, at once and for good.
    ///
    /// # Errors
    ///
    /// If no connection is to be had in time.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        request_context::record_round_trips(BEGIN_AND_END);
        let writes = self.writes.pool().clone();
        let options = TransactionOptions {
            sqlite_transaction_mode: (!self.is_postgres())
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begin = self.detached(async move { writes.begin_with_options(options).await });
        HealthMonitor::or_unavailable(self.monitor.as_ref(), begin).await
    }

    /// Begins a transaction that reads all as it is at one moment.
    ///
    /// # Errors
    ///
    /// If no connection is to be had in time.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        request_context::record_round_trips(BEGIN_AND_END);
        let reads = self.reads.pool().clone();
        // SQLite's read transactions are all of this kind.
        let (isolation, access) = self
            .is_postgres()
            .then_some((IsolationLevel::RepeatableRead, AccessMode::ReadOnly))
            .unzip();
        let begin = self.detached(async move { reads.begin_with_config(isolation, access).await });
        HealthMonitor::or_unavailable(self.monitor.as_ref(), begin).await
    }

    /// Lets a transaction wait for something other than the database, such as a file, for as long as
    /// that takes.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn let_idle(&self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        if self.is_postgres() {
            tx.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0")
                .await?;
        }
        Ok(())
    }

    /// Prepares a transaction that writes many rows, with pauses for its input.
    ///
    /// Plans that PostgreSQL makes for tables while they are empty read them whole: it uses indexes
    /// instead, and plans lookups anew as tables grow ([`Plans`]).
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn for_bulk(&self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        self.let_idle(tx).await?;
        if self.is_postgres() {
            tx.execute_unprepared("SET LOCAL enable_seqscan = off")
                .await?;
        }
        Plans::Anew.are_used_by(tx).await
    }

    /// Has PostgreSQL sample what a bulk transaction has written, to plan well from the first query on:
    /// by itself it does so within minutes.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn analyze(&self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        if self.is_postgres() {
            tx.execute_unprepared("ANALYZE users, readings, generations, idempotency_keys")
                .await?;
        }
        Ok(())
    }

    /// Begins a snapshot in which PostgreSQL itself cancels a statement that takes longer: it does not notice
    /// a client that waits no more.
    ///
    /// # Errors
    ///
    /// If no connection is to be had in time.
    pub async fn snapshot_within(&self, time: Duration) -> Result<DatabaseTransaction, DbErr> {
        let tx = self.snapshot().await?;
        if self.is_postgres() {
            let limit = format!("SET LOCAL statement_timeout = {}", time.as_millis());
            tx.execute_unprepared(&limit).await?;
        }
        Ok(tx)
    }
}

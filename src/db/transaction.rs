//! Transactions. None is abandoned half-way: whatever begins, holds or ends one runs in a task that
//! its caller cannot drop.
//!
//! sqlx counts a PostgreSQL transaction only once the answer to its `BEGIN` has been read
//! (<https://github.com/launchbadge/sqlx/issues/4393>). A future dropped before that leaves the
//! connection inside a transaction that nobody ends: the pool hands it out again, and whatever is
//! stored over it is acknowledged and never committed.

use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbErr, IsolationLevel, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::{Database, pulse::Pulse};
use crate::{request, spans};

/// Round trips of a transaction beside its statements.
const BEGIN_AND_END: u32 = 2;

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
        if let Some(pulse) = &self.pulse {
            pulse.check()?;
        }
        let pulse = self.pulse.clone();
        let work = async move {
            let Some(pulse) = pulse else {
                return work.await;
            };
            tokio::select! {
                biased;
                done = work => done,
                away = pulse.silent() => Err(away.into()),
            }
        };
        let work = request::carry(spans::carry(work));
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
        request::note_round_trips(BEGIN_AND_END);
        let writes = self.writes.pool().clone();
        let options = TransactionOptions {
            sqlite_transaction_mode: (!self.is_postgres())
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begin = self.detached(async move { writes.begin_with_options(options).await });
        Pulse::connecting(self.pulse.as_ref(), begin).await
    }

    /// Begins a transaction that reads all as it is at one moment.
    ///
    /// # Errors
    ///
    /// If no connection is to be had in time.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        request::note_round_trips(BEGIN_AND_END);
        let reads = self.reads.pool().clone();
        // SQLite's read transactions are all of this kind.
        let (isolation, access) = self
            .is_postgres()
            .then_some((IsolationLevel::RepeatableRead, AccessMode::ReadOnly))
            .unzip();
        let begin = self.detached(async move { reads.begin_with_config(isolation, access).await });
        Pulse::connecting(self.pulse.as_ref(), begin).await
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
    /// PostgreSQL would keep the plans that it made for the tables while they were empty, those of the
    /// checks of foreign keys included, and read whole tables for each row.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn for_bulk(&self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        self.let_idle(tx).await?;
        if self.is_postgres() {
            tx.execute_unprepared("SET LOCAL plan_cache_mode = force_custom_plan")
                .await?;
        }
        Ok(())
    }

    /// Begins one in which PostgreSQL itself gives up a statement that takes longer: it would not
    /// hear that nobody waits for it any more.
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

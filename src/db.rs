//! The database: connections for reading and for writing, transactions, and who may migrate.
//!
//! SQLite has one writer whatever one does, so writes get one connection and queue for it in
//! the process, in order, instead of failing as busy; readers have their own and are never
//! blocked by it (WAL). On PostgreSQL both are the same pool.
//!
//! May use: `config`, `private`, `request` and `spans` (to tell of statements), the `migration` crate.

mod explain;
mod failure;
mod files;
mod migrate;
mod pool;
mod pooler;
mod pulse;
mod reads;
mod replica;
mod transaction;
mod writes;

use std::{path::Path, time::Duration};

use log::LevelFilter;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, RuntimeErr,
    Statement, metric::Info, sqlx,
};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use self::pulse::Pulse;
pub use self::{
    explain::{explain, is_away},
    failure::{is_conflict, is_lasting},
    files::is_in_use,
    migrate::{Lost, Steps},
    reads::Reads,
    replica::Replica,
    writes::Writes,
};
use crate::{config::DatabaseSettings, request, spans};

/// How long a connection may have been idle and still be taken for good.
const PING_AFTER: Duration = Duration::from_secs(1);

/// How soon a start tries again to connect.
const RETRY_AFTER: Duration = Duration::from_millis(500);

#[derive(Clone, Debug)]
pub struct Database {
    reads: Reads,
    writes: Writes,
    /// None: SQLite, which is never away.
    pulse: Option<Pulse>,
    replica: Option<Replica>,
}

/// Connections.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    pub name: &'static str,
    /// That are open.
    pub size: usize,
    /// That nobody uses.
    pub idle: usize,
    /// That may be open.
    pub max: usize,
}

impl Pool {
    fn of<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> Self {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            name,
            size: number(pool.size()),
            idle: pool.num_idle(),
            max: number(pool.options().get_max_connections()),
        }
    }
}

/// Has each statement counted for the request that it is executed for, and told of in its trace.
fn counted(mut pool: DatabaseConnection) -> DatabaseConnection {
    pool.set_metric_callback(tell);
    pool
}

fn tell(info: &Info<'_>) {
    request::note_round_trips(1);
    spans::statement(info);
}

/// `PgBouncer` refuses connections with a start-up parameter that it does not know. This one changes
/// how floats are written as text, of which there are none.
fn for_poolers(options: PgConnectOptions) -> PgConnectOptions {
    options.extra_float_digits(None)
}

/// Connects once: a pool would try again until its timeout, and keep the reason to itself.
async fn try_postgres(settings: &DatabaseSettings) -> Result<(), DbErr> {
    let failed = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    let options: PgConnectOptions = settings.url.parse().map_err(failed)?;
    let options = for_poolers(options);
    match timeout(
        settings.acquire_timeout,
        PgConnection::connect_with(&options),
    )
    .await
    {
        Ok(Ok(connection)) => connection.close().await.map_err(failed),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(failed(sqlx::Error::PoolTimedOut)),
    }
}

impl Database {
    /// Opens the database, and makes it if it is a SQLite file that is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be reached or opened within the acquire timeout.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, DbErr> {
        if !settings.is_sqlite() {
            try_postgres(settings).await?;
        }
        Self::open(settings, false).await
    }

    /// As [`Database::connect`], but waits for a PostgreSQL that does not answer, for as long as the
    /// settings allow.
    ///
    /// # Errors
    ///
    /// If it cannot be reached in that time, or at once if it cannot be used.
    pub async fn connect_patiently(settings: &DatabaseSettings) -> Result<Self, DbErr> {
        let deadline = Instant::now() + settings.wait;
        let mut is_first = true;
        loop {
            match Self::connect(settings).await {
                Err(error)
                    if !settings.is_sqlite()
                        && is_away(&error)
                        && Instant::now() + RETRY_AFTER < deadline =>
                {
                    if is_first {
                        let reason = explain(&error, settings);
                        tracing::warn!(wait = ?settings.wait, reason, "waiting for the database");
                    }
                    is_first = false;
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                done => {
                    if !is_first && done.is_ok() {
                        tracing::info!("the database answers");
                    }
                    return done;
                }
            }
        }
    }

    /// Opens it; if `lazy`, as a replica is, whether PostgreSQL answers or not.
    async fn open(settings: &DatabaseSettings, lazy: bool) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(&settings.url);
        options
            .max_connections(settings.pool_size)
            .acquire_timeout(settings.acquire_timeout)
            .connect_timeout(settings.acquire_timeout)
            .test_before_acquire(false)
            .sqlx_logging(settings.echo)
            .sqlx_logging_level(LevelFilter::Info);
        let ping_after = settings.ping.then_some(PING_AFTER);
        if !settings.is_sqlite() {
            let name = if lazy { "replica" } else { "primary" };
            let pulse = Pulse::new(name, settings.acquire_timeout);
            let watching = pulse.clone();
            options
                .set_application_name("mula")
                .connect_lazy(lazy)
                .map_sqlx_postgres_opts(for_poolers)
                .map_sqlx_postgres_pool_opts(move |pool| {
                    pool::guarded(pool, watching.clone(), ping_after)
                });
            let pool = counted(sea_orm::Database::connect(options).await?);
            return Ok(Self {
                reads: Reads::new(pool.clone(), Some(pulse.clone())),
                writes: Writes::new(pool, Some(pulse.clone())),
                pulse: Some(pulse),
                replica: Replica::connect(settings).await?,
            });
        }
        if let Some(idle) = ping_after {
            options.test_before_acquire_if_idle_for(idle);
        }

        let path = settings.url.trim_start_matches("sqlite://");
        let path = Path::new(path.split_once('?').map_or(path, |(path, _)| path));
        files::make_private(path)
            .map_err(|error| DbErr::Custom(format!("{}: {error}", path.display())))?;
        // When a disk is full, SQLite rolls a transaction back by itself. The driver then counts one
        // that is not there, and would begin no other on that connection.
        options.map_sqlx_sqlite_before_acquire(|connection, _| {
            let is_stuck = connection.is_in_transaction();
            Box::pin(async move { Ok(!is_stuck) })
        });
        let mut for_writing = options.clone();
        for_writing
            .max_connections(1)
            // For good: what it says of changes by others is told by comparison.
            .idle_timeout(None)
            .max_lifetime(None)
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // A commit is on the disk when it is acknowledged, also after a power cut.
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    // What is deleted is overwritten, and not only forgotten.
                    .pragma("secure_delete", "on")
                    .busy_timeout(Duration::from_secs(5))
            });
        let writes = sea_orm::Database::connect(for_writing).await?;
        options.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .busy_timeout(Duration::from_secs(5))
                .pragma("query_only", "on")
        });
        let reads = sea_orm::Database::connect(options).await?;
        Ok(Self {
            reads: Reads::new(counted(reads), None),
            writes: Writes::new(counted(writes), None),
            pulse: None,
            replica: None,
        })
    }

    /// Feels whether it answers, until told to stop: what is said of a database that is away
    /// holds only meanwhile.
    pub async fn feel_until(self, stopping: CancellationToken) {
        let Some(pulse) = self.pulse else {
            return;
        };
        let options = self
            .writes
            .pool()
            .get_postgres_connection_pool()
            .connect_options();
        tokio::join!(stopping.run_until_cancelled(pulse.feel(&options)), async {
            if let Some(replica) = self.replica {
                replica.feel_until(stopping.clone()).await;
            }
        },);
    }

    /// Does what needs the database, unless that is away, or falls silent meanwhile: then the work
    /// is dropped. It may be queries and single statements; for a transaction see
    /// [`Database::detached`].
    ///
    /// # Errors
    ///
    /// Those of the work, and that the database is away: then it may have been done, or not.
    pub fn unless_away<T, E: From<DbErr>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>> {
        Pulse::guard(self.pulse.as_ref(), work)
    }

    /// Whether the database was away at any time in the last so long.
    #[must_use]
    pub fn was_away(&self, within: Duration) -> bool {
        self.pulse
            .as_ref()
            .is_some_and(|pulse| pulse.was_away(within))
    }

    /// Once the database says nothing any more, not even no: what waits for it waits in vain.
    pub async fn falls_silent(&self) {
        match &self.pulse {
            Some(pulse) => pulse.falls_silent().await,
            None => std::future::pending().await,
        }
    }

    /// For queries outside a transaction. They fail at once while the database is away.
    #[must_use]
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// For single statements that change something. They fail at once while the database is away.
    #[must_use]
    pub fn writes(&self) -> &Writes {
        &self.writes
    }

    /// Where to look first for what need not be the primary's.
    #[must_use]
    pub fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.writes.get_database_backend() == DatabaseBackend::Postgres
    }

    /// How much of the pools is in use.
    #[must_use]
    pub fn pools(&self) -> Vec<Pool> {
        if self.is_postgres() {
            return vec![Pool::of(
                "all",
                self.writes.pool().get_postgres_connection_pool(),
            )];
        }
        vec![
            Pool::of("reads", self.reads.pool().get_sqlite_connection_pool()),
            Pool::of("writes", self.writes.pool().get_sqlite_connection_pool()),
        ]
    }

    /// A pool of one more connection, for who listens: a listener holds it for as long as it
    /// lives, and its pool with it.
    ///
    /// # Panics
    ///
    /// On SQLite, which tells nobody.
    #[must_use]
    pub fn for_listening(&self) -> PgPool {
        let pool = self.writes.pool().get_postgres_connection_pool();
        PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(pool.options().get_acquire_timeout())
            .connect_lazy_with((*pool.connect_options()).clone())
    }

    /// Whether the database answers, and can be written to: a standby cannot, nor can a primary
    /// that was closed. Whether there is room on a disk only writing would tell.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub async fn is_writable(&self) -> Result<bool, DbErr> {
        if !self.is_postgres() {
            return self
                .reads
                .execute_unprepared("SELECT 1")
                .await
                .map(|_| true);
        }
        let ask = "SELECT current_setting('transaction_read_only') = 'off'";
        let ask = Statement::from_string(DatabaseBackend::Postgres, ask);
        let row = self.unless_away(self.reads.query_one_raw(ask)).await?;
        row.map_or(Ok(false), |row| row.try_get_by_index(0))
    }

    /// Closes all connections, once their work is done.
    pub async fn close(self) {
        // The process is about to end: there is nobody left to tell.
        let _ = self.reads.pool().close_by_ref().await;
        let _ = self.writes.pool().close_by_ref().await;
        if let Some(replica) = self.replica {
            replica.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement};

    /// `.cargo/config.toml` has it built so: without, a page takes a tenth more.
    #[tokio::test]
    async fn sqlite_plans_a_statement_once() -> Result<(), DbErr> {
        let sqlite = sea_orm::Database::connect("sqlite::memory:").await?;
        let ask = "SELECT sqlite_compileoption_used('ENABLE_QPSG')";
        let ask = Statement::from_string(DatabaseBackend::Sqlite, ask);
        let row = sqlite.query_one_raw(ask).await?.expect("it answers");
        assert!(row.try_get_by_index::<bool>(0)?);
        Ok(())
    }
}

//! The database: connections for reading and for writing, transactions, and who may migrate.
//!
//! SQLite has one writer whatever one does, so writes get one connection and queue for it in
//! the process, in order, instead of failing as busy; readers have their own and are never
//! blocked by it (WAL). On PostgreSQL both are the same pool.

mod explain;
mod failure;
mod files;
mod health;
mod migrate;
mod notifications;
mod pool;
mod pooler;
mod reads;
mod replica;
mod time;
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

use self::health::HealthMonitor;
pub use self::{
    explain::{explain, is_away},
    failure::{is_conflict, is_lasting},
    files::is_in_use,
    migrate::{Lost, Steps},
    notifications::Notification,
    reads::Reads,
    replica::Replica,
    transaction::Plans,
    writes::Writes,
};
use crate::{config::DatabaseSettings, request_context, spans};

/// Idle time after which a connection is tested before it is used.
const PING_AFTER: Duration = Duration::from_secs(1);

/// Time between a start's attempts to connect.
const RETRY_AFTER: Duration = Duration::from_millis(500);

#[derive(Clone, Debug)]
pub struct Database {
    reads: Reads,
    writes: Writes,
    /// None: SQLite, which is never away.
    monitor: Option<HealthMonitor>,
    replica: Option<Replica>,
}

/// Usage of a connection pool.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    pub name: &'static str,
    /// Open connections.
    pub size: usize,
    /// Unused connections.
    pub idle: usize,
    /// The limit of open connections.
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

/// Counts each statement for its request, and adds it to its trace.
fn observed(mut pool: DatabaseConnection) -> DatabaseConnection {
    pool.set_metric_callback(observe);
    pool
}

fn observe(info: &Info<'_>) {
    request_context::record_round_trips(1);
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
        if settings.is_sqlite() {
            return Box::pin(Self::open_sqlite(settings, options)).await;
        }
        let name = if lazy { "replica" } else { "primary" };
        let monitor = HealthMonitor::new(name, settings.acquire_timeout);
        let watching = monitor.clone();
        let ping_after = settings.ping.then_some(PING_AFTER);
        options
            .set_application_name("mula")
            .connect_lazy(lazy)
            .map_sqlx_postgres_opts(for_poolers)
            .map_sqlx_postgres_pool_opts(move |pool| {
                pool::guarded(pool, watching.clone(), ping_after)
            });
        let pool = observed(sea_orm::Database::connect(options).await?);
        Ok(Self {
            reads: Reads::new(pool.clone(), Some(monitor.clone()), settings),
            writes: Writes::new(pool, Some(monitor.clone())),
            monitor: Some(monitor),
            replica: Replica::connect(settings).await?,
        })
    }

    async fn open_sqlite(
        settings: &DatabaseSettings,
        mut options: ConnectOptions,
    ) -> Result<Self, DbErr> {
        if settings.ping {
            options.test_before_acquire_if_idle_for(PING_AFTER);
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
            // Never replaced: its `data_version` shows changes by other processes.
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
            reads: Reads::new(observed(reads), None, settings),
            writes: Writes::new(observed(writes), None),
            monitor: None,
            replica: None,
        })
    }

    /// Probes PostgreSQL, and its replica, until stopped.
    pub async fn monitor_until(self, stopping: CancellationToken) {
        let Some(monitor) = self.monitor else {
            return;
        };
        let options = self
            .writes
            .pool()
            .get_postgres_connection_pool()
            .connect_options();
        tokio::join!(stopping.run_until_cancelled(monitor.run(&options)), async {
            if let Some(replica) = self.replica {
                replica.monitor_until(stopping.clone()).await;
            }
        },);
    }

    /// Whether the database was away at any time within the last `within`.
    #[must_use]
    pub fn was_away(&self, within: Duration) -> bool {
        self.monitor
            .as_ref()
            .is_some_and(|monitor| monitor.was_away(within))
    }

    /// Resolves when probes time out, as opposed to being refused.
    pub async fn falls_silent(&self) {
        match &self.monitor {
            Some(monitor) => monitor.falls_silent().await,
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

    /// The replica, asked first for what need not come from the primary.
    #[must_use]
    pub fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.writes.get_database_backend() == DatabaseBackend::Postgres
    }

    /// Usage of each pool.
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

    /// A pool of one more connection, for a listener, which holds it for as long as it lives.
    ///
    /// # Panics
    ///
    /// On SQLite, which has no notifications.
    fn for_listening(&self) -> PgPool {
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
        let row = self.reads.query_one_raw(ask).await?;
        row.map_or(Ok(false), |row| row.try_get_by_index(0))
    }

    /// Closes all connections once their work is done.
    pub async fn close(self) {
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

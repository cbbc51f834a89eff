//! Connections for queries outside a transaction, handed from one query to the next.
//!
//! A connection that is given back to the driver's pool is tested first: a round trip more for
//! each query, on a task of its own. So where queries wait for connections, one that is done goes
//! on to the next of them, and back to the pool when nobody waits: a twentieth less of what a page
//! takes.
//!
//! A query whose connection turns out to have been cut is asked once more, on another.
//!
//! May use: what tells of statements, in `db`.

use std::{
    fmt, io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement,
    metric::Info,
    sqlx::{
        self, AssertSqlSafe, Connection, Executor, IntoArguments, Pool, Postgres, Sqlite,
        pool::PoolConnection,
    },
};
use sea_query_sqlx::SqlxValues;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout},
};

use super::pulse::Pulse;

/// How long a connection goes from one to the next before the pool has a look at it again, and
/// whoever else wants one has a chance.
const ROUND: Duration = Duration::from_millis(100);

/// A pool, and the queries that wait for its connections.
#[derive(Clone, Debug)]
pub struct Reads {
    pool: DatabaseConnection,
    /// None: SQLite.
    pulse: Option<Pulse>,
    line: Line,
}

#[derive(Clone, Debug)]
enum Line {
    Postgres(Arc<Queue<Postgres>>),
    Sqlite(Arc<Queue<Sqlite>>),
}

struct Queue<D: sqlx::Database> {
    pool: Pool<D>,
    /// While PostgreSQL is away, nothing waits for a connection.
    pulse: Option<Pulse>,
    turns: Semaphore,
    passed: Mutex<Passed<D>>,
}

struct Passed<D: sqlx::Database> {
    /// How many wait for a turn.
    waiting: usize,
    /// For them, each with when it was taken from the pool. Never more than wait.
    connections: Vec<(PoolConnection<D>, Instant)>,
}

/// With when the connection was taken from the pool.
type Turn<'queue, D> = (SemaphorePermit<'queue>, PoolConnection<D>, Instant);

/// One of those who wait, until it is dropped.
struct Waiting<'queue, D: sqlx::Database>(&'queue Queue<D>);

impl Reads {
    pub(super) fn new(pool: DatabaseConnection, pulse: Option<Pulse>) -> Self {
        let line = if pool.get_database_backend() == DatabaseBackend::Postgres {
            Line::Postgres(Arc::new(Queue::new(
                pool.get_postgres_connection_pool(),
                pulse.clone(),
            )))
        } else {
            Line::Sqlite(Arc::new(Queue::new(
                pool.get_sqlite_connection_pool(),
                pulse.clone(),
            )))
        };
        Self { pool, pulse, line }
    }

    pub(super) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// How many queries have a connection at a time.
    #[must_use]
    pub fn turns(&self) -> usize {
        match &self.line {
            Line::Postgres(queue) => turns(&queue.pool),
            Line::Sqlite(queue) => turns(&queue.pool),
        }
    }

    #[cfg(test)]
    fn nobody_waits(&self) -> bool {
        match &self.line {
            Line::Postgres(queue) => queue.passed().waiting == 0,
            Line::Sqlite(queue) => queue.passed().waiting == 0,
        }
    }

    async fn query(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.line {
            Line::Postgres(queue) => {
                Pulse::guard(self.pulse.as_ref(), queue.query(statement)).await
            }
            Line::Sqlite(queue) => queue.query(statement).await,
        }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl ConnectionTrait for Reads {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        Pulse::guard(self.pulse.as_ref(), self.pool.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        Pulse::guard(self.pulse.as_ref(), self.pool.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.query(statement).await
    }
}

/// Half the pool's connections: those that write find the others.
fn turns<D: sqlx::Database>(pool: &Pool<D>) -> usize {
    (pool.options().get_max_connections() / 2).max(1) as usize
}

impl<D: sqlx::Database> Queue<D> {
    fn new(pool: &Pool<D>, pulse: Option<Pulse>) -> Self {
        Self {
            pool: pool.clone(),
            pulse,
            turns: Semaphore::new(turns(pool)),
            passed: Mutex::new(Passed {
                waiting: 0,
                connections: Vec::new(),
            }),
        }
    }

    fn passed(&self) -> MutexGuard<'_, Passed<D>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> Result<Turn<'_, D>, sqlx::Error> {
        self.in_time(pin!(self.turn())).await
    }

    /// A wait for a connection, until the pool's timeout or until the database is away: one that
    /// refuses would keep the pool trying.
    async fn in_time<T>(
        &self,
        // Pinned by the caller: moved in here it would take its room twice.
        connecting: Pin<&mut impl Future<Output = Result<T, sqlx::Error>>>,
    ) -> Result<T, sqlx::Error> {
        let away = async {
            match &self.pulse {
                Some(pulse) => pulse.away().await,
                None => std::future::pending().await,
            }
        };
        let patience = self.pool.options().get_acquire_timeout();
        tokio::select! {
            biased;
            done = timeout(patience, connecting) => done.unwrap_or(Err(sqlx::Error::PoolTimedOut)),
            away = away => Err(sqlx::Error::Io(io::Error::other(away))),
        }
    }

    async fn turn(&self) -> Result<Turn<'_, D>, sqlx::Error> {
        let turn = if let Ok(turn) = self.turns.try_acquire() {
            turn
        } else {
            self.passed().waiting += 1;
            let _waiting = Waiting(self);
            let turn = self.turns.acquire().await;
            let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
            let passed = self.passed().connections.pop();
            if let Some((connection, since)) = passed {
                return Ok((turn, connection, since));
            }
            turn
        };
        Ok((turn, self.pool.acquire().await?, Instant::now()))
    }

    /// Where others may have been cut with it.
    async fn one_that_answers(&self) -> Result<PoolConnection<D>, sqlx::Error> {
        let found = pin!(async {
            loop {
                let mut connection = self.pool.acquire().await?;
                if connection.ping().await.is_ok() {
                    return Ok(connection);
                }
            }
        });
        self.in_time(found).await
    }

    /// To the next one that waits, or to the pool.
    fn pass_on(&self, connection: PoolConnection<D>, since: Instant) {
        if since.elapsed() < ROUND {
            let mut passed = self.passed();
            if passed.connections.len() < passed.waiting {
                passed.connections.push((connection, since));
            }
        }
    }
}

impl<D: sqlx::Database> Queue<D>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    SqlxValues: IntoArguments<D>,
    QueryResult: From<D::Row>,
{
    async fn query(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (turn, mut connection, mut since) = self.connection().await.map_err(not_acquired)?;
        let mut found = fetch::<D>(&statement, &mut connection).await;
        if found.as_ref().is_err_and(is_cut) {
            drop(connection);
            // Boxed: it is rarely needed, and larger than all the rest.
            connection = Box::pin(self.one_that_answers())
                .await
                .map_err(not_acquired)?;
            since = Instant::now();
            found = fetch::<D>(&statement, &mut connection).await;
        }
        // One that is not whole any more is for the pool to tell.
        let found = found.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?;
        self.pass_on(connection, since);
        drop(turn);
        Ok(found.into_iter().map(QueryResult::from).collect())
    }
}

async fn fetch<D: sqlx::Database>(
    statement: &Statement,
    connection: &mut D::Connection,
) -> Result<Vec<D::Row>, sqlx::Error>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    SqlxValues: IntoArguments<D>,
{
    let begin = Instant::now();
    let values = statement.values.clone();
    let values = SqlxValues(values.unwrap_or(sea_orm::Values(Vec::new())));
    let query = sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), values);
    let found = query.fetch_all(connection).await;
    super::tell(&Info {
        elapsed: begin.elapsed(),
        statement,
        failed: found.is_err(),
    });
    found
}

/// Whether somebody ended the connection, as may be found out only by using it: a query, which
/// changes nothing, can be asked again. 57P01 to 57P03 are PostgreSQL's last words (its manual,
/// appendix A).
fn is_cut(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(said) => said.code().is_some_and(|code| code.starts_with("57P0")),
        _ => false,
    }
}

impl<D: sqlx::Database> Drop for Waiting<'_, D> {
    fn drop(&mut self) {
        let mut passed = self.0.passed();
        passed.waiting -= 1;
        let wanted = passed.waiting;
        passed.connections.truncate(wanted);
    }
}

impl<D: sqlx::Database> fmt::Debug for Queue<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

/// As sea-orm has it.
fn not_acquired(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

#[cfg(test)]
mod tests;

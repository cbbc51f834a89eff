//! Queries outside a transaction. They take at most half of the pool's connections, so that those that
//! write find the others. A query whose connection was cut is sent again on another.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement, sqlx,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::health::HealthMonitor;
use crate::config::DatabaseSettings;

#[derive(Clone, Debug)]
pub struct Reads {
    pool: DatabaseConnection,
    /// None: SQLite.
    monitor: Option<HealthMonitor>,
    permits: Arc<Semaphore>,
    /// Half the pool's connections.
    turns: usize,
    acquire_timeout: Duration,
}

impl Reads {
    pub(super) fn new(
        pool: DatabaseConnection,
        monitor: Option<HealthMonitor>,
        settings: &DatabaseSettings,
    ) -> Self {
        let turns = (settings.pool_size / 2).max(1) as usize;
        Self {
            pool,
            monitor,
            permits: Arc::new(Semaphore::new(turns)),
            turns,
            acquire_timeout: settings.acquire_timeout,
        }
    }

    pub(super) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// How many queries have a connection at a time.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.turns
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, DbErr> {
        match timeout(self.acquire_timeout, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    async fn query(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let _permit = self.permit().await?;
        // All of the pool's idle connections may have been cut together; each is closed once it failed.
        for _ in 0..2 * self.turns {
            match self.pool.query_all_raw(statement.clone()).await {
                Err(error) if is_cut(&error) => {}
                found => return found,
            }
        }
        self.pool.query_all_raw(statement).await
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl ConnectionTrait for Reads {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        HealthMonitor::or_unresponsive(self.monitor.as_ref(), self.pool.execute_raw(statement))
            .await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        HealthMonitor::or_unresponsive(self.monitor.as_ref(), self.pool.execute_unprepared(sql))
            .await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let found = self.query_all_raw(statement).await?;
        Ok(found.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        HealthMonitor::or_unavailable(self.monitor.as_ref(), self.query(statement)).await
    }
}

/// Whether the connection was ended, as may be found out only by using it: a query, which changes
/// nothing, can be sent again. 57P01 to 57P03 are what PostgreSQL sends last (its manual, appendix A).
fn is_cut(error: &DbErr) -> bool {
    let DbErr::Query(RuntimeErr::SqlxError(error)) = error else {
        return false;
    };
    match &**error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P0")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use sea_orm::ConnectOptions;

    use super::*;

    /// Over a pool of two connections, of which one is for reading.
    async fn reads(acquire_timeout: Duration) -> Reads {
        let settings = DatabaseSettings {
            url: "sqlite::memory:".to_owned(),
            read_url: None,
            pool_size: 2,
            acquire_timeout,
            wait: Duration::ZERO,
            ping: false,
            echo: false,
        };
        let mut options = ConnectOptions::new(&settings.url);
        options.max_connections(2).acquire_timeout(acquire_timeout);
        let pool = sea_orm::Database::connect(options).await.unwrap();
        Reads::new(pool, None, &settings)
    }

    async fn number(reads: &Reads) -> Result<i32, DbErr> {
        let statement = Statement::from_string(DatabaseBackend::Sqlite, "SELECT 7");
        let row = reads.query_one_raw(statement).await?;
        row.expect("it has a row").try_get_by_index(0)
    }

    #[tokio::test]
    async fn queries_leave_half_of_the_connections() {
        let reads = reads(Duration::from_secs(30)).await;
        let pool = reads.pool().get_sqlite_connection_pool();
        let slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) \
                    SELECT count(*) FROM n";
        let answered = AtomicUsize::new(0);
        let query = async || {
            let statement = Statement::from_string(DatabaseBackend::Sqlite, slow);
            reads.query_one_raw(statement).await.unwrap();
            answered.fetch_add(1, Ordering::Relaxed);
        };
        let write = async {
            let connection = pool.acquire().await.unwrap();
            (connection, answered.load(Ordering::Relaxed))
        };

        let (_, (_, before)) = tokio::join!(join_all((0..50).map(|_| query())), write);

        assert_eq!(answered.load(Ordering::Relaxed), 50);
        assert!(before < 50, "a write waited for all queries");
    }

    #[tokio::test]
    async fn a_query_waits_no_longer_than_the_acquire_timeout() {
        // Long enough to open the connections on a busy machine, which it bounds too.
        let reads = reads(Duration::from_secs(1)).await;
        let pool = reads.pool().get_sqlite_connection_pool();
        let both = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());

        let answers = join_all([number(&reads), number(&reads)]).await;

        for answer in answers {
            let late = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
            assert_eq!(answer, Err(late));
        }
        drop(both);
        assert_eq!(number(&reads).await, Ok(7));
    }
}

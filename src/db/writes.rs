//! The pool for statements that change something. While PostgreSQL is away they fail at once, instead
//! of waiting for a connection.

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, ExecResult, QueryResult, Statement,
};

use super::health::HealthMonitor;

#[derive(Clone, Debug)]
pub struct Writes {
    pool: DatabaseConnection,
    monitor: Option<HealthMonitor>,
}

impl Writes {
    pub(super) fn new(pool: DatabaseConnection, monitor: Option<HealthMonitor>) -> Self {
        Self { pool, monitor }
    }

    /// Without the check: for what waits by other means.
    #[must_use]
    pub fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl ConnectionTrait for Writes {
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
        HealthMonitor::or_unresponsive(self.monitor.as_ref(), self.pool.query_one_raw(statement))
            .await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        HealthMonitor::or_unresponsive(self.monitor.as_ref(), self.pool.query_all_raw(statement))
            .await
    }
}

//! Poolers between Mula and PostgreSQL. Those that give each transaction another connection lose
//! `LISTEN`, and are refused at start.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DbErr, RuntimeErr,
    sqlx::{self, postgres::PgListener},
};
use tokio::time::timeout;

use super::Database;

/// How long a notification may take. It takes milliseconds, on a machine that has time for it.
const PATIENCE: Duration = Duration::from_secs(30);

impl Database {
    /// Sends a notification to itself, unless the database is SQLite, which needs none.
    ///
    /// # Errors
    ///
    /// If it does not arrive, or the database fails.
    pub async fn check_notifications(&self) -> Result<(), DbErr> {
        if !self.is_postgres() {
            return Ok(());
        }
        let failed = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
        let pool = self.for_listening();
        let channel = format!("mula_check_{}", uuid::Uuid::now_v7().simple());
        let arrived = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(&channel).await?;
            let notify = format!("NOTIFY {channel}");
            if let Err(error) = self.writes().execute_unprepared(&notify).await {
                return Ok(Err(error));
            }
            Ok(Ok(listener.recv().await?))
        };
        let arrived = timeout(PATIENCE, arrived).await;
        pool.close().await;
        match arrived {
            Ok(Ok(done)) => done.map(|_| ()),
            Ok(Err(error)) => Err(failed(error)),
            Err(_) => Err(DbErr::Custom(
                "notifications do not arrive (LISTEN and NOTIFY): DATABASE_URL leads to a pooler in \
                 transaction mode, such as PgBouncer's, Neon's or Supabase's. Connect directly, or \
                 to the pooler in session mode"
                    .to_owned(),
            )),
        }
    }
}

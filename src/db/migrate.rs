//! The steps of the `migration` crate: applied by one instance while the others wait.

use migration::Migrator;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};
use sea_orm_migration::{MigratorTrait, SchemaManager};

use super::Database;

/// The key of the advisory lock under which one instance migrates and the others wait.
const MIGRATION_LOCK: i64 = 0x4d75_6c61;

/// Steps by their names, oldest first.
#[derive(Clone, Debug)]
pub struct Steps {
    pub missing: Vec<String>,
    pub unknown: Vec<String>,
}

impl Database {
    /// Applies what steps are missing. Of several instances that start at once, one does and
    /// the others wait for it.
    ///
    /// # Errors
    ///
    /// If a step fails; then none was applied.
    pub async fn migrate_up(&self) -> Result<(), DbErr> {
        let tx = self.lock_for_migration().await?;
        Migrator::up(&tx, None).await?;
        tx.commit().await
    }

    /// Takes back the last `steps` steps, and what was stored in their tables with them.
    ///
    /// # Errors
    ///
    /// If a step fails; then none was taken back.
    pub async fn migrate_down(&self, steps: u32) -> Result<(), DbErr> {
        let tx = self.lock_for_migration().await?;
        Migrator::down(&tx, Some(steps)).await?;
        tx.commit().await
    }

    /// Each step's name, and whether it was applied, oldest first.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub async fn migration_status(&self) -> Result<Vec<(String, bool)>, DbErr> {
        let tx = self.lock_for_migration().await?;
        let pending: Vec<_> = Migrator::get_pending_migrations(&tx)
            .await?
            .iter()
            .map(|step| step.name().to_owned())
            .collect();
        tx.commit().await?;
        Ok(Migrator::migrations()
            .iter()
            .map(|step| {
                (
                    step.name().to_owned(),
                    !pending.iter().any(|name| name == step.name()),
                )
            })
            .collect())
    }

    /// Which steps are missing, and which there are that this Mula does not know. Unlike
    /// [`Database::migration_status`] it changes nothing and waits for nobody.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub async fn look_at_steps(&self) -> Result<Steps, DbErr> {
        const TABLE: &str = "seaql_migrations";
        let mut unknown: Vec<String> = Vec::new();
        if SchemaManager::new(self.reads.pool())
            .has_table(TABLE)
            .await?
        {
            let applied = self.reads.query_all_raw(Statement::from_string(
                self.reads.get_database_backend(),
                format!("SELECT version FROM {TABLE} ORDER BY version"),
            ));
            for row in applied.await? {
                unknown.push(row.try_get_by_index(0)?);
            }
        }
        let mut missing = Vec::new();
        for step in Migrator::migrations() {
            match unknown.iter().position(|applied| applied == step.name()) {
                Some(known) => drop(unknown.remove(known)),
                None => missing.push(step.name().to_owned()),
            }
        }
        Ok(Steps { missing, unknown })
    }

    async fn lock_for_migration(&self) -> Result<DatabaseTransaction, DbErr> {
        let tx = self.begin().await?;
        if self.is_postgres() {
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                .await?;
        }
        Ok(tx)
    }
}

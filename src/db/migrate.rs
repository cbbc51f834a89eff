//! The steps of the `migration` crate: applied by one instance while the others wait.

use std::collections::{BTreeMap, BTreeSet};

use migration::Migrator;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, Statement};
use sea_orm_migration::{IntoSchemaManagerConnection, MigratorTrait, SchemaManager};
use tokio::time::Instant;

use super::Database;

/// The key of the advisory lock under which one instance migrates and the others wait.
const MIGRATION_LOCK: i64 = 0x4d75_6c61;

/// Steps by their names, oldest first.
#[derive(Clone, Debug)]
pub struct Steps {
    pub missing: Vec<String>,
    pub unknown: Vec<String>,
}

/// Data that rolling back steps deletes.
#[derive(Clone, Debug, Default)]
pub struct Lost {
    /// With their rows.
    pub tables: Vec<(String, u64)>,
    /// Of tables that stay, as `table.column`.
    pub columns: Vec<String>,
}

impl Database {
    /// Applies the missing steps, and logs each. Of several instances that start at once, one does
    /// and the others wait for it.
    ///
    /// Steps are additive, so that a database with steps of a newer version can be used, with a
    /// warning.
    ///
    /// # Errors
    ///
    /// If a step fails, or if steps are missing where there are unknown ones; then none was applied.
    pub async fn migrate_up(&self) -> Result<(), DbErr> {
        let Steps { missing, unknown } = self.look_at_steps().await?;
        if !unknown.is_empty() && missing.is_empty() {
            tracing::warn!(
                steps = unknown.join(" "),
                "the database schema is newer than this version"
            );
            return Ok(());
        }
        if missing.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let tx = self.lock_for_migration().await?;
        // Another instance may have been first.
        let Steps { missing, unknown } = steps(&tx).await?;
        if !unknown.is_empty() {
            return Err(DbErr::Custom(format!(
                "the database has migrations of another version ({}) and lacks some of this one ({}): \
                 run the version that made them",
                unknown.join(", "),
                missing.join(", ")
            )));
        }
        for step in missing {
            Migrator::up(&tx, Some(1)).await?;
            tracing::info!(
                step,
                ms = started.elapsed().as_millis(),
                "migration applied"
            );
        }
        tx.commit().await
    }

    /// Counts the data that rolling back the last `steps` steps deletes, in a transaction that is
    /// rolled back.
    ///
    /// # Errors
    ///
    /// If a step fails.
    pub async fn lost_by_migrating_down(&self, steps: u32) -> Result<Lost, DbErr> {
        let tx = self.lock_for_migration().await?;
        let before = columns(&tx).await?;
        let mut rows = BTreeMap::new();
        for table in before.keys() {
            let count = Statement::from_string(
                tx.get_database_backend(),
                format!("SELECT COUNT(*) FROM \"{table}\""),
            );
            let row = tx.query_one_raw(count).await?;
            let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
            rows.insert(table.clone(), count.unsigned_abs());
        }
        Migrator::down(&tx, Some(steps)).await?;
        let after = columns(&tx).await?;
        tx.rollback().await?;
        let mut lost = Lost::default();
        for (table, columns) in before {
            match after.get(&table) {
                None => lost.tables.push((table.clone(), rows[&table])),
                Some(kept) => lost.columns.extend(
                    columns
                        .difference(kept)
                        .map(|column| format!("{table}.{column}")),
                ),
            }
        }
        Ok(lost)
    }

    /// Whether any other process of ours is connected to a PostgreSQL database.
    ///
    /// # Errors
    ///
    /// If it cannot be asked.
    pub async fn is_connected_to(&self) -> Result<bool, DbErr> {
        let count = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'mula'";
        let count = Statement::from_string(DatabaseBackend::Postgres, count);
        let row = self.writes().query_one_raw(count).await?;
        let connections: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        let ours = self.writes.pool().get_postgres_connection_pool().size();
        Ok(connections > i64::from(ours))
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

    /// Each known step's name, and whether it was applied, oldest first.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub async fn migration_status(&self) -> Result<Vec<(String, bool)>, DbErr> {
        let missing = self.look_at_steps().await?.missing;
        Ok(Migrator::migrations()
            .iter()
            .map(|step| step.name().to_owned())
            .map(|name| (name.clone(), !missing.contains(&name)))
            .collect())
    }

    /// Which steps are missing, and which there are that this Mula does not know. Changes nothing,
    /// and waits for no lock.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub async fn look_at_steps(&self) -> Result<Steps, DbErr> {
        steps(self.writes.pool()).await
    }

    async fn lock_for_migration(&self) -> Result<DatabaseTransaction, DbErr> {
        let tx = self.begin().await?;
        // The steps run on other connections meanwhile.
        self.let_idle(&tx).await?;
        if self.is_postgres() {
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                .await?;
        }
        Ok(tx)
    }
}

async fn steps<'c, C>(connection: &'c C) -> Result<Steps, DbErr>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    const TABLE: &str = "seaql_migrations";
    let mut unknown: Vec<String> = Vec::new();
    if SchemaManager::new(connection).has_table(TABLE).await? {
        let applied = connection.query_all_raw(Statement::from_string(
            connection.get_database_backend(),
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

/// The columns of each table, but for those of the list of steps.
async fn columns(tx: &DatabaseTransaction) -> Result<BTreeMap<String, BTreeSet<String>>, DbErr> {
    let backend = tx.get_database_backend();
    let sql = if backend == DatabaseBackend::Postgres {
        "SELECT table_name::text, column_name::text FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name <> 'seaql_migrations'"
    } else {
        "SELECT tables.name, columns.name
            FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
            WHERE tables.type = 'table' AND tables.name <> 'seaql_migrations'"
    };
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in tx
        .query_all_raw(Statement::from_string(backend, sql))
        .await?
    {
        let (table, column) = row.try_get_many_by_index()?;
        found.entry(table).or_default().insert(column);
    }
    Ok(found)
}

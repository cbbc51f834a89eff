//! When an idempotency key was used, so that it can be deleted once nobody repeats its request; and
//! indexes by which upkeep finds rows that have ended.

use sea_orm_migration::{
    prelude::*, schema::timestamp_with_time_zone, sea_orm::ConnectionTrait, sea_orm::DbBackend,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The last answer to a key's reading was begun no earlier than the key was used.
const FILL: &str = "UPDATE idempotency_keys SET created_at = (
    SELECT max(created_at) FROM generations
    WHERE generations.reading_id = idempotency_keys.reading_id
) WHERE reading_id IN (SELECT reading_id FROM generations)";

/// For an instance of the release before, which may still be running and does not set the column.
const DEFAULT: &str = "ALTER TABLE idempotency_keys ALTER COLUMN created_at SET DEFAULT now()";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        manager
            .alter_table(
                Table::alter()
                    .table("idempotency_keys")
                    .add_column(
                        timestamp_with_time_zone("created_at").default("1970-01-01T00:00:00+00:00"),
                    )
                    .to_owned(),
            )
            .await?;
        db.execute_unprepared(FILL).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(DEFAULT).await?;
        }
        for (name, table, column) in INDEXES {
            manager
                .create_index(
                    Index::create()
                        .name(name)
                        .table(table)
                        .col(column)
                        .to_owned(),
                )
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, _) in INDEXES {
            manager
                .drop_index(Index::drop().name(name).table(table).to_owned())
                .await?;
        }
        manager
            .alter_table(
                Table::alter()
                    .table("idempotency_keys")
                    .drop_column("created_at")
                    .to_owned(),
            )
            .await
    }
}

const INDEXES: [(&str, &str, &str); 2] = [
    ("idempotency_keys_by_age", "idempotency_keys", "created_at"),
    ("usage_days_by_day", "usage_days", "day"),
];

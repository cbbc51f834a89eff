//! Guests, and their readings of a day by address. Accounts of the previous version are none.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, date, integer, string_len},
    sea_orm::ConnectionTrait,
};

use crate::columns;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables, and the columns they get.
fn columns() -> [(&'static str, ColumnDef); 1] {
    [("users", boolean("is_guest").default(false).take())]
}

fn days() -> TableCreateStatement {
    Table::create()
        .table("guest_days")
        .col(date("day"))
        // SHA-256 with the service's secret: no address is stored.
        .col(string_len("network", 64))
        .col(integer("readings"))
        .primary_key(Index::create().col("day").col("network"))
        .to_owned()
}

/// By which upkeep finds idle guests; of all accounts, it holds guests alone.
const INDEX: &str = "CREATE INDEX users_guests ON users (id) WHERE is_guest";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::add(manager, columns()).await?;
        manager.create_table(days()).await?;
        manager.get_connection().execute_unprepared(INDEX).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("users_guests").table("users").to_owned())
            .await?;
        manager
            .drop_table(Table::drop().table("guest_days").to_owned())
            .await?;
        columns::drop(manager, columns()).await
    }
}

//! Costs of answers: columns for paying for each once, and the months' accounts.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, boolean, date, string_null, timestamp_with_time_zone_null,
        uuid,
    },
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in generation_columns() {
            add(manager, "generations", &mut column).await?;
        }
        add(manager, "readings", &mut is_estimated()).await?;
        manager.create_table(months()).await?;
        manager.create_table(service_months()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["service_months", "usage_months"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        drop(manager, "readings", &is_estimated()).await?;
        for column in generation_columns() {
            drop(manager, "generations", &column).await?;
        }
        Ok(())
    }
}

fn generation_columns() -> [ColumnDef; 5] {
    [
        // When a provider was asked: from then on it may have to be paid.
        timestamp_with_time_zone_null("sent_at"),
        // Nano-dollars it may cost at most, held back from the budgets until it has ended.
        big_integer("reserved").default(0).to_owned(),
        // From where the provider's response can be taken up again.
        string_null("provider_response_id"),
        big_integer_null("provider_sequence"),
        is_estimated(),
    ]
}

/// Whether tokens or cost are our own estimate.
fn is_estimated() -> ColumnDef {
    boolean("is_estimated").default(false).to_owned()
}

fn months() -> TableCreateStatement {
    Table::create()
        .table("usage_months")
        .col(uuid("user_id"))
        .col(date("month"))
        .col(big_integer("tokens"))
        // Nano-dollars.
        .col(big_integer("cost"))
        .primary_key(Index::create().col("user_id").col("month"))
        .foreign_key(
            ForeignKey::create()
                .from("usage_months", "user_id")
                .to("users", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

/// Outlives the users.
fn service_months() -> TableCreateStatement {
    Table::create()
        .table("service_months")
        .col(date("month").primary_key())
        .col(big_integer("tokens"))
        .col(big_integer("cost"))
        .to_owned()
}

/// One at a time: SQLite adds no two in a statement.
async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &mut ColumnDef,
) -> Result<(), DbErr> {
    manager
        .alter_table(Table::alter().table(table).add_column(column).to_owned())
        .await
}

async fn drop(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &ColumnDef,
) -> Result<(), DbErr> {
    manager
        .alter_table(
            Table::alter()
                .table(table)
                .drop_column(column.get_column_name())
                .to_owned(),
        )
        .await
}

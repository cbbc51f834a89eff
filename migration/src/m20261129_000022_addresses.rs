//! Whether an address is confirmed, and the address that an account is to have. Rows of the previous
//! version get the defaults: theirs are not confirmed.

use sea_orm_migration::{
    prelude::*,
    schema::{string_len_null, timestamp_with_time_zone_null},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

fn columns() -> [ColumnDef; 2] {
    [
        timestamp_with_time_zone_null("email_verified_at"),
        string_len_null("pending_email", 255),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in columns() {
            let add = Table::alter().table("users").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            let name = column.get_column_name();
            let drop = Table::alter().table("users").drop_column(name).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

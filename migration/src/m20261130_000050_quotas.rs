//! Limits of a user's own, in place of the settings'. Accounts of the previous version have none.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer_null, integer_null},
};

use crate::columns;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables, and the columns they get.
fn columns() -> [(&'static str, ColumnDef); 2] {
    [
        ("users", integer_null("readings_per_day")),
        ("users", big_integer_null("cost_per_month")),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::add(manager, columns()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::drop(manager, columns()).await
    }
}

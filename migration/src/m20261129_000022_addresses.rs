//! Whether an address is confirmed, and the address that an account is to have. Rows of the previous
//! version get the defaults: theirs are not confirmed.

use sea_orm_migration::{
    prelude::*,
    schema::{string_len_null, timestamp_with_time_zone_null},
};

use crate::columns;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables, and the columns they get.
fn columns() -> [(&'static str, ColumnDef); 2] {
    [
        ("users", timestamp_with_time_zone_null("email_verified_at")),
        ("users", string_len_null("pending_email", 255)),
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

//! Favourites, notes and ratings of readings, and the version of the prompt that wrote an answer. Rows
//! of the previous version get the defaults.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, string_len_null, text_null},
};

use crate::columns;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables, and the columns they get.
fn columns() -> [(&'static str, ColumnDef); 6] {
    [
        ("readings", boolean("is_favourite").default(false).take()),
        ("readings", text_null("note")),
        ("readings", string_len_null("rating", 16)),
        ("generations", string_len_null("rating", 16)),
        ("generations", text_null("rating_reason")),
        ("generations", string_len_null("prompt_version", 64)),
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

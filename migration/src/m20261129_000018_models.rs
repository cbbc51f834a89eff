//! Answers of language models: whether one ended at a limit or its model is thinking, and the tokens
//! that the provider had cached or that were thinking. Rows of the previous version get the defaults.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, integer},
};

use crate::columns;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables, and the columns they get.
fn columns() -> [(&'static str, ColumnDef); 5] {
    let flag = |name: &'static str| boolean(name).default(false).take();
    let count = |name: &'static str| integer(name).default(0).take();
    [
        ("readings", flag("is_truncated")),
        ("generations", flag("is_truncated")),
        ("generations", flag("is_thinking")),
        ("generations", count("cached_tokens")),
        ("generations", count("reasoning_tokens")),
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

//! Favourites, notes and ratings of readings, and the version of the prompt that wrote an answer. Rows
//! of the previous version get the defaults.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, string_len_null, text_null},
};

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
        // SQLite adds one column a statement.
        for (table, column) in columns() {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            let name = column.get_column_name();
            let drop = Table::alter().table(table).drop_column(name).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

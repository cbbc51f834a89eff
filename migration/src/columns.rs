//! Columns that a step adds to tables. SQLite adds and drops one a statement.

use sea_orm_migration::prelude::*;

pub(crate) async fn add(
    manager: &SchemaManager<'_>,
    columns: impl IntoIterator<Item = (&'static str, ColumnDef)>,
) -> Result<(), DbErr> {
    for (table, column) in columns {
        let add = Table::alter().table(table).add_column(column).to_owned();
        manager.alter_table(add).await?;
    }
    Ok(())
}

pub(crate) async fn drop(
    manager: &SchemaManager<'_>,
    columns: impl IntoIterator<Item = (&'static str, ColumnDef)>,
) -> Result<(), DbErr> {
    for (table, column) in columns {
        let name = column.get_column_name();
        let drop = Table::alter().table(table).drop_column(name).to_owned();
        manager.alter_table(drop).await?;
    }
    Ok(())
}

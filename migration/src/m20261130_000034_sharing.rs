//! Links to readings, by their tokens.

use sea_orm_migration::{
    prelude::*,
    schema::{string_len_null, timestamp_with_time_zone_null},
};

use crate::columns;

#[derive(DeriveMigrationName)]
pub struct Migration;

const NAME: &str = "readings_share_token";
const TOKEN: &str = "share_token";

fn columns() -> [(&'static str, ColumnDef); 3] {
    [
        ("readings", string_len_null(TOKEN, 64)),
        ("readings", timestamp_with_time_zone_null("shared_at")),
        (
            "readings",
            timestamp_with_time_zone_null("share_expires_at"),
        ),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::add(manager, columns()).await?;
        let index = Index::create()
            .name(NAME)
            .table("readings")
            .col(TOKEN)
            .unique()
            .and_where(Expr::col(TOKEN).is_not_null())
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name(NAME).table("readings").to_owned())
            .await?;
        columns::drop(manager, columns()).await
    }
}

//! Questions that go on with a conversation, and an index of the replies to a reading.

use sea_orm_migration::{prelude::*, schema::uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMN: &str = "in_reply_to";
const NAME: &str = "readings_in_reply_to";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // No foreign key: SQLite could not drop the column, and a reply stands without its reading.
        let add = Table::alter()
            .table("readings")
            .add_column(uuid_null(COLUMN))
            .to_owned();
        manager.alter_table(add).await?;
        let index = Index::create()
            .name(NAME)
            .table("readings")
            .col(COLUMN)
            .col("user_id")
            .col("id")
            .and_where(Expr::col(COLUMN).is_not_null())
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name(NAME).table("readings").to_owned())
            .await?;
        let drop = Table::alter()
            .table("readings")
            .drop_column(COLUMN)
            .to_owned();
        manager.alter_table(drop).await
    }
}

//! How an answer was handled with regard to the asker's safety.

use sea_orm_migration::{prelude::*, schema::string_len};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("readings")
                    .add_column(string_len("care", 16).default("NONE"))
                    .to_owned(),
            )
            .await?;
        let fixed_replies = Query::update()
            .table("readings")
            .value("care", "CRISIS")
            .and_where(Expr::col("engine").eq("CARE"))
            .to_owned();
        manager.execute(fixed_replies).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("readings")
                    .drop_column("care")
                    .to_owned(),
            )
            .await
    }
}

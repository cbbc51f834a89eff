//! An index by which a user's readings are listed under any filter: each combination of its columns is
//! a range of it, in the order of the ids.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const NAME: &str = "readings_of_user_by_facets";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create()
            .name(NAME)
            .table("readings")
            .col("user_id")
            .col("is_favourite")
            .col("advisor")
            .col("status")
            .col("engine")
            .col("id")
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name(NAME).table("readings").to_owned())
            .await
    }
}

//! Readings, the generations that write their answers, and what users have spent.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, date, integer, json, small_integer, string_len, string_len_null,
        string_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
        uuid, uuid_null,
    },
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            readings(),
            generations(),
            chunks(),
            idempotency_keys(),
            days(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            Days::Table.into_table_ref(),
            IdempotencyKeys::Table.into_table_ref(),
            Chunks::Table.into_table_ref(),
            Generations::Table.into_table_ref(),
            Readings::Table.into_table_ref(),
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn cascade<T: IntoIden + Copy + 'static>(
    table: T,
    column: T,
    to: (impl IntoIden, impl IntoIden),
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(to.0, to.1)
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn readings() -> TableCreateStatement {
    Table::create()
        .table(Readings::Table)
        .col(uuid(Readings::Id).primary_key())
        .col(uuid(Readings::UserId))
        .col(string_len(Readings::Advisor, 16))
        .col(text(Readings::Question))
        // SHA-256 of all that decides the answer: the cache looks it up.
        .col(string_len(Readings::CacheKey, 64))
        .col(uuid(Readings::GenerationId))
        .col(string_len(Readings::Status, 16))
        .col(text_null(Readings::Response))
        .col(string_len(Readings::Engine, 16))
        .col(string_null(Readings::Model))
        .col(json(Readings::Sources))
        .col(integer(Readings::TokensUsed))
        // Nano-dollars.
        .col(big_integer(Readings::Cost))
        .col(boolean(Readings::IsCached))
        .col(string_len_null(Readings::FailureCode, 64))
        .col(text_null(Readings::FailureMessage))
        .col(timestamp_with_time_zone(Readings::CreatedAt))
        .col(timestamp_with_time_zone_null(Readings::CompletedAt))
        .foreign_key(&mut cascade(
            Readings::Table,
            Readings::UserId,
            (Alias::new("users"), Alias::new("id")),
        ))
        .to_owned()
}

fn generations() -> TableCreateStatement {
    Table::create()
        .table(Generations::Table)
        .col(uuid(Generations::Id).primary_key())
        .col(uuid(Generations::ReadingId))
        .col(uuid(Generations::UserId))
        .col(string_len(Generations::Status, 16))
        .col(small_integer(Generations::CastOpen))
        // The lease: who writes, for the how-manieth time it was claimed, and until when.
        .col(uuid_null(Generations::Owner))
        .col(integer(Generations::Epoch))
        .col(timestamp_with_time_zone_null(Generations::LeaseExpiresAt))
        .col(boolean(Generations::CancelRequested))
        .col(integer(Generations::LastSequence))
        // Once ended: where each piece ends in the text, in bytes.
        .col(json(Generations::PieceEnds))
        // The text, once a later generation has taken its place in the reading.
        .col(text_null(Generations::Response))
        .col(string_len(Generations::Engine, 16))
        .col(string_null(Generations::Model))
        .col(json(Generations::Sources))
        .col(integer(Generations::TokensUsed))
        .col(big_integer(Generations::Cost))
        .col(string_len_null(Generations::FailureCode, 64))
        .col(text_null(Generations::FailureMessage))
        .col(timestamp_with_time_zone(Generations::CreatedAt))
        .col(timestamp_with_time_zone_null(Generations::CompletedAt))
        .foreign_key(&mut cascade(
            Generations::Table,
            Generations::ReadingId,
            (Readings::Table, Readings::Id),
        ))
        .to_owned()
}

fn chunks() -> TableCreateStatement {
    Table::create()
        .table(Chunks::Table)
        .col(uuid(Chunks::GenerationId))
        .col(integer(Chunks::Sequence))
        .col(text(Chunks::Text))
        .primary_key(
            Index::create()
                .col(Chunks::GenerationId)
                .col(Chunks::Sequence),
        )
        .foreign_key(&mut cascade(
            Chunks::Table,
            Chunks::GenerationId,
            (Generations::Table, Generations::Id),
        ))
        .to_owned()
}

fn idempotency_keys() -> TableCreateStatement {
    Table::create()
        .table(IdempotencyKeys::Table)
        .col(uuid(IdempotencyKeys::UserId))
        .col(string_len(IdempotencyKeys::Key, 255))
        // SHA-256 of what was asked with the key.
        .col(string_len(IdempotencyKeys::Request, 64))
        .col(uuid(IdempotencyKeys::ReadingId))
        .primary_key(
            Index::create()
                .col(IdempotencyKeys::UserId)
                .col(IdempotencyKeys::Key),
        )
        .foreign_key(&mut cascade(
            IdempotencyKeys::Table,
            IdempotencyKeys::ReadingId,
            (Readings::Table, Readings::Id),
        ))
        .to_owned()
}

fn days() -> TableCreateStatement {
    Table::create()
        .table(Days::Table)
        .col(uuid(Days::UserId))
        .col(date(Days::Day))
        .col(integer(Days::Readings))
        .primary_key(Index::create().col(Days::UserId).col(Days::Day))
        .foreign_key(&mut cascade(
            Days::Table,
            Days::UserId,
            (Alias::new("users"), Alias::new("id")),
        ))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let on_readings = |name: &str| Index::create().name(name).table(Readings::Table).to_owned();
    vec![
        // Keyset pagination: ids are time-ordered, so these are "newest first", with and
        // without the filter.
        on_readings("readings_of_user")
            .col(Readings::UserId)
            .col(Readings::Id)
            .to_owned(),
        on_readings("readings_of_user_by_advisor")
            .col(Readings::UserId)
            .col(Readings::Advisor)
            .col(Readings::Id)
            .to_owned(),
        on_readings("readings_of_user_by_cache_key")
            .col(Readings::UserId)
            .col(Readings::CacheKey)
            .col(Readings::Id)
            .to_owned(),
        Index::create()
            .name("generations_of_reading")
            .table(Generations::Table)
            .col(Generations::ReadingId)
            .col(Generations::Id)
            .to_owned(),
        // Only what is not over is looked for by status: a small index, whatever the history.
        Index::create()
            .name("generations_unfinished")
            .table(Generations::Table)
            .col(Generations::Status)
            .col(Generations::Id)
            .and_where(Expr::col(Generations::CompletedAt).is_null())
            .to_owned(),
        Index::create()
            .name("generations_unfinished_of_user")
            .table(Generations::Table)
            .col(Generations::UserId)
            .and_where(Expr::col(Generations::CompletedAt).is_null())
            .to_owned(),
        Index::create()
            .name("idempotency_keys_of_reading")
            .table(IdempotencyKeys::Table)
            .col(IdempotencyKeys::ReadingId)
            .to_owned(),
    ]
}

#[derive(DeriveIden, Clone, Copy)]
enum Readings {
    Table,
    Id,
    UserId,
    Advisor,
    Question,
    CacheKey,
    GenerationId,
    Status,
    Response,
    Engine,
    Model,
    Sources,
    TokensUsed,
    Cost,
    IsCached,
    FailureCode,
    FailureMessage,
    CreatedAt,
    CompletedAt,
}

#[derive(DeriveIden, Clone, Copy)]
enum Generations {
    Table,
    Id,
    ReadingId,
    UserId,
    Status,
    CastOpen,
    Owner,
    Epoch,
    LeaseExpiresAt,
    CancelRequested,
    LastSequence,
    PieceEnds,
    Response,
    Engine,
    Model,
    Sources,
    TokensUsed,
    Cost,
    FailureCode,
    FailureMessage,
    CreatedAt,
    CompletedAt,
}

#[derive(DeriveIden, Clone, Copy)]
enum Chunks {
    Table,
    GenerationId,
    Sequence,
    Text,
}

#[derive(DeriveIden, Clone, Copy)]
enum IdempotencyKeys {
    Table,
    UserId,
    Key,
    Request,
    ReadingId,
}

#[derive(DeriveIden, Clone, Copy)]
enum Days {
    #[sea_orm(iden = "usage_days")]
    Table,
    UserId,
    Day,
    Readings,
}

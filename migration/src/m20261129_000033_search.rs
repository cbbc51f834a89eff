//! The words of questions and answers, for search: folded by the service, so that both databases find
//! the same. Rows that are there, and rows of the previous version, are indexed by a running server.

use sea_orm_migration::{prelude::*, schema::boolean, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const POSTGRES: &[&str] = &[
    "CREATE TABLE reading_words (
        reading_id uuid PRIMARY KEY REFERENCES readings (id) ON DELETE CASCADE,
        user_id uuid NOT NULL,
        words tsvector NOT NULL
    )",
    "CREATE INDEX reading_words_of_user ON reading_words (user_id, reading_id)",
    "CREATE INDEX reading_words_words ON reading_words USING gin (words)",
];

/// `place` follows from the reading's id, in the same order: a search is read in the order of the list.
const SQLITE: &[&str] = &[
    "CREATE TABLE reading_words (
        place integer PRIMARY KEY,
        reading_id uuid_text NOT NULL UNIQUE REFERENCES readings (id) ON DELETE CASCADE
    )",
    "CREATE VIRTUAL TABLE reading_texts USING fts5 (words, prefix = '2 3 4', tokenize = \"ascii tokenchars '@'\")",
    "INSERT INTO reading_texts (reading_texts, rank) VALUES ('secure-delete', 1)",
    "CREATE TRIGGER reading_words_deleted AFTER DELETE ON reading_words BEGIN
        DELETE FROM reading_texts WHERE rowid = OLD.place;
    END",
];

const DROP_SQLITE: &[&str] = &["DROP TABLE reading_words", "DROP TABLE reading_texts"];

const DROP_POSTGRES: &[&str] = &["DROP TABLE reading_words"];

const INDEX: &str = "readings_unindexed";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("readings")
            .add_column(boolean("is_indexed").default(false))
            .to_owned();
        manager.alter_table(add).await?;
        let unindexed = Index::create()
            .name(INDEX)
            .table("readings")
            .col("id")
            .and_where(Expr::col("is_indexed").eq(false))
            .to_owned();
        manager.create_index(unindexed).await?;
        execute(manager, POSTGRES, SQLITE).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, DROP_POSTGRES, DROP_SQLITE).await?;
        manager
            .drop_index(Index::drop().name(INDEX).table("readings").to_owned())
            .await?;
        let drop = Table::alter()
            .table("readings")
            .drop_column("is_indexed")
            .to_owned();
        manager.alter_table(drop).await
    }
}

async fn execute(
    manager: &SchemaManager<'_>,
    on_postgres: &[&str],
    on_sqlite: &[&str],
) -> Result<(), DbErr> {
    let statements = if manager.get_database_backend() == DbBackend::Postgres {
        on_postgres
    } else {
        on_sqlite
    };
    for statement in statements {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}

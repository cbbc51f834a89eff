//! The index of words. A reading is searched with its answer once that has ended, within a second; a
//! running server indexes all readings that are not indexed, also those of other instances.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, Statement,
    sea_query::{Expr, LockBehavior, LockType},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    super::{Error, Readings},
    place, words,
};
use crate::entity::reading::{self, Column};

/// Readings of a transaction.
const BATCH: u64 = 100;

/// How long answers are gathered that have just ended, and how often others are looked for.
const GATHER: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_secs(5);

/// Places that are tried for a reading whose own is taken.
const PLACES: i64 = 1000;

type Row = (Uuid, Uuid, String, Option<String>);

const INSERT: &str = "INSERT INTO reading_words (reading_id, user_id, words)
    VALUES ($1, $2, CAST($3 AS text)::tsvector)
    ON CONFLICT (reading_id) DO UPDATE SET words = excluded.words";

const FIND_PLACE: &str = "SELECT place FROM reading_words WHERE reading_id = ?";

const TAKE_PLACE: &str = "INSERT INTO reading_words (place, reading_id) VALUES (?, ?)
    ON CONFLICT (place) DO NOTHING";

const DELETE_TEXT: &str = "DELETE FROM reading_texts WHERE rowid = ?";

const INSERT_TEXT: &str = "INSERT INTO reading_texts (rowid, words) VALUES (?, ?)";

impl Readings {
    /// Indexes readings that have ended until `stopping` is cancelled.
    pub async fn index_until(self, stopping: CancellationToken) {
        let mut is_failing = false;
        while !stopping.is_cancelled() {
            let this = self.clone();
            let indexed = self.db.detached(async move { this.index_some().await });
            let indexed = indexed.await;
            if let Some(error) = indexed.as_ref().err().filter(|_| !is_failing) {
                tracing::warn!(%error, "could not index readings for search; trying again");
            }
            is_failing = indexed.is_err();
            if indexed.is_ok_and(|indexed| indexed == BATCH) {
                continue;
            }
            tokio::select! {
                () = self.generations.any_ended() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = stopping.cancelled() => {}
            }
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = stopping.cancelled() => {}
            }
        }
    }

    /// Indexes the newest readings that are not. Returns how many.
    async fn index_some(&self) -> Result<u64, Error> {
        let any = unindexed().into_tuple::<Row>().one(self.db.reads());
        if any.await?.is_none() {
            return Ok(0);
        }
        let tx = self.db.begin().await?;
        let rows = unindexed()
            .limit(BATCH)
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .into_tuple::<Row>()
            .all(&tx)
            .await?;
        for row in &rows {
            if self.db.is_postgres() {
                index_on_postgres(&tx, row).await?;
            } else {
                index_on_sqlite(&tx, row).await?;
            }
        }
        reading::Entity::update_many()
            .col_expr(Column::IsIndexed, Expr::value(true))
            .filter(Column::Id.is_in(rows.iter().map(|row| row.0)))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(rows.len() as u64)
    }
}

/// Newest first.
fn unindexed() -> Select<reading::Entity> {
    reading::Entity::find()
        // As the index has it, and not as a parameter: a plan for any value could not use it.
        .filter(Expr::cust("\"readings\".\"is_indexed\" = FALSE"))
        .filter(Column::CompletedAt.is_not_null())
        .order_by_desc(Column::Id)
        .select_only()
        .columns([
            Column::Id,
            Column::UserId,
            Column::Question,
            Column::Response,
        ])
}

async fn index_on_postgres(tx: &DatabaseTransaction, row: &Row) -> Result<(), DbErr> {
    let (id, user_id, question, response) = row;
    let answer = response.as_deref().unwrap_or_default();
    let words = words::as_tsvector(*user_id, question, answer);
    let values = [(*id).into(), (*user_id).into(), words.into()];
    let insert = Statement::from_sql_and_values(DbBackend::Postgres, INSERT, values);
    tx.execute_raw(insert).await?;
    Ok(())
}

async fn index_on_sqlite(tx: &DatabaseTransaction, row: &Row) -> Result<(), DbErr> {
    let (id, user_id, question, response) = row;
    let known = tx.query_one_raw(on_sqlite(FIND_PLACE, vec![(*id).into()]));
    let place = if let Some(known) = known.await? {
        let place: i64 = known.try_get_by_index(0)?;
        let delete = on_sqlite(DELETE_TEXT, vec![place.into()]);
        tx.execute_raw(delete).await?;
        place
    } else if let Some(place) = take_place(tx, *id).await? {
        place
    } else {
        tracing::warn!(reading = %id, "no place in the index: search leaves the reading out");
        return Ok(());
    };
    let answer = response.as_deref().unwrap_or_default();
    let words = words::as_text(*user_id, question, answer);
    let insert = on_sqlite(INSERT_TEXT, vec![place.into(), words.into()]);
    tx.execute_raw(insert).await?;
    Ok(())
}

/// The reading's own place, or the next that is free.
async fn take_place(tx: &DatabaseTransaction, id: Uuid) -> Result<Option<i64>, DbErr> {
    let first = place(id);
    for place in first..first.saturating_add(PLACES) {
        let take = on_sqlite(TAKE_PLACE, vec![place.into(), id.into()]);
        if tx.execute_raw(take).await?.rows_affected() > 0 {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn on_sqlite(sql: &str, values: Vec<sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

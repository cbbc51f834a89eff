//! Upkeep: every ten minutes deletes expired sessions and links, and idempotency keys and daily counts that
//! are older than a week. A statement deletes at most 500 rows, so that others get SQLite's only
//! writer in between.
//!
//! May use: `clock`, `db`, `entity`.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    Condition, DbErr, EntityTrait, ExprTrait, Iterable, PrimaryKeyToColumn, QueryFilter,
    QuerySelect, QueryTrait,
    sea_query::{Expr, IntoIden, LockBehavior, LockType},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    db::Database,
    entity::{account_token, idempotency_key, session, usage_day},
};

/// How often rows are deleted.
const PERIOD: Duration = Duration::from_mins(10);

/// Rows that one statement deletes, at most.
pub const BATCH: u64 = 500;

/// How long an idempotency key stands for its reading, and the count of a day is kept.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Deletes every ten minutes, at once first, until `stopping` is cancelled.
pub async fn run_until(stopping: CancellationToken, db: Database, clock: Clock) {
    loop {
        let now = clock.now();
        report("expired sessions", delete_sessions(&db, now).await);
        report("expired links", delete_links(&db, now).await);
        report("idempotency keys", delete_keys(&db, now).await);
        report("daily counts", delete_days(&db, now).await);
        // What was deleted meanwhile does not stay in SQLite's log for as long as that is short.
        if let Err(error) = db.empty_log().await {
            tracing::warn!(%error, "SQLite log not emptied; trying again later");
        }
        if stopping
            .run_until_cancelled(tokio::time::sleep(PERIOD))
            .await
            .is_none()
        {
            return;
        }
    }
}

fn report(rows: &'static str, deleted: Result<u64, DbErr>) {
    match deleted {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "deleted {rows}"),
        Err(error) => tracing::warn!(%error, "could not delete {rows}; trying again later"),
    }
}

/// Deletes sessions that expired before `now`. Returns how many.
///
/// # Errors
///
/// If the database fails.
pub async fn delete_sessions(db: &Database, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let expired = Expr::col(session::Column::ExpiresAt).lt(now);
    delete::<session::Entity>(db, expired).await
}

/// Deletes links that expired before `now`. Returns how many.
///
/// # Errors
///
/// If the database fails.
pub async fn delete_links(db: &Database, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let expired = Expr::col(account_token::Column::ExpiresAt).lt(now);
    delete::<account_token::Entity>(db, expired).await
}

/// Deletes idempotency keys that were used a week before `now`. Returns how many.
///
/// # Errors
///
/// If the database fails.
pub async fn delete_keys(db: &Database, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let ended = Expr::col(idempotency_key::Column::CreatedAt).lt(now - KEPT);
    delete::<idempotency_key::Entity>(db, ended).await
}

/// Deletes counts of the readings of days more than a week before `now`. Returns how many.
///
/// # Errors
///
/// If the database fails.
pub async fn delete_days(db: &Database, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let past = Expr::col(usage_day::Column::Day).lt((now - KEPT).date_naive());
    delete::<usage_day::Entity>(db, past).await
}

/// Deletes the rows that a condition holds for, a batch a statement. Several instances do so at
/// once: each leaves alone the rows that another is deleting.
async fn delete<E: EntityTrait>(db: &Database, condition: Expr) -> Result<u64, DbErr> {
    let key = || E::PrimaryKey::iter().map(|key| Expr::col(key.into_column().into_iden()));
    let batch = E::find()
        .select_only()
        .exprs(key())
        .filter(condition)
        .limit(BATCH)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let mut deleted = 0;
    loop {
        let statement = E::delete_many()
            .filter(Condition::all().add(Expr::tuple(key()).in_subquery(batch.clone())))
            .exec(db.writes());
        let rows = db.unless_away(statement).await?.rows_affected;
        deleted += rows;
        if rows < BATCH {
            return Ok(deleted);
        }
        tokio::task::yield_now().await;
    }
}

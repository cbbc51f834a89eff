//! Upkeep: every ten minutes deletes idle guests, expired sessions and links, idempotency keys and daily counts
//! that are older than a week, and events of accounts that are older than 180 days. A statement deletes at most
//! 500 rows, so that others get SQLite's only writer in between.

use std::time::Duration;

use chrono::{DateTime, Days, TimeDelta, Utc};
use sea_orm::{
    Condition, DbErr, EntityTrait, ExprTrait, Iterable, PrimaryKeyToColumn, QueryFilter,
    QuerySelect, QueryTrait,
    sea_query::{Expr, IntoIden, LockBehavior, LockType},
};
use tokio_util::sync::CancellationToken;

use crate::{
    account::Accounts,
    clock::Clock,
    db::Database,
    entity::{account_event, account_token, guest_day, idempotency_key, session, usage_day},
};

/// How often rows are deleted.
const PERIOD: Duration = Duration::from_mins(10);

/// Rows that one statement deletes, at most.
pub const BATCH: u64 = 500;

/// How long an idempotency key stands for its reading, and the count of a day is kept.
const KEPT: TimeDelta = TimeDelta::days(7);

/// How long an event of an account is kept, at most.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(180);

/// Deletes every ten minutes, at once first, until `stopping` is cancelled.
pub async fn run_until(
    stopping: CancellationToken,
    db: Database,
    clock: Clock,
    accounts: Accounts,
) {
    loop {
        let now = clock.now();
        report("expired sessions", delete_sessions(&db, now).await);
        report("expired links", delete_links(&db, now).await);
        report("idempotency keys", delete_keys(&db, now).await);
        report("daily counts", delete_days(&db, now).await);
        report("events of accounts", delete_events(&db, now).await);
        report("guests' counts", delete_guest_days(&db, now).await);
        report("idle guests", accounts.delete_idle_guests().await);
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

/// Deletes events of accounts of more than 180 days before `now`. Returns how many.
///
/// # Errors
///
/// If the database fails.
pub async fn delete_events(db: &Database, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let past = Expr::col(account_event::Column::CreatedAt).lt(now - EVENTS_KEPT);
    delete::<account_event::Entity>(db, past).await
}

/// Deletes counts of guests' readings of days before yesterday: at midnight another instance's clock
/// may still show yesterday. Returns how many.
///
/// # Errors
///
/// If the database fails.
pub async fn delete_guest_days(db: &Database, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let past = Expr::col(guest_day::Column::Day).lt(now.date_naive() - Days::new(1));
    delete::<guest_day::Entity>(db, past).await
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
        let rows = E::delete_many()
            .filter(Condition::all().add(Expr::tuple(key()).in_subquery(batch.clone())))
            .exec(db.writes())
            .await?
            .rows_affected;
        deleted += rows;
        if rows < BATCH {
            return Ok(deleted);
        }
        tokio::task::yield_now().await;
    }
}

//! Counts of readings by day, and spending by month (UTC), of users and of the service. All costs are in
//! nano-dollars.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, Set,
    sea_query::{Expr, IntoColumnRef, OnConflict},
};
use uuid::Uuid;

use crate::{
    advisor::engine::TokenUsage,
    entity::{generation, guest_day, service_month, usage_day, usage_month},
};

/// A user's day and month, as far as anything was counted.
pub async fn usage(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(Option<usage_day::Model>, Option<usage_month::Model>), DbErr> {
    let day = usage_day::Entity::find_by_id((user_id, now.date_naive()));
    let month = usage_month::Entity::find_by_id((user_id, month(now)));
    Ok((day.one(db).await?, month.one(db).await?))
}

/// Counts one more reading of a user's on a day, by an upsert that holds the limit in its condition: of
/// any number at once, exactly as many pass as there is room for. Returns whether this one did.
pub async fn count_on_day(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    day: NaiveDate,
    limit: Option<u32>,
) -> Result<bool, DbErr> {
    let mut count_up = OnConflict::columns([usage_day::Column::UserId, usage_day::Column::Day]);
    let readings = || Expr::col((usage_day::Entity, usage_day::Column::Readings));
    count_up.value(usage_day::Column::Readings, readings().add(1));
    if let Some(limit) = limit {
        count_up.action_and_where(readings().lt(limit));
    }
    let counted = usage_day::Entity::insert(usage_day::ActiveModel {
        user_id: Set(user_id),
        day: Set(day),
        readings: Set(1),
    })
    .on_conflict(count_up)
    .exec_without_returning(tx)
    .await?;
    Ok(counted > 0)
}

/// The same for all guests at one address.
pub async fn count_on_guest_day(
    tx: &impl ConnectionTrait,
    network: &str,
    day: NaiveDate,
    limit: u32,
) -> Result<bool, DbErr> {
    let readings = || Expr::col((guest_day::Entity, guest_day::Column::Readings));
    let mut count_up = OnConflict::columns([guest_day::Column::Day, guest_day::Column::Network]);
    count_up
        .value(guest_day::Column::Readings, readings().add(1))
        .action_and_where(readings().lt(limit));
    let counted = guest_day::Entity::insert(guest_day::ActiveModel {
        day: Set(day),
        network: Set(network.to_owned()),
        readings: Set(1),
    })
    .on_conflict(count_up)
    .exec_without_returning(tx)
    .await?;
    Ok(counted > 0)
}

/// The sum reserved by all unfinished answers, or by those of one user.
pub async fn reserved(tx: &impl ConnectionTrait, user_id: Option<Uuid>) -> Result<i64, DbErr> {
    let mut query = generation::Entity::find()
        .select_only()
        .expr_as(
            // As wide as a column again, which a sum is not on PostgreSQL.
            Expr::col(generation::Column::Reserved)
                .sum()
                .cast_as("bigint"),
            "reserved",
        )
        .filter(generation::Column::CompletedAt.is_null());
    if let Some(user_id) = user_id {
        query = query.filter(generation::Column::UserId.eq(user_id));
    }
    let sum: Option<Option<i64>> = query.into_tuple().one(tx).await?;
    Ok(sum.flatten().unwrap_or(0))
}

/// A user's spending in a month, locked until the transaction ends.
pub async fn lock_month(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    month: NaiveDate,
) -> Result<i64, DbErr> {
    let row = usage_month::Model {
        user_id,
        month,
        tokens: 0,
        cost: 0,
    };
    usage_month::Entity::insert(usage_month::ActiveModel::from(row).reset_all())
        .on_conflict_do_nothing_on([usage_month::Column::UserId, usage_month::Column::Month])
        .exec_without_returning(tx)
        .await?;
    let row = usage_month::Entity::find_by_id((user_id, month))
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row.map_or(0, |row| row.cost))
}

/// The spending of all users in a month, locked in the same way.
pub async fn lock_service_month(tx: &impl ConnectionTrait, month: NaiveDate) -> Result<i64, DbErr> {
    let row = service_month::Model {
        month,
        tokens: 0,
        cost: 0,
    };
    service_month::Entity::insert(service_month::ActiveModel::from(row).reset_all())
        .on_conflict_do_nothing_on([service_month::Column::Month])
        .exec_without_returning(tx)
        .await?;
    let row = service_month::Entity::find_by_id(month)
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row.map_or(0, |row| row.cost))
}

/// Enters the cost into the user's month and the service's.
pub async fn settle(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    created_at: DateTime<Utc>,
    usage: TokenUsage,
) -> Result<(), DbErr> {
    if usage.tokens == 0 && usage.cost == 0 {
        return Ok(());
    }
    let (month, tokens) = (month(created_at), i64::from(usage.tokens));
    let mut add = OnConflict::columns([usage_month::Column::UserId, usage_month::Column::Month]);
    for (column, more) in [
        (usage_month::Column::Tokens, tokens),
        (usage_month::Column::Cost, usage.cost),
    ] {
        add.value(column, added((usage_month::Entity, column), more));
    }
    usage_month::Entity::insert(usage_month::ActiveModel {
        user_id: Set(user_id),
        month: Set(month),
        tokens: Set(tokens),
        cost: Set(usage.cost),
    })
    .on_conflict(add)
    .exec_without_returning(tx)
    .await?;
    settle_service(tx, created_at, usage).await
}

/// Enters the cost into the service's month alone.
pub async fn settle_service(
    tx: &impl ConnectionTrait,
    created_at: DateTime<Utc>,
    usage: TokenUsage,
) -> Result<(), DbErr> {
    let tokens = i64::from(usage.tokens);
    let mut add = OnConflict::column(service_month::Column::Month);
    for (column, more) in [
        (service_month::Column::Tokens, tokens),
        (service_month::Column::Cost, usage.cost),
    ] {
        add.value(column, added((service_month::Entity, column), more));
    }
    service_month::Entity::insert(service_month::ActiveModel {
        month: Set(month(created_at)),
        tokens: Set(tokens),
        cost: Set(usage.cost),
    })
    .on_conflict(add)
    .exec_without_returning(tx)
    .await?;
    Ok(())
}

/// The cost of all answers of this month (UTC), in nano-dollars.
///
/// # Errors
///
/// If the database fails.
pub async fn month_cost(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<i64, DbErr> {
    let row = service_month::Entity::find_by_id(month(now))
        .one(db)
        .await?;
    Ok(row.map_or(0, |row| row.cost))
}

/// A sum that stays at the largest there is: one that overflowed would be an error forever on
/// PostgreSQL, and a float on SQLite.
fn added(column: impl IntoColumnRef + Copy, more: i64) -> Expr {
    let column = || Expr::col(column);
    Expr::case(column().gt(i64::MAX.saturating_sub(more)), i64::MAX)
        .finally(column().add(more))
        .into()
}

/// A month, by its first day.
pub fn month(now: DateTime<Utc>) -> NaiveDate {
    now.date_naive()
        .with_day(1)
        .expect("every month has a first day")
}

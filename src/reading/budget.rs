//! Quotas and budgets. Days and months are in UTC.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, Select, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{Error, Readings, settle::month};
use crate::{
    advisor::engine::Asked,
    entity::{generation, service_month, usage_day, usage_month},
};

/// Whose budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    User,
    Service,
}

/// A user's usage and limits.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub readings_today: i32,
    /// None: no limit.
    pub readings_per_day: Option<u32>,
    pub tokens_this_month: i64,
    /// Nano-dollars.
    pub cost_this_month: i64,
    /// Nano-dollars. None: no limit.
    pub cost_per_month: Option<i64>,
    /// When `readings_today` starts again from 0.
    pub resets_at: DateTime<Utc>,
}

impl Readings {
    /// # Errors
    ///
    /// If the database fails.
    pub async fn usage(&self, user_id: Uuid) -> Result<Usage, Error> {
        let now = self.0.clock.now();
        let db = self.0.db.reads();
        let day = usage_day::Entity::find_by_id((user_id, now.date_naive()))
            .one(db)
            .await?;
        let month = usage_month::Entity::find_by_id((user_id, month(now)))
            .one(db)
            .await?;
        Ok(Usage {
            readings_today: day.map_or(0, |day| day.readings),
            readings_per_day: self.0.settings.readings_per_day,
            tokens_this_month: month.as_ref().map_or(0, |month| month.tokens),
            cost_this_month: month.as_ref().map_or(0, |month| month.cost),
            cost_per_month: self.0.settings.cost_per_month,
            resets_at: next_day(now),
        })
    }

    /// Counts one more reading today, by an upsert that holds the limit in its condition: of
    /// any number at once, exactly as many pass as there is room for.
    pub(super) async fn count_reading(
        &self,
        tx: &impl ConnectionTrait,
        user_id: Uuid,
    ) -> Result<(), Error> {
        let now = self.0.clock.now();
        let mut count_up = OnConflict::columns([usage_day::Column::UserId, usage_day::Column::Day]);
        let readings = || Expr::col((usage_day::Entity, usage_day::Column::Readings));
        count_up.value(usage_day::Column::Readings, readings().add(1));
        if let Some(limit) = self.0.settings.readings_per_day {
            count_up.action_and_where(readings().lt(limit));
        }
        let counted = usage_day::Entity::insert(usage_day::ActiveModel {
            user_id: Set(user_id),
            day: Set(now.date_naive()),
            readings: Set(1),
        })
        .on_conflict(count_up)
        .exec_without_returning(tx)
        .await?;
        if counted == 0 {
            return Err(Error::QuotaExceeded {
                resets_at: next_day(now),
            });
        }
        Ok(())
    }

    /// The most that an answer may cost, in nano-dollars, if the budgets have room for it.
    /// Inserting a generation with it in the same transaction reserves it: it counts until that
    /// generation has ended or is deleted.
    ///
    /// A month's row is locked before anything is added up, and whoever ends a generation enters
    /// its cost there: each answer is counted either as reserved or as spent.
    pub(super) async fn reserve(
        &self,
        tx: &impl ConnectionTrait,
        user_id: Uuid,
        asked: &Asked,
    ) -> Result<i64, Error> {
        let (of_user, of_all) = (
            self.0.settings.cost_per_month,
            self.0.settings.service_cost_per_month,
        );
        let Some(model) = self.0.advisors.model() else {
            return Ok(0);
        };
        if !model.is_priced() {
            return Ok(0);
        }
        // Also without a budget: it is what an answer is settled with whose writer is gone.
        let most = model.most(&self.0.advisors.prompt(asked));
        let now = self.0.clock.now();
        let reserved = generation::Entity::find()
            .select_only()
            .expr_as(
                // As wide as a column again, which a sum is not on PostgreSQL.
                Expr::col(generation::Column::Reserved)
                    .sum()
                    .cast_as("bigint"),
                "reserved",
            )
            .filter(generation::Column::CompletedAt.is_null());
        if let Some(limit) = of_user {
            let spent = locked_month(tx, user_id, month(now)).await?;
            let reserved = reserved
                .clone()
                .filter(generation::Column::UserId.eq(user_id));
            if !is_room(spent, sum(tx, reserved).await?, most, limit) {
                return Err(Error::BudgetExceeded {
                    whose: Budget::User,
                    resets_at: next_month(now),
                });
            }
        }
        if let Some(limit) = of_all {
            let spent = locked_service_month(tx, month(now)).await?;
            if !is_room(spent, sum(tx, reserved).await?, most, limit) {
                return Err(Error::BudgetExceeded {
                    whose: Budget::Service,
                    resets_at: next_month(now),
                });
            }
        }
        Ok(most)
    }
}

/// The cost of all answers of this month (UTC), in nano-dollars.
///
/// # Errors
///
/// If the database fails.
pub async fn month_cost(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<i64, sea_orm::DbErr> {
    let row = service_month::Entity::find_by_id(month(now))
        .one(db)
        .await?;
    Ok(row.map_or(0, |row| row.cost))
}

/// Whether a budget has room for what an answer may cost beside what is spent and promised.
fn is_room(spent: i64, reserved: i64, most: i64, limit: i64) -> bool {
    spent.saturating_add(reserved).saturating_add(most) <= limit
}

async fn sum(
    tx: &impl ConnectionTrait,
    column: Select<generation::Entity>,
) -> Result<i64, sea_orm::DbErr> {
    let sum: Option<Option<i64>> = column.into_tuple().one(tx).await?;
    Ok(sum.flatten().unwrap_or(0))
}

/// A user's spending in a month, locked until the transaction ends.
async fn locked_month(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    month: NaiveDate,
) -> Result<i64, sea_orm::DbErr> {
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
async fn locked_service_month(
    tx: &impl ConnectionTrait,
    month: NaiveDate,
) -> Result<i64, sea_orm::DbErr> {
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

fn next_month(now: DateTime<Utc>) -> DateTime<Utc> {
    midnight(month(now) + Months::new(1))
}

fn next_day(now: DateTime<Utc>) -> DateTime<Utc> {
    midnight(now.date_naive() + Days::new(1))
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike, Timelike};
    use proptest::prelude::*;

    use super::{is_room, month, next_day, next_month};

    proptest! {
        #[test]
        fn room_is_what_exact_sums_say(
            spent in 0..=i64::MAX, reserved in 0..=i64::MAX, most in 0..=i64::MAX, limit in 0..i64::MAX,
        ) {
            let exact = i128::from(spent) + i128::from(reserved) + i128::from(most);
            prop_assert_eq!(is_room(spent, reserved, most, limit), exact <= i128::from(limit));
        }

        /// Each moment is of one day and one month, and both end.
        #[test]
        fn days_and_months_follow_each_other(seconds in 0..100_000_000_000_i64) {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let (day, first) = (next_day(now), next_month(now));
            prop_assert!(now < day && day <= first);
            prop_assert_eq!((day - now).num_seconds(), 86_400 - i64::from(now.num_seconds_from_midnight()));
            prop_assert_eq!((first.day(), first.num_seconds_from_midnight()), (1, 0));
            prop_assert_eq!(month(first - chrono::TimeDelta::nanoseconds(1)), month(now));
            prop_assert_eq!(month(first), first.date_naive());
        }
    }
}

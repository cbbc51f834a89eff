//! What a user may ask for, and has spent: days and months are UTC's.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{Error, Readings};
use crate::entity::{generation, usage_day};

/// What a user has spent, and what is left.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub readings_today: i32,
    /// None: no limit.
    pub readings_per_day: Option<u32>,
    pub tokens_this_month: i64,
    /// Nano-dollars.
    pub cost_this_month: i64,
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
        // What is added up comes back wider than a column on one database and not on the other.
        let spent: Vec<(i32, i64)> = generation::Entity::find()
            .select_only()
            .columns([generation::Column::TokensUsed, generation::Column::Cost])
            .filter(generation::Column::UserId.eq(user_id))
            .filter(generation::Column::CompletedAt.gte(midnight(first_of_month(now))))
            .filter(
                generation::Column::TokensUsed
                    .gt(0)
                    .or(generation::Column::Cost.gt(0)),
            )
            .into_tuple()
            .all(db)
            .await?;
        Ok(Usage {
            readings_today: day.map_or(0, |day| day.readings),
            readings_per_day: self.0.settings.readings_per_day,
            tokens_this_month: spent.iter().map(|(tokens, _)| i64::from(*tokens)).sum(),
            cost_this_month: spent.iter().map(|(_, cost)| cost).sum(),
            resets_at: next_day(now),
        })
    }

    /// Counts one more reading today, by an upsert that holds the limit in its condition: of
    /// any number at once, exactly as many pass as there is room for.
    pub(super) async fn reserve(
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
}

fn first_of_month(now: DateTime<Utc>) -> NaiveDate {
    now.date_naive()
        .with_day(1)
        .expect("every month has a first day")
}

fn next_day(now: DateTime<Utc>) -> DateTime<Utc> {
    midnight(now.date_naive() + Days::new(1))
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

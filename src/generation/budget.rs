//! Quotas and budgets. Days and months are in UTC.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use sea_orm::ConnectionTrait;

use super::{
    Error, Generations,
    store::{self, month},
};
use crate::{advisor::model::LanguageModel, config::Quotas, entity::user};

/// Whose budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    User,
    Service,
}

/// The limits that hold for a user: own ones, or else the settings'. None: no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub readings_per_day: Option<u32>,
    /// Nano-dollars.
    pub cost_per_month: Option<i64>,
}

impl Quota {
    #[must_use]
    pub fn of(user: &user::Model, settings: &Quotas) -> Self {
        let readings = if user.is_guest {
            settings.guest_readings_per_day
        } else {
            settings.readings_per_day
        };
        // `NO_LIMIT` is negative.
        Self {
            readings_per_day: user
                .readings_per_day
                .map_or(readings, |own| u32::try_from(own).ok()),
            cost_per_month: user
                .cost_per_month
                .map_or(settings.cost_per_month, |own| (own >= 0).then_some(own)),
        }
    }
}

/// A user's usage and limits.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub readings_today: i32,
    pub tokens_this_month: i64,
    /// Nano-dollars.
    pub cost_this_month: i64,
    pub quota: Quota,
    /// When `readings_today` starts again from 0.
    pub resets_at: DateTime<Utc>,
}

impl Generations {
    /// # Errors
    ///
    /// If the database fails.
    pub async fn usage(&self, user: &user::Model) -> Result<Usage, Error> {
        let now = self.clock.now();
        let (day, month) = store::usage(self.db.reads(), user.id, now).await?;
        Ok(Usage {
            readings_today: day.map_or(0, |day| day.readings),
            tokens_this_month: month.as_ref().map_or(0, |month| month.tokens),
            cost_this_month: month.as_ref().map_or(0, |month| month.cost),
            quota: self.quota(user),
            resets_at: next_day(now),
        })
    }

    fn quota(&self, user: &user::Model) -> Quota {
        Quota::of(user, &self.settings.quotas)
    }

    /// Counts one more reading today. A guest's counts for the address that it comes from as well, unless
    /// the guest has a limit of its own.
    pub(crate) async fn count_reading(
        &self,
        tx: &impl ConnectionTrait,
        user: &user::Model,
        guest_network: Option<&str>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let exceeded = || Error::QuotaExceeded {
            resets_at: next_day(now),
        };
        let (today, limit) = (now.date_naive(), self.quota(user).readings_per_day);
        if !store::count_on_day(tx, user.id, today, limit).await? {
            return Err(exceeded());
        }
        let shared = guest_network.filter(|_| user.is_guest && user.readings_per_day.is_none());
        if let (Some(network), Some(limit)) = (shared, limit)
            && !store::count_on_guest_day(tx, network, today, limit).await?
        {
            return Err(exceeded());
        }
        Ok(())
    }

    /// Checks that the budgets have room for the most that an answer may cost, in nano-dollars.
    /// Inserting a generation with it in the same transaction reserves it: it counts until that
    /// generation has ended or is deleted.
    ///
    /// A month's row is locked before anything is added up, and the end of a generation adds its
    /// cost there: each answer is counted either as reserved or as spent.
    pub(crate) async fn reserve(
        &self,
        tx: &impl ConnectionTrait,
        user: &user::Model,
        most: i64,
    ) -> Result<(), Error> {
        let is_priced = self.advisors.model().is_some_and(LanguageModel::is_priced);
        // Limits in the settings need prices, a user's own may outlive them: then it holds once it is spent.
        let needed = if is_priced { most } else { 1 };
        let now = self.clock.now();
        let exceeded = |whose| Error::BudgetExceeded {
            whose,
            resets_at: next_month(now),
        };
        if let Some(limit) = self.quota(user).cost_per_month {
            let spent = store::lock_month(tx, user.id, month(now)).await?;
            let reserved = store::reserved(tx, Some(user.id)).await?;
            if !is_room(spent, reserved, needed, limit) {
                return Err(exceeded(Budget::User));
            }
        }
        if let Some(limit) = self.settings.service_cost_per_month {
            let spent = store::lock_service_month(tx, month(now)).await?;
            let reserved = store::reserved(tx, None).await?;
            if !is_room(spent, reserved, most, limit) {
                return Err(exceeded(Budget::Service));
            }
        }
        Ok(())
    }
}

/// Whether a budget has room for what an answer may cost beside what is spent and promised.
fn is_room(spent: i64, reserved: i64, most: i64, limit: i64) -> bool {
    spent.saturating_add(reserved).saturating_add(most) <= limit
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

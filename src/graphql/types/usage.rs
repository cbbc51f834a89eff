//! What a user has spent.

use async_graphql::SimpleObject;

use crate::{
    graphql::scalar::{DateTime, Decimal},
    reading,
};

/// What the user has spent, and what is left. Days and months are UTC's.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Usage {
    /// Readings asked for today.
    readings_today: i32,
    /// Readings that may be asked for in a day; 0 when there is no limit.
    readings_per_day: i32,
    /// Tokens this month's answers took.
    tokens_this_month: i32,
    /// What this month's answers cost, in US dollars.
    cost_this_month: Decimal,
    /// What a month's answers may cost, in US dollars; null when there is no limit.
    cost_per_month: Option<Decimal>,
    /// When readingsToday starts again from 0.
    resets_at: DateTime,
}

impl From<reading::Usage> for Usage {
    fn from(usage: reading::Usage) -> Self {
        Self {
            readings_today: usage.readings_today,
            readings_per_day: i32::try_from(usage.readings_per_day.unwrap_or(0))
                .unwrap_or(i32::MAX),
            tokens_this_month: i32::try_from(usage.tokens_this_month).unwrap_or(i32::MAX),
            cost_this_month: Decimal::dollars(usage.cost_this_month),
            cost_per_month: usage.cost_per_month.map(Decimal::dollars),
            resets_at: DateTime(usage.resets_at),
        }
    }
}

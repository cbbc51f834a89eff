//! A user's usage and limits.

use async_graphql::{Context, ID, SimpleObject};

use crate::{
    entity::user,
    graphql::{
        ApiError,
        caller::ContextExt,
        id::NodeKind,
        scalar::{DateTime, Decimal},
    },
};

/// A user's usage and limits. Days and months are in UTC.
#[derive(SimpleObject, Clone)]
pub(in crate::graphql) struct Usage {
    /// A globally unique, permanent identifier. A user has one usage.
    #[graphql(owned)]
    pub(super) id: ID,
    /// Readings requested today.
    readings_today: i32,
    /// The daily limit of readings. 0 if there is none.
    readings_per_day: i32,
    /// Tokens used by this month's answers.
    tokens_this_month: i32,
    /// The cost of this month's answers in US dollars.
    cost_this_month: Decimal,
    /// The monthly limit of costs in US dollars. Null if there is none.
    cost_per_month: Option<Decimal>,
    /// The time at which `readingsToday` is reset to 0.
    resets_at: DateTime,
}

impl Usage {
    /// That of a user.
    pub(super) async fn find(ctx: &Context<'_>, user: &user::Model) -> Result<Self, ApiError> {
        let usage = ctx.services().generations.usage(user).await?;
        Ok(Self {
            id: NodeKind::Usage.id(user.id),
            readings_today: usage.readings_today,
            readings_per_day: i32::try_from(usage.quota.readings_per_day.unwrap_or(0))
                .unwrap_or(i32::MAX),
            tokens_this_month: i32::try_from(usage.tokens_this_month).unwrap_or(i32::MAX),
            cost_this_month: Decimal::dollars(usage.cost_this_month),
            cost_per_month: usage.quota.cost_per_month.map(Decimal::dollars),
            resets_at: DateTime(usage.resets_at),
        })
    }
}

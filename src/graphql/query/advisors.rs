use async_graphql::{Context, Object};
use sea_orm::Iterable;

use crate::{
    entity::reading::Advisor,
    graphql::{caller::ContextExt, types::AdvisorProfile},
};

#[derive(Default)]
pub(super) struct AdvisorsQuery;

#[Object]
impl AdvisorsQuery {
    /// The four advisors. Open to everyone.
    async fn advisors(&self, ctx: &Context<'_>) -> Vec<AdvisorProfile> {
        let advisors = &ctx.services().advisors;
        Advisor::iter()
            .map(|advisor| AdvisorProfile::new(advisor, advisors.persona(advisor)))
            .collect()
    }
}

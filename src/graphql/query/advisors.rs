use async_graphql::{Context, Object};

use crate::graphql::{caller::ContextExt, types::AdvisorProfile};

#[derive(Default)]
pub(super) struct AdvisorsQuery;

#[Object]
impl AdvisorsQuery {
    /// The four advisors. Public.
    async fn advisors(&self, ctx: &Context<'_>) -> Vec<AdvisorProfile> {
        AdvisorProfile::all(&ctx.services().advisors).collect()
    }
}

use async_graphql::{Context, ID, Object};

use crate::graphql::{ApiError, caller::ContextExt, id::Kind, types::Reading};

#[derive(Default)]
pub(super) struct ReadingQuery;

#[Object]
impl ReadingQuery {
    /// One reading of the signed-in user's; null with a `NOT_FOUND` error otherwise.
    async fn reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which reading.")] id: ID,
    ) -> Result<Option<Reading>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = Kind::Reading.parse(&id, "id")?;
        let found = ctx.services().readings.find(user_id, id).await?;
        found
            .map(|reading| Some(Reading(reading)))
            .ok_or_else(|| ApiError::not_found("reading"))
    }
}

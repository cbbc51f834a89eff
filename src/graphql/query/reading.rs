use async_graphql::{Context, ID, Object};

use crate::graphql::{
    ApiError, caller::ContextExt, id::NodeKind, semantic_non_null, types::Reading,
};

#[derive(Default)]
pub(super) struct ReadingQuery;

#[Object]
impl ReadingQuery {
    /// A reading of the signed-in user by its id. Null with a `NOT_FOUND` error if there is none.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading's id.")] id: ID,
    ) -> Result<Option<Reading>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = NodeKind::Reading.parse(&id, "id")?;
        let found = ctx.services().readings.find(user_id, id).await?;
        found
            .map(|reading| Some(Reading::new(reading)))
            .ok_or_else(|| ApiError::not_found("reading"))
    }
}

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{
    ApiError, caller::ContextExt, id::NodeKind, semantic_non_null, types::Reading,
};

/// A reading whose link ends.
#[derive(InputObject)]
struct UnshareReadingInput {
    /// The reading's id.
    id: ID,
}

/// The result of `unshareReading`.
#[derive(SimpleObject)]
struct UnshareReadingPayload {
    /// The reading after the change.
    reading: Reading,
}

#[derive(Default)]
pub(super) struct UnshareReading;

#[Object]
impl UnshareReading {
    /// Ends the link of a reading at once. A later one has another token.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn unshare_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading.")] input: UnshareReadingInput,
    ) -> Result<Option<UnshareReadingPayload>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = NodeKind::Reading.parse(&input.id, "input.id")?;
        let reading = ctx.services().readings.unshare(user_id, id).await?;
        Ok(Some(UnshareReadingPayload {
            reading: Reading::new(reading),
        }))
    }
}

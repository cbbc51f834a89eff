use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{
    ApiError,
    caller::ContextExt,
    id::NodeKind,
    semantic_non_null,
    types::{Reading, User},
};

/// The reading to cancel.
#[derive(InputObject)]
struct CancelReadingInput {
    /// The reading's id.
    id: ID,
}

/// The result of `cancelReading`.
#[derive(SimpleObject)]
struct CancelReadingPayload {
    /// The reading with the text written so far. A reading that had already ended is unchanged.
    reading: Reading,
    /// The reading's owner.
    user: User,
}

#[derive(Default)]
pub(super) struct CancelReading;

#[Object]
impl CancelReading {
    /// Stops the answer that is being written and keeps its text.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn cancel_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading to cancel.")] input: CancelReadingInput,
    ) -> Result<Option<CancelReadingPayload>, ApiError> {
        let user = ctx.requester()?.user.clone();
        let id = NodeKind::Reading.parse(&input.id, "input.id")?;
        let reading = ctx.services().generations.cancel(user.id, id).await?;
        Ok(Some(CancelReadingPayload {
            reading: Reading::new(reading),
            user: User(user),
        }))
    }
}

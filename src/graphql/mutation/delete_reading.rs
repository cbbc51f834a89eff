use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, id::NodeKind, semantic_non_null, types::User};

/// The reading to delete.
#[derive(InputObject)]
struct DeleteReadingInput {
    /// The reading's id.
    id: ID,
}

/// The result of `deleteReading`.
#[derive(SimpleObject)]
struct DeleteReadingPayload {
    /// The id of the deleted reading.
    deleted_reading_id: ID,
    /// The owner of the deleted reading.
    user: User,
}

#[derive(Default)]
pub(super) struct DeleteReading;

#[Object]
impl DeleteReading {
    /// Deletes a reading with all its answers. This cannot be undone.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn delete_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading to delete.")] input: DeleteReadingInput,
    ) -> Result<Option<DeleteReadingPayload>, ApiError> {
        let user = ctx.requester()?.user.clone();
        let id = NodeKind::Reading.parse(&input.id, "input.id")?;
        ctx.services().readings.delete(user.id, id).await?;
        Ok(Some(DeleteReadingPayload {
            deleted_reading_id: NodeKind::Reading.id(id),
            user: User(user),
        }))
    }
}

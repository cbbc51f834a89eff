use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, id::Kind};

/// Which reading to delete.
#[derive(InputObject)]
struct DeleteReadingInput {
    /// The reading's id.
    id: ID,
}

/// What was deleted.
#[derive(SimpleObject)]
struct DeleteReadingPayload {
    /// The id of the reading that is no more.
    deleted_reading_id: ID,
}

#[derive(Default)]
pub(super) struct DeleteReading;

#[Object]
impl DeleteReading {
    /// Deletes a reading and all that belongs to it. Cannot be undone.
    async fn delete_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which reading to delete.")] input: DeleteReadingInput,
    ) -> Result<Option<DeleteReadingPayload>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = Kind::Reading.parse(&input.id, "input.id")?;
        ctx.services().readings.delete(user_id, id).await?;
        Ok(Some(DeleteReadingPayload {
            deleted_reading_id: Kind::Reading.id(id),
        }))
    }
}

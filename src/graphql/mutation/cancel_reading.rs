use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, id::Kind, types::Reading};

/// Which answer to stop.
#[derive(InputObject)]
struct CancelReadingInput {
    /// The reading's id.
    id: ID,
}

/// What had been written stays.
#[derive(SimpleObject)]
struct CancelReadingPayload {
    /// The reading as it stands now; one that had ended is left as it was.
    reading: Reading,
}

#[derive(Default)]
pub(super) struct CancelReading;

#[Object]
impl CancelReading {
    /// Stops the writing of an answer.
    async fn cancel_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which answer to stop.")] input: CancelReadingInput,
    ) -> Result<Option<CancelReadingPayload>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = Kind::Reading.parse(&input.id, "input.id")?;
        let reading = ctx.services().readings.cancel(user_id, id).await?;
        Ok(Some(CancelReadingPayload {
            reading: Reading(reading),
        }))
    }
}

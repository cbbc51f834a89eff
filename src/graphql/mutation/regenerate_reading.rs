use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, id::Kind, types::Reading};

/// Which question to answer anew.
#[derive(InputObject)]
struct RegenerateReadingInput {
    /// The reading's id.
    id: ID,
    /// Answer when the reading is finished (true), or at once, to be followed by readingUpdates (false).
    #[graphql(default = true)]
    wait: bool,
    /// The same key from the same user writes one new answer: a retried request asks once. 1 to 255 printable ASCII characters.
    idempotency_key: Option<String>,
}

/// The reading with its new answer; the earlier one is among its generations.
#[derive(SimpleObject)]
struct RegenerateReadingPayload {
    /// The reading.
    reading: Reading,
}

#[derive(Default)]
pub(super) struct RegenerateReading;

#[Object]
impl RegenerateReading {
    /// Writes a new answer to the same question, past the cache.
    async fn regenerate_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which question to answer anew.")] input: RegenerateReadingInput,
    ) -> Result<Option<RegenerateReadingPayload>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = Kind::Reading.parse(&input.id, "input.id")?;
        let (services, from) = (ctx.services(), ctx.caller().address);
        services.accounts.limits().question(user_id, from)?;
        let readings = &services.readings;
        let mut reading = readings
            .regenerate(user_id, id, input.idempotency_key)
            .await?;
        if input.wait {
            reading = readings.wait(reading).await?;
        }
        Ok(Some(RegenerateReadingPayload {
            reading: Reading(reading),
        }))
    }
}

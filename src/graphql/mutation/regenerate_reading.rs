use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{
    ApiError,
    caller::ContextExt,
    id::NodeKind,
    semantic_non_null,
    types::{Reading, User},
};

/// The reading to answer again.
#[derive(InputObject)]
struct RegenerateReadingInput {
    /// The reading's id.
    id: ID,
    /// Whether to respond when the reading is finished (true) or at once, for `readingUpdates` to
    /// follow (false). Default true.
    #[graphql(default = true)]
    wait: bool,
    /// An idempotency key: 1 to 255 printable ASCII characters. Requests of one user with the same
    /// key within a week write one new answer.
    idempotency_key: Option<String>,
}

/// The result of `regenerateReading`.
#[derive(SimpleObject)]
struct RegenerateReadingPayload {
    /// The reading with its new answer. The earlier answer is one of its `generations`.
    reading: Reading,
    /// The signed-in user, with the usage after this request.
    user: User,
}

#[derive(Default)]
pub(super) struct RegenerateReading;

#[Object]
impl RegenerateReading {
    /// Requests a new answer to the same question. Cached answers are not used.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn regenerate_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading to answer again.")] input: RegenerateReadingInput,
    ) -> Result<Option<RegenerateReadingPayload>, ApiError> {
        let user = ctx.requester()?.user.clone();
        let id = NodeKind::Reading.parse(&input.id, "input.id")?;
        let (services, from) = (ctx.services(), ctx.caller().address);
        services.accounts.may_ask(&user)?;
        services.accounts.rate_limits.question(user.id, from)?;
        let guest_network = services.accounts.guest_network(&user, from);
        let readings = &services.readings;
        let mut reading = readings
            .regenerate(user.id, id, input.idempotency_key, guest_network)
            .await?;
        if input.wait {
            reading = services.generations.wait(reading).await?;
        }
        Ok(Some(RegenerateReadingPayload {
            reading: Reading::new(reading),
            user: User(user),
        }))
    }
}

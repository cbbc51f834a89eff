use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::{
    graphql::{
        ApiError,
        caller::ContextExt,
        types::{Advisor, Reading},
    },
    reading::Ask,
};

/// A question.
#[derive(InputObject)]
struct AskAdvisorInput {
    /// Whom to ask.
    advisor: Advisor,
    /// What to ask: 5 to 500 characters.
    question: String,
    /// Answer when the reading is finished (true), or at once, to be followed by readingUpdates (false).
    #[graphql(default = true)]
    wait: bool,
    /// The same key from the same user gives the same reading: a retried request asks once. 1 to 255 printable ASCII characters.
    idempotency_key: Option<String>,
}

/// What was asked, and answered.
#[derive(SimpleObject)]
struct AskAdvisorPayload {
    /// The reading; an earlier one if the idempotency key was used before.
    reading: Reading,
}

#[derive(Default)]
pub(super) struct AskAdvisor;

#[Object]
impl AskAdvisor {
    /// Asks an advisor. The question is stored before anything else happens.
    async fn ask_advisor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to ask, and what.")] input: AskAdvisorInput,
    ) -> Result<Option<AskAdvisorPayload>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let (services, from) = (ctx.services(), ctx.caller().address);
        services.accounts.limits().question(user_id, from)?;
        let readings = &services.readings;
        let ask = Ask {
            advisor: input.advisor.into(),
            question: input.question,
            idempotency_key: input.idempotency_key,
        };
        let mut reading = readings.ask(user_id, ask).await?;
        if input.wait {
            reading = readings.wait(reading).await?;
        }
        Ok(Some(AskAdvisorPayload {
            reading: Reading(reading),
        }))
    }
}

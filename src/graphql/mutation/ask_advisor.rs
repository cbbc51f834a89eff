use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::{
    graphql::{
        ApiError,
        caller::ContextExt,
        connection::{self, ReadingEdge},
        id::NodeKind,
        semantic_non_null,
        types::{Advisor, Reading, User},
    },
    reading::Ask,
};

/// A question for an advisor.
#[derive(InputObject)]
struct AskAdvisorInput {
    /// The advisor.
    advisor: Advisor,
    /// The question: 5 to 500 characters.
    question: String,
    /// Whether to respond when the reading is finished (true) or at once, for `readingUpdates` to
    /// follow (false). Default true.
    #[graphql(default = true)]
    wait: bool,
    /// An idempotency key: 1 to 255 printable ASCII characters. Requests of one user with the same
    /// key within a week return the same reading.
    idempotency_key: Option<String>,
    /// The id of a finished reading of the user's, of any advisor, that the question goes on with.
    in_reply_to: Option<ID>,
}

/// The result of `askAdvisor`.
#[derive(SimpleObject)]
struct AskAdvisorPayload {
    /// The reading; an earlier one if the idempotency key was used before.
    reading: Reading,
    /// The reading as an item of the user's readings, for insertion into a cached list. Its cursor is a cursor of
    /// both lists, `Query.readings` and `User.readings`.
    edge: ReadingEdge,
    /// The signed-in user, with the usage after this question.
    user: User,
}

#[derive(Default)]
pub(super) struct AskAdvisor;

#[Object]
impl AskAdvisor {
    /// Asks an advisor. The question is stored before the answer is begun, and the answer is
    /// written whether or not the client stays connected.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn ask_advisor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The advisor and the question.")] input: AskAdvisorInput,
    ) -> Result<Option<AskAdvisorPayload>, ApiError> {
        let user = ctx.requester()?.user.clone();
        let in_reply_to = input.in_reply_to.as_ref();
        let in_reply_to = in_reply_to
            .map(|id| NodeKind::Reading.parse(id, "input.inReplyTo"))
            .transpose()?;
        let (services, from) = (ctx.services(), ctx.caller().address);
        // A cry for help is answered before the address is confirmed.
        if services.advisors.care(&input.question).is_none() {
            services.accounts.may_ask(&user)?;
        }
        services.accounts.rate_limits.question(user.id, from)?;
        let readings = &services.readings;
        let ask = Ask {
            advisor: input.advisor.into(),
            question: input.question,
            idempotency_key: input.idempotency_key,
            in_reply_to,
            guest_network: services.accounts.guest_network(&user, from),
        };
        let mut reading = readings.ask(user.id, ask).await?;
        if input.wait {
            reading = services.generations.wait(reading).await?;
        }
        let reading = Reading::new(reading);
        Ok(Some(AskAdvisorPayload {
            edge: connection::edge(reading.clone()),
            reading,
            user: User(user),
        }))
    }
}

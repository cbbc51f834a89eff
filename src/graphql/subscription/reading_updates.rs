use async_graphql::{Context, ID, Object, Subscription};
use futures_util::{Stream, StreamExt};

use crate::{
    generation::{Position, Update},
    graphql::{
        ApiError,
        caller::ContextExt,
        id::NodeKind,
        types::{Reading, ReadingStatus},
    },
    validation::{FieldErrorCode, Violation},
};

#[derive(Default)]
pub struct ReadingUpdates;

/// A piece of an answer, or the update that ends it.
struct ReadingUpdate(Update);

/// A piece of an answer, or the update that ends it.
#[Object]
impl ReadingUpdate {
    /// The number of this piece, from 1 in each answer. Resume with it as `after`.
    async fn sequence(&self) -> i32 {
        self.0.sequence
    }

    /// The id of the answer's generation.
    async fn generation(&self) -> ID {
        NodeKind::Generation.id(self.0.generation_id)
    }

    /// Unicode code points of the answer before `text`: the answer so far is its first `offset` code points, then
    /// `text`, whatever was replayed.
    async fn offset(&self) -> i32 {
        self.0.offset
    }

    /// The text of this piece. Empty in the last update.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the model thinks and has written nothing yet. Such an update has no text, and the
    /// sequence of the piece before it, or 0.
    async fn is_thinking(&self) -> bool {
        self.0.is_thinking
    }

    /// `WRITING`, or the final state in the last update.
    async fn status(&self) -> ReadingStatus {
        self.0.status.into()
    }

    /// The reading at the time of this update.
    async fn reading(&self) -> Reading {
        Reading::new(self.0.reading.clone())
    }
}

#[Subscription]
impl ReadingUpdates {
    /// The answer as it is written. Replays the pieces after `after`, then goes live, then ends. The last update always
    /// comes, whatever `after` is.
    async fn reading_updates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading's id.")] id: ID,
        #[graphql(desc = "The last sequence received. Default 0: all pieces.")] after: Option<i32>,
        #[graphql(
            desc = "The id of the generation that `after` counts in. Where it is not the reading's present one, the stream starts from its first piece."
        )]
        generation: Option<ID>,
    ) -> Result<impl Stream<Item = Result<ReadingUpdate, ApiError>> + use<>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = NodeKind::Reading.parse(&id, "id")?;
        let generation = generation.map(|id| NodeKind::Generation.parse(&id, "generation"));
        let position = Position {
            generation_id: generation.transpose()?,
            after: after.unwrap_or(0),
        };
        if position.after < 0 {
            let message = "Give 0, or the last sequence seen.";
            let rule =
                Violation::within(FieldErrorCode::OutOfRange, 0..=i32::MAX as usize, message);
            return Err(ApiError::argument("after", rule));
        }
        // Boxed: the stream would keep room for it.
        let updates = Box::pin(ctx.services().generations.follow(user_id, id, position)).await?;
        Ok(updates.map(|update| update.map(ReadingUpdate).map_err(ApiError::from)))
    }
}

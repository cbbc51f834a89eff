use async_graphql::{Context, ID, Object, Subscription};
use futures_util::{Stream, StreamExt};

use crate::{
    graphql::{
        ApiError,
        caller::ContextExt,
        id::Kind,
        types::{Reading, ReadingStatus},
    },
    reading::Update,
};

/// What can be watched, over WebSocket, Server-Sent Events or multipart.
#[derive(Default)]
pub struct Subscription;

/// A piece of an answer, or its end.
struct ReadingUpdate(Update);

/// A piece of an answer, or its end.
#[Object]
impl ReadingUpdate {
    /// Number of this piece, counted from 1 in its answer; resume with it as `after`.
    async fn sequence(&self) -> i32 {
        self.0.sequence
    }

    /// Text to append; empty in the last update.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// WRITING, or in the last update how the answer ended.
    async fn status(&self) -> ReadingStatus {
        self.0.status.into()
    }

    /// The reading as it stood when the piece was sent.
    async fn reading(&self) -> Reading {
        Reading(self.0.reading.clone())
    }
}

/// What can be watched, over WebSocket, Server-Sent Events or multipart.
#[Subscription]
impl Subscription {
    /// The answer as it is written. Replays what is already there after `after`, then goes live, then ends.
    async fn reading_updates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which reading.")] id: ID,
        #[graphql(desc = "The last sequence already seen; 0 or absent for all.")] after: Option<
            i32,
        >,
    ) -> Result<impl Stream<Item = Result<ReadingUpdate, ApiError>> + use<>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = Kind::Reading.parse(&id, "id")?;
        let after = after.unwrap_or(0);
        if after < 0 {
            return Err(ApiError::argument(
                "after",
                "OUT_OF_RANGE",
                "Give 0, or the last sequence seen.",
            ));
        }
        // Boxed: the stream would keep room for it.
        let updates = Box::pin(ctx.services().readings.follow(user_id, id, after)).await?;
        Ok(updates.map(|update| update.map(ReadingUpdate).map_err(ApiError::from)))
    }
}

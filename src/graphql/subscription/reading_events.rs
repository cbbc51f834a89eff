use async_graphql::{Context, ID, SimpleObject, Subscription, Union};
use futures_util::{Stream, StreamExt};

use crate::{
    generation::Event,
    graphql::{
        ApiError,
        caller::ContextExt,
        connection::{self, ReadingEdge},
        id::NodeKind,
        types::{Reading, User},
    },
};

#[derive(Default)]
pub struct ReadingEvents;

/// An event of the signed-in user's readings.
#[derive(Union)]
enum ReadingEvent {
    Asked(ReadingAsked),
    Changed(ReadingChanged),
    Deleted(ReadingDeleted),
}

/// A new question.
#[derive(SimpleObject)]
struct ReadingAsked {
    /// The reading as an item of the user's readings, for insertion at the front of a cached list.
    edge: ReadingEdge,
    /// The signed-in user, with the usage after this question.
    user: User,
}

/// A change of a reading: its answer begins, ends or is replaced by a new one, or its user marks, annotates or rates it.
#[derive(SimpleObject)]
struct ReadingChanged {
    /// The reading as it is now.
    reading: Reading,
    /// The reading's owner.
    user: User,
}

/// A deletion.
#[derive(SimpleObject)]
struct ReadingDeleted {
    /// The id of the deleted reading.
    deleted_reading_id: ID,
    /// The owner of the deleted reading.
    user: User,
}

impl ReadingEvent {
    fn new(event: Event, user: User) -> Self {
        match event {
            Event::Asked(reading) => Self::Asked(ReadingAsked {
                edge: connection::edge(Reading::new(reading)),
                user,
            }),
            Event::Changed(reading) => Self::Changed(ReadingChanged {
                reading: Reading::new(reading),
                user,
            }),
            Event::Deleted(id) => Self::Deleted(ReadingDeleted {
                deleted_reading_id: NodeKind::Reading.id(id),
                user,
            }),
        }
    }
}

#[Subscription]
impl ReadingEvents {
    /// Events of the signed-in user's readings from now on, whichever device or instance causes them. A client fetches
    /// its readings after it has subscribed, and again whenever it subscribes anew.
    async fn reading_events(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<ReadingEvent, ApiError>> + use<>, ApiError> {
        let requester = ctx.requester()?;
        let (session_id, user_id) = (requester.session.id, requester.user.id);
        let services = ctx.services();
        let accounts = services.accounts.clone();
        // Boxed: the stream would keep room for it.
        let events = Box::pin(services.generations.events(user_id)).await?;
        Ok(events.then(move |event| {
            let accounts = accounts.clone();
            async move {
                let event = event?;
                // As the account is now: a stream may last for days.
                let requester = accounts.sessions.requester(session_id, user_id).await?;
                Ok(ReadingEvent::new(event, User(requester.user.clone())))
            }
        }))
    }
}

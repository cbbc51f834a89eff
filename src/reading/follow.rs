//! Following an answer: what is there after a number, then what comes, then the end.
//!
//! A follower waits for a tick and reads the log, however the tick came: there is one way for
//! news to reach it, so there is no gap and no repeat between "replayed" and "live".

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Error, Readings};
use crate::{
    entity::{
        generation,
        reading::{self, Status},
    },
    metrics, request,
};

/// How long a follower waits for a database that is away, and how often it looks.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_secs(1);

/// Followers that look at once, for each query that has a turn at the database. Thousands may be
/// told of something in the same moment, and everyone else's queries would wait behind all of
/// theirs. Still more than one: some have to wait for a turn, or the connections go to those that
/// write.
pub(super) const LOOKERS: usize = 6;

/// The last piece that a follower has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Position {
    /// The answer whose pieces are counted. None: the present one of its reading.
    pub generation_id: Option<Uuid>,
    /// 0 before the first piece.
    pub after: i32,
}

/// A piece of an answer, or, with an empty text and a final status, its end.
#[derive(Clone, Debug)]
pub struct Update {
    pub generation_id: Uuid,
    /// From 1; the end has the number after the last piece's.
    pub sequence: i32,
    /// Characters of the answer before the text.
    pub offset: i32,
    pub text: String,
    pub status: Status,
    /// Whether the model thinks and has written nothing yet. Such an update is no piece: it has no
    /// text, and the number of the piece before it.
    pub is_thinking: bool,
    /// As it stood when the piece was read.
    pub reading: Arc<reading::Model>,
}

/// Where a follower is.
struct Follower<W> {
    readings: Readings,
    user_id: Uuid,
    /// The answer it follows, also when a newer one is begun meanwhile.
    generation_id: Uuid,
    /// The last piece that the client has.
    after: i32,
    /// The last piece that was read, and the characters up to its end.
    sequence: i32,
    offset: i32,
    ready: VecDeque<Update>,
    ended: bool,
    /// Whether the follower was told that the model thinks.
    is_thinking: bool,
    ticks: W,
    /// For as long as it is there.
    _counted: metrics::Follower,
}

impl Readings {
    /// The answer's pieces after a position, and its end. A position in another answer, which a newer
    /// one has replaced, is before the first piece.
    ///
    /// # Errors
    ///
    /// If the user has no such reading; in the stream, also if it is deleted meanwhile.
    pub async fn follow(
        &self,
        user_id: Uuid,
        reading_id: Uuid,
        position: Position,
    ) -> Result<impl Stream<Item = Result<Update, Error>> + Send + use<>, Error> {
        request::note_reading(reading_id);
        let ticks = self.0.wake.subscribe(reading_id);
        let reading = {
            let _permit = self.0.lookers.acquire().await;
            self.find_now(user_id, reading_id).await?
        };
        let reading = reading.ok_or(Error::NotFound)?;
        request::note_generation(reading.generation_id);
        let is_of_another = position
            .generation_id
            .is_some_and(|id| id != reading.generation_id);
        let follower = Follower {
            readings: self.clone(),
            user_id,
            generation_id: reading.generation_id,
            after: if is_of_another { 0 } else { position.after },
            sequence: 0,
            offset: 0,
            ready: VecDeque::new(),
            ended: false,
            is_thinking: false,
            ticks,
            _counted: self.0.metrics.follower(),
        };
        Ok(stream::try_unfold(follower, |mut follower| async move {
            while follower.ready.is_empty() && !follower.ended {
                follower.ticks.borrow_and_update();
                // Boxed: between looks, which is nearly always, a follower has no room for one.
                Box::pin(follower.look_patiently()).await?;
                if follower.ready.is_empty()
                    && !follower.ended
                    && follower.ticks.changed().await.is_err()
                {
                    // The sender goes only with everything else.
                    follower.ended = true;
                }
            }
            Ok(follower.ready.pop_front().map(|update| (update, follower)))
        }))
    }
}

impl<W> Follower<W> {
    /// Looks, also when the database is away for a moment.
    async fn look_patiently(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let readings = self.readings.clone();
            let look = async {
                let _permit = readings.0.lookers.acquire().await;
                self.look().await
            };
            match readings.0.db.unless_away(look).await {
                Err(Error::Database(error)) if Instant::now() < deadline => {
                    tracing::debug!(%error, "could not look at what is followed; trying again");
                    tokio::time::sleep(LOOK).await;
                }
                done => return done,
            }
        }
    }

    /// Makes ready what there is after the last number.
    async fn look(&mut self) -> Result<(), Error> {
        // In one query: of two, one could be from before the end and the other from after it.
        let found = generation::Entity::find_by_id(self.generation_id)
            .find_also_related(reading::Entity)
            .filter(reading::Column::UserId.eq(self.user_id))
            .one(self.readings.0.db.reads())
            .await?;
        let Some((generation, Some(reading))) = found else {
            return Err(Error::NotFound);
        };
        let reading = Arc::new(reading);
        if generation.completed_at.is_none() {
            let chunks = self
                .readings
                .chunks_after(self.readings.0.db.reads(), generation.id, self.sequence)
                .await?;
            for chunk in chunks {
                self.read(chunk.sequence, chunk.text, &reading);
            }
            if generation.is_thinking && !self.is_thinking && self.ready.is_empty() {
                self.is_thinking = true;
                let nothing = self.update(self.sequence, String::new(), Status::Writing, &reading);
                self.ready.push_back(Update {
                    is_thinking: true,
                    ..nothing
                });
            }
            return Ok(());
        }
        let text = text_of(&generation, &reading).unwrap_or_default();
        let mut start = 0;
        for (index, &end) in generation.piece_ends.0.iter().enumerate() {
            if number(index) > self.sequence {
                let piece = text.get(start..end).unwrap_or_default().to_owned();
                self.read(number(index), piece, &reading);
            }
            start = end;
        }
        // Whatever the client has: a page that missed the end would wait for it for ever.
        let last = number(generation.piece_ends.0.len());
        let end = self.update(last, String::new(), generation.status, &reading);
        self.ready.push_back(end);
        self.ended = true;
        Ok(())
    }

    /// Takes the next piece, and makes it ready unless the client has it.
    fn read(&mut self, sequence: i32, text: String, reading: &Arc<reading::Model>) {
        let characters = i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
        if sequence > self.after {
            let piece = self.update(sequence, text, Status::Writing, reading);
            self.ready.push_back(piece);
        }
        self.sequence = sequence;
        self.offset = self.offset.saturating_add(characters);
    }

    /// An update for where the follower is.
    fn update(
        &self,
        sequence: i32,
        text: String,
        status: Status,
        reading: &Arc<reading::Model>,
    ) -> Update {
        Update {
            generation_id: self.generation_id,
            sequence,
            offset: self.offset,
            text,
            status,
            is_thinking: false,
            reading: reading.clone(),
        }
    }
}

/// The text of an answer that has ended.
pub(super) fn text_of<'a>(
    generation: &'a generation::Model,
    reading: &'a reading::Model,
) -> Option<&'a str> {
    // A newer answer may have taken its place in the reading.
    if reading.generation_id == generation.id {
        reading.response.as_deref()
    } else {
        generation.response.as_deref()
    }
}

/// The number of the piece at an index.
fn number(index: usize) -> i32 {
    i32::try_from(index + 1).unwrap_or(i32::MAX)
}

//! Following an answer: what is there after a number, then what comes, then the end.
//!
//! A follower waits for a wake and reads the log, however the wake came: there is one way for
//! news to reach it, so there is no gap and no repeat between "replayed" and "live".

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Error, Generations, store};
use crate::{
    entity::{
        generation,
        reading::{self, Status},
    },
    metrics, request_context,
};

/// How long a follower waits for a database that is away, and how often it looks.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_secs(1);

/// Followers that look at once, for each query that has a turn at the database. Thousands may be woken in
/// the same moment, and all other queries would wait behind theirs. Still more than one: some have to wait
/// for a turn, or the connections go to those that write.
pub(super) const PERMITS_PER_TURN: usize = 6;

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
    generations: Arc<Generations>,
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
    /// Whether the follower received that the model thinks.
    is_thinking: bool,
    wakes: W,
    /// For as long as it is there.
    _counted: metrics::Follower,
}

impl Generations {
    /// The answer's pieces after a position, and its end. A position in another answer, which a newer
    /// one has replaced, is before the first piece.
    ///
    /// # Errors
    ///
    /// If the user has no such reading; in the stream, also if it is deleted meanwhile.
    pub async fn follow(
        self: &Arc<Self>,
        user_id: Uuid,
        reading_id: Uuid,
        position: Position,
    ) -> Result<impl Stream<Item = Result<Update, Error>> + Send + use<>, Error> {
        request_context::record_reading(reading_id);
        let wakes = self.notifier.subscribe(reading_id);
        let reading = {
            let _permit = self.follower_permits.acquire().await;
            self.find_reading(user_id, reading_id).await?
        };
        let reading = reading.ok_or(Error::NotFound)?;
        request_context::record_generation(reading.generation_id);
        let is_of_another = position
            .generation_id
            .is_some_and(|id| id != reading.generation_id);
        let follower = Follower {
            generations: self.clone(),
            user_id,
            generation_id: reading.generation_id,
            after: if is_of_another { 0 } else { position.after },
            sequence: 0,
            offset: 0,
            ready: VecDeque::new(),
            ended: false,
            is_thinking: false,
            wakes,
            _counted: self.metrics.follower(),
        };
        Ok(stream::try_unfold(follower, |mut follower| async move {
            while follower.ready.is_empty() && !follower.ended {
                follower.wakes.borrow_and_update();
                // Boxed: between looks, which is nearly always, a follower has no room for one.
                Box::pin(follower.look_with_retries()).await?;
                if follower.ready.is_empty()
                    && !follower.ended
                    && follower.wakes.changed().await.is_err()
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
    async fn look_with_retries(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let generations = self.generations.clone();
            let permit = generations.follower_permits.acquire().await;
            let looked = self.look().await;
            drop(permit);
            match looked {
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
        let db = self.generations.db.reads();
        let found = store::find(db, self.generation_id).await?;
        let found = found.filter(|(_, reading)| reading.user_id == self.user_id);
        let (generation, reading) = found.ok_or(Error::NotFound)?;
        let reading = Arc::new(reading);
        if generation.completed_at.is_none() {
            for chunk in store::pieces_after(db, generation.id, self.sequence).await? {
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

//! Following an answer: what is there after a number, then what comes, then the end.
//!
//! A follower waits for a tick and reads the log, however the tick came: there is one way for
//! news to reach it, so there is no gap and no repeat between "replayed" and "live".

use std::{collections::VecDeque, time::Duration};

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
    metrics,
};

/// How long a follower waits for a database that is away, and how often it looks.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_secs(1);

/// Followers that look at once, for each query that has a turn at the database. Thousands may be
/// told of something in the same moment, and everyone else's queries would wait behind all of
/// theirs. Still more than one: some have to wait for a turn, or the connections go to those that
/// write.
pub(super) const LOOKERS: usize = 6;

/// A piece of an answer, or, with an empty text and a final status, its end.
#[derive(Clone, Debug)]
pub struct Update {
    /// From 1; the end has the number after the last piece's.
    pub sequence: i32,
    pub text: String,
    pub status: Status,
    /// As it stood when the piece was read.
    pub reading: reading::Model,
}

/// Where a follower is.
struct Follower<W> {
    readings: Readings,
    user_id: Uuid,
    /// The answer it follows, also when a newer one is begun meanwhile.
    generation_id: Uuid,
    after: i32,
    ready: VecDeque<Update>,
    ended: bool,
    ticks: W,
    /// For as long as it is there.
    _counted: metrics::Follower,
}

impl Readings {
    /// The answer's pieces after a number, and its end.
    ///
    /// # Errors
    ///
    /// If the user has no such reading; in the stream, also if it is deleted meanwhile.
    pub async fn follow(
        &self,
        user_id: Uuid,
        reading_id: Uuid,
        after: i32,
    ) -> Result<impl Stream<Item = Result<Update, Error>> + Send + use<>, Error> {
        let ticks = self.0.wake.subscribe(reading_id);
        let reading = {
            let _permit = self.0.lookers.acquire().await;
            self.find_now(user_id, reading_id).await?
        };
        let reading = reading.ok_or(Error::NotFound)?;
        let follower = Follower {
            readings: self.clone(),
            user_id,
            generation_id: reading.generation_id,
            after,
            ready: VecDeque::new(),
            ended: false,
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

    /// The answer as far as it is written.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn text_so_far(&self, reading: &reading::Model) -> Result<Option<String>, Error> {
        if reading.status.is_final() {
            return Ok(reading.response.clone());
        }
        let chunks = self
            .chunks_after(self.0.db.reads(), reading.generation_id, 0)
            .await?;
        if chunks.is_empty() {
            // Not begun; or ended since the reading was read, and then it is all there.
            let now = self.find_now(reading.user_id, reading.id).await?;
            return Ok(now.and_then(|now| now.response));
        }
        Ok(Some(chunks.into_iter().map(|chunk| chunk.text).collect()))
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
        if generation.completed_at.is_none() {
            for chunk in self
                .readings
                .chunks_after(self.readings.0.db.reads(), generation.id, self.after)
                .await?
            {
                self.push(chunk.sequence, chunk.text, Status::Writing, &reading);
            }
            return Ok(());
        }
        // Its text, which a newer answer may have taken the place of.
        let text = if reading.generation_id == generation.id {
            reading.response.as_deref()
        } else {
            generation.response.as_deref()
        };
        let text = text.unwrap_or_default();
        let mut start = 0;
        for (index, &end) in generation.piece_ends.0.iter().enumerate() {
            let piece = text.get(start..end).unwrap_or_default().to_owned();
            self.push(number(index), piece, Status::Writing, &reading);
            start = end;
        }
        let last = number(generation.piece_ends.0.len());
        self.push(last, String::new(), generation.status, &reading);
        self.ended = true;
        Ok(())
    }

    fn push(&mut self, sequence: i32, text: String, status: Status, reading: &reading::Model) {
        if sequence > self.after {
            self.after = sequence;
            self.ready.push_back(Update {
                sequence,
                text,
                status,
                reading: reading.clone(),
            });
        }
    }
}

/// The number of the piece at an index.
fn number(index: usize) -> i32 {
    i32::try_from(index + 1).unwrap_or(i32::MAX)
}

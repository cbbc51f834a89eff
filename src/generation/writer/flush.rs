//! Storing what a writer has: pieces of text, the place to resume from, what it has spent. Each is
//! stored only while the lease is held.

use sea_orm::DbErr;

use super::Writer;
use crate::{
    advisor::engine::TokenUsage,
    generation::{
        Error, Generations,
        buffer::AnswerBuffer,
        notice::News,
        retry::{RETRIES, RETRY_PAUSE},
        store::{self, Lease, Renewal},
    },
};

struct Piece {
    sequence: i32,
    text: String,
    /// Whether an earlier attempt to store it may have been committed.
    in_doubt: bool,
}

/// The result of a renewal.
enum Stored {
    /// The lease is lost.
    Nothing,
    /// It is renewed, and so many bytes of text are a piece, if there was one.
    Piece(Option<usize>),
}

impl Writer {
    /// Renews the lease, and stores what is new in the buffer: as a piece, if it is text. Returns
    /// whether the lease still held.
    pub(super) async fn flush(&self, buffer: &mut AnswerBuffer) -> Result<bool, Error> {
        let text = buffer.pending();
        let renewal = Renewal {
            lease_end: self.generations.lease_end(),
            position: buffer.position.clone(),
            sources: buffer.new_sources(),
            is_thinking: buffer.is_thinking,
        };
        let piece = (!text.is_empty()).then(|| Piece {
            sequence: buffer.next_sequence(),
            text: text.to_owned(),
            in_doubt: buffer.in_doubt,
        });
        // Until it is known to be stored, or not: the wait for it may be given up.
        buffer.in_doubt |= piece.is_some();
        let (generations, lease) = (self.generations.clone(), self.lease);
        let renew = async move { generations.renew(lease, renewal, piece).await };
        match self.generations.db.detached(renew).await? {
            Stored::Nothing => return Ok(false),
            Stored::Piece(Some(bytes)) => buffer.stored(bytes),
            Stored::Piece(None) => buffer.renewed(),
        }
        Ok(true)
    }

    /// Finds out what is stored of a buffer whose last piece is in doubt: followers may have it, and
    /// what comes is to go on from there. Returns whether there is anything left to end.
    pub(super) async fn is_certain(&self, buffer: &mut AnswerBuffer) -> Result<bool, Error> {
        let generations = &self.generations;
        for _ in 0..RETRIES {
            if !buffer.in_doubt {
                return Ok(true);
            }
            match self.flush(buffer).await {
                Ok(held) => return Ok(held),
                Err(error) if error.is_lasting() => return Err(error),
                Err(error) => generations
                    .unstored
                    .failed(self.lease.generation_id, &error),
            }
            let pause = generations
                .hand_over
                .run_until_cancelled(tokio::time::sleep(RETRY_PAUSE));
            if pause.await.is_none() {
                break;
            }
        }
        Ok(false)
    }

    /// Records, before a provider is asked, that it will have been. Returns whether the lease held.
    pub(super) async fn mark_sent(&self) -> Result<bool, DbErr> {
        let (db, now) = (&self.generations.db, self.generations.clock.now());
        store::mark_sent(db.writes(), self.lease, now).await
    }

    /// Has the built-in advisor write what a model could not. Returns whether the lease held.
    pub(super) async fn fall_back(&self, spent: TokenUsage) -> Result<bool, DbErr> {
        store::fall_back(self.generations.db.writes(), self.lease, spent).await
    }

    /// Stores what is pending and gives the generation back to be claimed by another instance.
    pub(super) async fn release(&self, buffer: &mut AnswerBuffer) -> Result<(), Error> {
        if self.flush(buffer).await? {
            let db = self.generations.db.writes();
            store::release(db, self.lease).await?;
            self.generations
                .send(db, self.lease.reading_id, News::Queued, None)
                .await?;
        }
        Ok(())
    }
}

impl Generations {
    async fn renew(
        &self,
        lease: Lease,
        renewal: Renewal,
        piece: Option<Piece>,
    ) -> Result<Stored, Error> {
        let Some(piece) = piece else {
            let db = self.db.writes();
            let is_thinking = renewal.is_thinking;
            if !store::renew(db, lease, renewal).await? {
                return Ok(Stored::Nothing);
            }
            if is_thinking {
                self.send(db, lease.reading_id, News::Written, None).await?;
                self.notifier.wake(lease.reading_id);
            }
            return Ok(Stored::Piece(None));
        };
        let (sequence, bytes) = (piece.sequence, piece.text.len());
        let tx = self.db.begin().await?;
        if !store::append(&tx, lease, renewal, sequence, piece.text).await? {
            tx.rollback().await?;
            if !piece.in_doubt {
                return Ok(Stored::Nothing);
            }
            // Stored already, its commit not having been answered: with as much text as was pending then.
            let stored = store::held_piece(self.db.reads(), lease, sequence).await?;
            return Ok(stored.map_or(Stored::Nothing, |piece| {
                self.notifier.wake(lease.reading_id);
                Stored::Piece(Some(piece.text.len()))
            }));
        }
        self.send(&tx, lease.reading_id, News::Written, None)
            .await?;
        tx.commit().await?;
        self.notifier.wake(lease.reading_id);
        Ok(Stored::Piece(Some(bytes)))
    }
}

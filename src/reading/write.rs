//! Writing an answer: who holds the lease appends pieces and ends the generation.
//!
//! Every write carries the lease's owner and epoch. One that changes nothing has lost the
//! lease: whoever took it over goes on, and this writer stops.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set,
    UpdateMany, sea_query::Expr,
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, Readings};
use crate::{
    advisor::obi::Cast,
    entity::{
        PieceEnds, Sources, chunk, generation,
        reading::{self, Status},
    },
};

/// How long to wait before a failed write is tried again, and how often.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
const RETRIES: u32 = 600;

/// A piece is written when it is this old, or has this many bytes.
const PIECE_AGE: Duration = Duration::from_millis(250);
const PIECE: usize = 256;

/// What this instance holds while it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub generation_id: Uuid,
    pub reading_id: Uuid,
    pub epoch: i32,
}

/// What is being written on this instance, and how to stop it.
#[derive(Default)]
pub(super) struct Writing(Mutex<HashMap<Uuid, (Lease, CancellationToken)>>);

impl Writing {
    fn begin(&self, lease: Lease) -> CancellationToken {
        let token = CancellationToken::new();
        self.lock().insert(lease.reading_id, (lease, token.clone()));
        token
    }

    /// A lease that was lost may have been won again here: then it is another writer's.
    fn end(&self, lease: Lease) {
        let mut writing = self.lock();
        if writing
            .get(&lease.reading_id)
            .is_some_and(|(held, _)| *held == lease)
        {
            writing.remove(&lease.reading_id);
        }
    }

    pub(super) fn readings(&self) -> Vec<Uuid> {
        self.lock().keys().copied().collect()
    }

    /// Whether it was being written here.
    pub(super) fn cancel(&self, reading_id: Uuid) -> bool {
        self.lock()
            .get(&reading_id)
            .map(|(_, token)| token.cancel())
            .is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, (Lease, CancellationToken)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a generation ends.
pub(super) struct Outcome {
    pub status: Status,
    pub text: String,
    pub piece_ends: Vec<usize>,
    pub sources: Sources,
    pub failure: Option<(&'static str, &'static str)>,
}

/// What a writer has written, and is about to.
pub(super) struct Draft {
    written: String,
    piece_ends: Vec<usize>,
    pending: String,
    since: Instant,
}

impl Readings {
    /// A place among this instance's writers, if one is free and we are not stopping.
    pub(super) fn free_writer(&self) -> Option<OwnedSemaphorePermit> {
        if self.0.stopping.is_cancelled() {
            return None;
        }
        self.0.writers.clone().try_acquire_owned().ok()
    }

    pub(super) fn spawn_writer(&self, lease: Lease, permit: OwnedSemaphorePermit) {
        let this = self.clone();
        let cancelled = this.0.writing.begin(lease);
        self.0.tasks.spawn(async move {
            // A database that is away comes back, or the lease runs out and is taken over.
            for _ in 0..RETRIES {
                let Err(error) = this.write(lease, &cancelled).await else { break };
                tracing::warn!(%error, generation = %lease.generation_id, "could not write; trying again");
                let pause = tokio::time::sleep(RETRY_PAUSE);
                if this.0.hand_over.run_until_cancelled(pause).await.is_none() {
                    break;
                }
            }
            this.0.writing.end(lease);
            drop(permit);
            this.0.wake.tick(lease.reading_id);
        });
    }

    /// Writes the rest of the answer, from where its chunks end. Can be called again after an
    /// error: what it finds written, it leaves.
    async fn write(&self, lease: Lease, cancelled: &CancellationToken) -> Result<(), Error> {
        let found = generation::Entity::find_by_id(lease.generation_id)
            .filter(generation::Column::CompletedAt.is_null())
            .find_also_related(reading::Entity)
            .one(self.0.db.reads())
            .await?;
        let Some((generation, Some(reading))) = found else {
            // Ended or deleted meanwhile.
            return Ok(());
        };
        let mut draft = self.draft(self.0.db.reads(), &generation).await?;
        let cast = Cast::stored(generation.cast_open)
            .ok_or_else(|| sea_orm::DbErr::Custom("a cast that cannot fall".to_owned()))?;
        let answer = self
            .0
            .advisors
            .answer(reading.advisor, &reading.question, cast);
        let Some(rest) = answer.text.strip_prefix(&draft.written) else {
            // It was begun by another version of us, which would have gone on otherwise.
            return self
                .end(lease, draft.broken_off(Status::Failed, INTERRUPTED))
                .await;
        };
        for word in rest.split_inclusive(' ') {
            if cancelled.is_cancelled() || generation.cancel_requested {
                return self
                    .end(lease, draft.broken_off(Status::Cancelled, None))
                    .await;
            }
            if draft.is_due() && !self.flush(lease, &mut draft).await? {
                return Ok(());
            }
            if !self.0.settings.embedded_pause.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(self.0.settings.embedded_pause) => {}
                    () = cancelled.cancelled() => {
                        return self.end(lease, draft.broken_off(Status::Cancelled, None)).await;
                    }
                    () = self.0.hand_over.cancelled() => return self.release(lease, &mut draft).await,
                }
            }
            draft.pending.push_str(word);
        }
        draft.complete();
        self.end(
            lease,
            Outcome {
                status: Status::Completed,
                text: draft.written,
                piece_ends: draft.piece_ends,
                sources: Sources(answer.sources),
                failure: None,
            },
        )
        .await
    }

    pub(super) async fn draft(
        &self,
        db: &impl ConnectionTrait,
        generation: &generation::Model,
    ) -> Result<Draft, Error> {
        let mut draft = Draft {
            written: String::new(),
            piece_ends: Vec::new(),
            pending: String::new(),
            since: Instant::now(),
        };
        if generation.last_sequence > 0 {
            for piece in self.chunks_after(db, generation.id, 0).await? {
                draft.written.push_str(&piece.text);
                draft.piece_ends.push(draft.written.len());
            }
        }
        Ok(draft)
    }

    /// A generation's pieces with a higher number, in order.
    pub(super) async fn chunks_after(
        &self,
        db: &impl ConnectionTrait,
        generation_id: Uuid,
        after: i32,
    ) -> Result<Vec<chunk::Model>, Error> {
        Ok(chunk::Entity::find()
            .filter(chunk::Column::GenerationId.eq(generation_id))
            .filter(chunk::Column::Sequence.gt(after))
            .order_by_asc(chunk::Column::Sequence)
            .all(db)
            .await?)
    }

    /// Appends what is pending as a chunk and renews the lease. Returns whether it still held.
    async fn flush(&self, lease: Lease, draft: &mut Draft) -> Result<bool, Error> {
        let sequence = draft.next_sequence();
        let tx = self.0.db.begin().await?;
        let held = self
            .held(lease)
            .col_expr(generation::Column::LastSequence, Expr::value(sequence))
            .col_expr(
                generation::Column::LeaseExpiresAt,
                Expr::value(self.0.clock.now() + self.0.settings.lease),
            )
            .filter(generation::Column::LastSequence.eq(sequence - 1))
            .exec(&tx)
            .await?;
        if held.rows_affected == 0 {
            return Ok(false);
        }
        chunk::ActiveModel {
            generation_id: Set(lease.generation_id),
            sequence: Set(sequence),
            text: Set(draft.pending.clone()),
        }
        .insert(&tx)
        .await?;
        self.notify(&tx, lease.reading_id).await?;
        tx.commit().await?;
        draft.commit();
        self.0.wake.tick(lease.reading_id);
        Ok(true)
    }

    /// Writes what is pending and gives the generation back to be claimed by another instance.
    async fn release(&self, lease: Lease, draft: &mut Draft) -> Result<(), Error> {
        if !draft.pending.is_empty() && !self.flush(lease, draft).await? {
            return Ok(());
        }
        self.held(lease)
            .col_expr(generation::Column::Status, Expr::value(Status::Pending))
            .col_expr(generation::Column::Owner, Expr::value(None::<Uuid>))
            .exec(self.0.db.writes())
            .await?;
        self.notify(self.0.db.writes(), lease.reading_id).await?;
        Ok(())
    }

    async fn end(&self, lease: Lease, outcome: Outcome) -> Result<(), Error> {
        let tx = self.0.db.begin().await?;
        if self
            .end_in(
                &tx,
                self.held(lease),
                lease.reading_id,
                lease.generation_id,
                outcome,
            )
            .await?
        {
            tx.commit().await?;
        }
        Ok(())
    }

    /// Ends a generation, in one transaction: its state, the reading's text and figures. The
    /// chunks go, and where they ended stays, so that a follower still gets the same pieces.
    /// Returns whether there was anything left to end under the given condition.
    pub(super) async fn end_in(
        &self,
        tx: &impl ConnectionTrait,
        condition: UpdateMany<generation::Entity>,
        reading_id: Uuid,
        generation_id: Uuid,
        outcome: Outcome,
    ) -> Result<bool, Error> {
        let now = self.0.clock.now();
        let Outcome {
            status,
            text,
            piece_ends,
            sources,
            failure,
        } = outcome;
        let (code, message) = failure.unzip();
        let response = (!text.is_empty()).then_some(text);
        let ended = condition
            .col_expr(generation::Column::Status, Expr::value(status))
            .col_expr(generation::Column::Owner, Expr::value(None::<Uuid>))
            .col_expr(
                generation::Column::PieceEnds,
                Expr::value(PieceEnds(piece_ends)),
            )
            .col_expr(generation::Column::Sources, Expr::value(sources.clone()))
            .col_expr(generation::Column::FailureCode, Expr::value(code))
            .col_expr(generation::Column::FailureMessage, Expr::value(message))
            .col_expr(generation::Column::CompletedAt, Expr::value(now))
            .exec(tx)
            .await?;
        if ended.rows_affected == 0 {
            return Ok(false);
        }
        reading::Entity::update_many()
            .col_expr(reading::Column::Status, Expr::value(status))
            .col_expr(reading::Column::Response, Expr::value(response))
            .col_expr(reading::Column::Sources, Expr::value(sources))
            .col_expr(reading::Column::FailureCode, Expr::value(code))
            .col_expr(reading::Column::FailureMessage, Expr::value(message))
            .col_expr(reading::Column::CompletedAt, Expr::value(now))
            .filter(reading::Column::Id.eq(reading_id))
            .filter(reading::Column::GenerationId.eq(generation_id))
            .exec(tx)
            .await?;
        chunk::Entity::delete_many()
            .filter(chunk::Column::GenerationId.eq(generation_id))
            .exec(tx)
            .await?;
        self.notify(tx, reading_id).await?;
        Ok(true)
    }

    /// An update of the generation that happens only while the lease is held.
    fn held(&self, lease: Lease) -> UpdateMany<generation::Entity> {
        generation::Entity::update_many()
            .filter(generation::Column::Id.eq(lease.generation_id))
            .filter(generation::Column::Owner.eq(self.0.instance))
            .filter(generation::Column::Epoch.eq(lease.epoch))
            .filter(generation::Column::CompletedAt.is_null())
    }
}

/// Why an answer that was begun could not be gone on with.
const INTERRUPTED: Option<(&str, &str)> = Some((
    "INTERRUPTED",
    "The writing was interrupted. What had been written is here; ask for a new answer.",
));

impl Draft {
    fn next_sequence(&self) -> i32 {
        i32::try_from(self.piece_ends.len() + 1).unwrap_or(i32::MAX)
    }

    /// Whether what is pending should be written before more is added.
    fn is_due(&self) -> bool {
        !self.pending.is_empty() && self.since.elapsed() >= PIECE_AGE
    }

    /// What was pending is written.
    fn commit(&mut self) {
        self.written.push_str(&std::mem::take(&mut self.pending));
        self.piece_ends.push(self.written.len());
        self.since = Instant::now();
    }

    /// Takes what is pending for written: it will be, with the end, cut into pieces.
    fn complete(&mut self) {
        let mut start = self.written.len();
        self.written.push_str(&std::mem::take(&mut self.pending));
        while self.written.len() - start > PIECE {
            let limit = self.written.floor_char_boundary(start + PIECE);
            let end = self.written[start..limit]
                .rfind(' ')
                .map_or(limit, |space| start + space + 1);
            self.piece_ends.push(end);
            start = end;
        }
        if start < self.written.len() {
            self.piece_ends.push(self.written.len());
        }
    }

    pub(super) fn broken_off(
        mut self,
        status: Status,
        failure: Option<(&'static str, &'static str)>,
    ) -> Outcome {
        self.complete();
        Outcome {
            status,
            text: self.written,
            piece_ends: self.piece_ends,
            sources: Sources::default(),
            failure,
        }
    }
}

//! Storing what a writer has: pieces of text, the place to resume from, what it has spent. Each is
//! stored only while the lease is held.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter, Set, sea_query::Expr,
};

use super::{Error, Readings, draft::Draft, lease::Lease, news::News};
use crate::{
    advisor::engine::{Position, Usage},
    entity::{
        Sources, chunk, generation,
        reading::{Engine, Status},
    },
};

/// A renewal of the lease, with what is new since the last one.
struct Renewal {
    lease: Lease,
    position: Option<Position>,
    sources: Option<Sources>,
    is_thinking: bool,
    piece: Option<Piece>,
}

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

impl Readings {
    /// Renews the lease, and stores what is new of the draft: as a chunk, if it is text. Returns
    /// whether the lease still held.
    pub(super) async fn flush(&self, lease: Lease, draft: &mut Draft) -> Result<bool, Error> {
        let text = draft.pending();
        let renewal = Renewal {
            lease,
            position: draft.position.clone(),
            sources: draft.new_sources(),
            is_thinking: draft.is_thinking,
            piece: (!text.is_empty()).then(|| Piece {
                sequence: draft.next_sequence(),
                text: text.to_owned(),
                in_doubt: draft.in_doubt,
            }),
        };
        // Until it is known to be stored, or not: the wait for it may be given up.
        draft.in_doubt |= renewal.piece.is_some();
        let this = self.clone();
        let stored = self.0.db.detached(async move { this.renew(renewal).await });
        match stored.await? {
            Stored::Nothing => return Ok(false),
            Stored::Piece(Some(bytes)) => draft.stored(bytes),
            Stored::Piece(None) => draft.renewed(),
        }
        Ok(true)
    }

    async fn renew(&self, renewal: Renewal) -> Result<Stored, Error> {
        let Renewal {
            lease,
            position,
            sources,
            is_thinking,
            piece,
        } = renewal;
        let mut update = self
            .held(lease)
            .col_expr(generation::Column::IsThinking, Expr::value(is_thinking))
            .col_expr(generation::Column::LeaseExpiresAt, self.lease_end());
        if let Some(position) = position {
            update = update
                .col_expr(
                    generation::Column::ProviderResponseId,
                    Expr::value(position.response_id),
                )
                .col_expr(
                    generation::Column::ProviderSequence,
                    Expr::value(position.sequence),
                );
        }
        if let Some(sources) = sources {
            update = update.col_expr(generation::Column::Sources, Expr::value(sources));
        }
        let Some(piece) = piece else {
            let renewed = update.exec(self.0.db.writes()).await?.rows_affected > 0;
            if renewed && is_thinking {
                self.notify(self.0.db.writes(), lease.reading_id, News::Written)
                    .await?;
                self.0.wake.tick(lease.reading_id);
            }
            return Ok(if renewed {
                Stored::Piece(None)
            } else {
                Stored::Nothing
            });
        };
        let tx = self.0.db.begin().await?;
        let held = update
            .col_expr(
                generation::Column::LastSequence,
                Expr::value(piece.sequence),
            )
            .filter(generation::Column::LastSequence.eq(piece.sequence - 1))
            .exec(&tx)
            .await?;
        if held.rows_affected == 0 {
            tx.rollback().await?;
            if piece.in_doubt {
                return self.stored_before(lease, piece.sequence).await;
            }
            return Ok(Stored::Nothing);
        }
        let bytes = piece.text.len();
        chunk::ActiveModel {
            generation_id: Set(lease.generation_id),
            sequence: Set(piece.sequence),
            text: Set(piece.text),
        }
        .insert(&tx)
        .await?;
        self.notify(&tx, lease.reading_id, News::Written).await?;
        tx.commit().await?;
        self.0.wake.tick(lease.reading_id);
        Ok(Stored::Piece(Some(bytes)))
    }

    /// A piece that was stored already, its commit not having been answered: it has as much text as
    /// was pending at that time.
    async fn stored_before(&self, lease: Lease, sequence: i32) -> Result<Stored, Error> {
        let db = self.0.db.reads();
        let held = generation::Entity::find_by_id(lease.generation_id)
            .filter(generation::Column::Owner.eq(self.0.instance))
            .filter(generation::Column::Epoch.eq(lease.epoch))
            .filter(generation::Column::CompletedAt.is_null())
            .filter(generation::Column::LastSequence.eq(sequence))
            .one(db)
            .await?;
        let piece = chunk::Entity::find_by_id((lease.generation_id, sequence))
            .one(db)
            .await?;
        let (Some(_), Some(piece)) = (held, piece) else {
            return Ok(Stored::Nothing);
        };
        self.0.wake.tick(lease.reading_id);
        Ok(Stored::Piece(Some(piece.text.len())))
    }

    /// Records, before a provider is asked, that it will have been. Returns whether the lease held.
    pub(super) async fn mark_sent(&self, lease: Lease) -> Result<bool, DbErr> {
        let marked = self
            .held(lease)
            .col_expr(generation::Column::SentAt, Expr::value(self.0.clock.now()))
            .exec(self.0.db.writes());
        Ok(self.0.db.unless_away(marked).await?.rows_affected > 0)
    }

    /// Has the built-in advisor write what a model could not, whatever that may have cost.
    /// Returns whether the lease held.
    pub(super) async fn fall_back(&self, lease: Lease, spent: Usage) -> Result<bool, DbErr> {
        let changed = self
            .held(lease)
            .col_expr(generation::Column::Engine, Expr::value(Engine::Embedded))
            .col_expr(generation::Column::TokensUsed, Expr::value(spent.tokens))
            .col_expr(generation::Column::Cost, Expr::value(spent.cost))
            .col_expr(
                generation::Column::IsEstimated,
                Expr::value(spent.is_estimated),
            )
            .exec(self.0.db.writes());
        Ok(self.0.db.unless_away(changed).await?.rows_affected > 0)
    }

    /// Writes what is pending and gives the generation back to be claimed by another instance.
    pub(super) async fn release(&self, lease: Lease, draft: &mut Draft) -> Result<(), Error> {
        if !self.flush(lease, draft).await? {
            return Ok(());
        }
        self.held(lease)
            .col_expr(generation::Column::Status, Expr::value(Status::Pending))
            .col_expr(generation::Column::Owner, Expr::value(None::<uuid::Uuid>))
            .exec(self.0.db.writes())
            .await?;
        self.notify(self.0.db.writes(), lease.reading_id, News::Queued)
            .await?;
        Ok(())
    }
}

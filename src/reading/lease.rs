//! The lease on a generation: who holds it writes. Every write carries its owner and epoch; one
//! that changes nothing has lost it: whoever took it over goes on, and this writer stops.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set, UpdateMany, sea_query::Expr,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, Readings, draft::Draft};
use crate::{
    advisor::engine::Usage,
    entity::{
        chunk, generation,
        reading::{Engine, Status},
    },
};

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
    pub(super) fn begin(&self, lease: Lease) -> CancellationToken {
        let token = CancellationToken::new();
        self.lock().insert(lease.reading_id, (lease, token.clone()));
        token
    }

    /// A lease that was lost may have been won again here: then it is another writer's.
    pub(super) fn end(&self, lease: Lease) {
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

    pub(super) fn cancel(&self, reading_id: Uuid) {
        if let Some((_, token)) = self.lock().get(&reading_id) {
            token.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, (Lease, CancellationToken)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readings {
    /// An update of the generation that happens only while the lease is held.
    pub(super) fn held(&self, lease: Lease) -> UpdateMany<generation::Entity> {
        generation::Entity::update_many()
            .filter(generation::Column::Id.eq(lease.generation_id))
            .filter(generation::Column::Owner.eq(self.0.instance))
            .filter(generation::Column::Epoch.eq(lease.epoch))
            .filter(generation::Column::CompletedAt.is_null())
    }

    /// Renews the lease, and stores what is new of the draft: as a chunk, if it is text. Returns
    /// whether the lease still held.
    pub(super) async fn flush(&self, lease: Lease, draft: &mut Draft) -> Result<bool, Error> {
        let mut renewal = self.held(lease).col_expr(
            generation::Column::LeaseExpiresAt,
            Expr::value(self.0.clock.now() + self.0.settings.lease),
        );
        if let Some(position) = &draft.position {
            renewal = renewal
                .col_expr(
                    generation::Column::ProviderResponseId,
                    Expr::value(position.response_id.as_str()),
                )
                .col_expr(
                    generation::Column::ProviderSequence,
                    Expr::value(position.sequence),
                );
        }
        if let Some(sources) = draft.new_sources() {
            renewal = renewal.col_expr(generation::Column::Sources, Expr::value(sources));
        }
        if draft.pending().is_empty() {
            let renewed = renewal.exec(self.0.db.writes()).await?.rows_affected > 0;
            draft.renewed();
            return Ok(renewed);
        }
        let sequence = draft.next_sequence();
        let tx = self.0.db.begin().await?;
        let held = renewal
            .col_expr(generation::Column::LastSequence, Expr::value(sequence))
            .filter(generation::Column::LastSequence.eq(sequence - 1))
            .exec(&tx)
            .await?;
        if held.rows_affected == 0 {
            drop(tx);
            return Ok(draft.in_doubt && self.was_stored(lease, sequence, draft).await?);
        }
        chunk::ActiveModel {
            generation_id: Set(lease.generation_id),
            sequence: Set(sequence),
            text: Set(draft.pending().to_owned()),
        }
        .insert(&tx)
        .await?;
        self.notify(&tx, lease.reading_id).await?;
        draft.in_doubt = true;
        tx.commit().await?;
        draft.stored(draft.pending().len());
        self.0.wake.tick(lease.reading_id);
        Ok(true)
    }

    /// Whether a piece was stored already, the connection having broken between its commit and the
    /// word of it: then it is as much as was pending at that time.
    async fn was_stored(
        &self,
        lease: Lease,
        sequence: i32,
        draft: &mut Draft,
    ) -> Result<bool, Error> {
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
            return Ok(false);
        };
        draft.stored(piece.text.len());
        self.0.wake.tick(lease.reading_id);
        Ok(true)
    }

    /// Notes, before a provider is asked, that it will have been. Returns whether the lease held.
    pub(super) async fn mark_sent(&self, lease: Lease) -> Result<bool, Error> {
        let marked = self
            .held(lease)
            .col_expr(generation::Column::SentAt, Expr::value(self.0.clock.now()))
            .exec(self.0.db.writes())
            .await?;
        Ok(marked.rows_affected > 0)
    }

    /// Has the built-in advisor write what a model could not, whatever that may have cost.
    /// Returns whether the lease held.
    pub(super) async fn fall_back(&self, lease: Lease, spent: Usage) -> Result<bool, Error> {
        let changed = self
            .held(lease)
            .col_expr(generation::Column::Engine, Expr::value(Engine::Embedded))
            .col_expr(generation::Column::TokensUsed, Expr::value(spent.tokens))
            .col_expr(generation::Column::Cost, Expr::value(spent.cost))
            .col_expr(
                generation::Column::IsEstimated,
                Expr::value(spent.is_estimated),
            )
            .exec(self.0.db.writes())
            .await?;
        Ok(changed.rows_affected > 0)
    }

    /// Writes what is pending and gives the generation back to be claimed by another instance.
    pub(super) async fn release(&self, lease: Lease, draft: &mut Draft) -> Result<(), Error> {
        if !self.flush(lease, draft).await? {
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
}

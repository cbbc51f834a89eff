//! The lease on a generation: its holder writes. Every write carries the owner and the epoch; one
//! that changes nothing has lost the lease, to another writer or to a deletion.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait,
    QueryFilter, Set, UpdateMany, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    advisor::engine::{Position, TokenUsage},
    entity::{
        Sources, chunk,
        generation::{self, Column},
        reading::{Engine, Status},
    },
};

/// A lease on a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub generation_id: Uuid,
    pub reading_id: Uuid,
    /// The instance that holds it.
    pub owner: Uuid,
    pub epoch: i32,
}

/// The state of an answer beside its text, where that is new.
pub struct Renewal {
    /// When the renewed lease ends.
    pub lease_end: Expr,
    pub position: Option<Position>,
    pub sources: Option<Sources>,
    pub is_thinking: bool,
}

impl Lease {
    /// An update of the generation that happens only while the lease is held.
    pub fn held(self) -> UpdateMany<generation::Entity> {
        generation::Entity::update_many()
            .filter(Column::Id.eq(self.generation_id))
            .filter(self.is_held())
    }

    fn is_held(self) -> Condition {
        Condition::all()
            .add(Column::Owner.eq(self.owner))
            .add(Column::Epoch.eq(self.epoch))
            .add(Column::CompletedAt.is_null())
    }

    fn renewed(self, renewal: Renewal) -> UpdateMany<generation::Entity> {
        let mut update = self
            .held()
            .col_expr(Column::IsThinking, Expr::value(renewal.is_thinking))
            .col_expr(Column::LeaseExpiresAt, renewal.lease_end);
        if let Some(position) = renewal.position {
            let (id, sequence) = (position.response_id, position.sequence);
            update = update
                .col_expr(Column::ProviderResponseId, Expr::value(id))
                .col_expr(Column::ProviderSequence, Expr::value(sequence));
        }
        if let Some(sources) = renewal.sources {
            update = update.col_expr(Column::Sources, Expr::value(sources));
        }
        update
    }
}

/// Being written, by a writer whose lease has run out. A writer of this instance that is late,
/// because the machine is busy, keeps its answer: it lives, and renews its lease with its next
/// piece.
pub fn expired(now: Expr, written_here: &[Lease]) -> Condition {
    let written_here = written_here.iter().map(|lease| lease.generation_id);
    Condition::all()
        .add(Column::CompletedAt.is_null())
        .add(Column::Status.eq(Status::Writing))
        .add(Column::LeaseExpiresAt.into_expr().lt(now))
        .add(Column::Id.is_not_in(written_here))
}

/// Returns whether the lease was held, as all of the following do.
pub async fn renew(
    db: &impl ConnectionTrait,
    lease: Lease,
    renewal: Renewal,
) -> Result<bool, DbErr> {
    Ok(lease.renewed(renewal).exec(db).await?.rows_affected > 0)
}

/// Renews the lease and stores the next piece of text.
pub async fn append(
    tx: &impl ConnectionTrait,
    lease: Lease,
    renewal: Renewal,
    sequence: i32,
    text: String,
) -> Result<bool, DbErr> {
    let renewed = lease
        .renewed(renewal)
        .col_expr(Column::LastSequence, Expr::value(sequence))
        .filter(Column::LastSequence.eq(sequence - 1))
        .exec(tx)
        .await?;
    if renewed.rows_affected == 0 {
        return Ok(false);
    }
    chunk::ActiveModel {
        generation_id: Set(lease.generation_id),
        sequence: Set(sequence),
        text: Set(text),
    }
    .insert(tx)
    .await?;
    Ok(true)
}

/// The last piece, if it has this number and the lease is held.
pub async fn held_piece(
    db: &impl ConnectionTrait,
    lease: Lease,
    sequence: i32,
) -> Result<Option<chunk::Model>, DbErr> {
    let held = generation::Entity::find_by_id(lease.generation_id)
        .filter(lease.is_held())
        .filter(Column::LastSequence.eq(sequence))
        .one(db)
        .await?;
    let piece = chunk::Entity::find_by_id((lease.generation_id, sequence))
        .one(db)
        .await?;
    Ok(held.and(piece))
}

/// Records, before a provider is asked, that it will have been.
pub async fn mark_sent(
    db: &impl ConnectionTrait,
    lease: Lease,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let marked = lease.held().col_expr(Column::SentAt, Expr::value(now));
    Ok(marked.exec(db).await?.rows_affected > 0)
}

/// Has the built-in advisor write what a model could not, whatever that may have cost.
pub async fn fall_back(
    db: &impl ConnectionTrait,
    lease: Lease,
    spent: TokenUsage,
) -> Result<bool, DbErr> {
    let changed = lease
        .held()
        .col_expr(Column::Engine, Expr::value(Engine::Embedded))
        .col_expr(Column::TokensUsed, Expr::value(spent.tokens))
        .col_expr(Column::Cost, Expr::value(spent.cost))
        .col_expr(Column::IsEstimated, Expr::value(spent.is_estimated));
    Ok(changed.exec(db).await?.rows_affected > 0)
}

/// Gives the generation back, to be claimed by another instance.
pub async fn release(db: &impl ConnectionTrait, lease: Lease) -> Result<bool, DbErr> {
    Ok(queued_again(lease.held()).exec(db).await?.rows_affected > 0)
}

/// Queues those again that a condition holds for. Returns how many.
pub async fn requeue(db: &impl ConnectionTrait, condition: Condition) -> Result<u64, DbErr> {
    let update = generation::Entity::update_many().filter(condition);
    Ok(queued_again(update).exec(db).await?.rows_affected)
}

fn queued_again(update: UpdateMany<generation::Entity>) -> UpdateMany<generation::Entity> {
    update
        .col_expr(Column::Status, Expr::value(Status::Pending))
        .col_expr(Column::Owner, Expr::value(None::<Uuid>))
}

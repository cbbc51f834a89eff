//! Takes up what nobody writes: what is queued, and what a process that died was writing.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{Readings, write::Lease};
use crate::entity::{
    generation,
    reading::{self, Status},
};

impl Readings {
    /// At once, then at every heartbeat, until told to stop.
    pub(super) async fn recover_until_stopped(self) {
        while !self.0.stopping.is_cancelled() {
            if let Err(error) = self.recover().await {
                tracing::warn!(%error, "could not look for unfinished answers; trying again");
            }
            tokio::select! {
                () = tokio::time::sleep(self.heartbeat()) => {}
                () = self.0.stopping.cancelled() => {}
            }
        }
    }

    async fn recover(&self) -> Result<(), DbErr> {
        let expired = generation::Entity::update_many()
            .col_expr(generation::Column::Status, Expr::value(Status::Pending))
            .col_expr(generation::Column::Owner, Expr::value(None::<Uuid>))
            .filter(generation::Column::CompletedAt.is_null())
            .filter(generation::Column::Status.eq(Status::Writing))
            .filter(generation::Column::LeaseExpiresAt.lt(self.0.clock.now()))
            .exec(self.0.db.writes())
            .await?;
        if expired.rows_affected > 0 {
            tracing::warn!(
                answers = expired.rows_affected,
                "taking over from an instance that was not heard of"
            );
        }
        if expired.rows_affected > 0 {
            self.claim_what_is_queued().await;
        }
        Ok(())
    }

    /// Claims for as long as there is something, and a writer free.
    pub(super) async fn claim_what_is_queued(&self) {
        while let Some(permit) = self.free_writer() {
            match self.claim().await {
                Ok(Some(lease)) => self.spawn_writer(lease, permit),
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(%error, "could not claim an answer; trying again");
                    break;
                }
            }
        }
    }

    /// The oldest queued generation, now this instance's.
    async fn claim(&self) -> Result<Option<Lease>, DbErr> {
        let now = self.0.clock.now();
        // Most looks find nothing: they take no write lock.
        if Self::queued().one(self.0.db.reads()).await?.is_none() {
            return Ok(None);
        }
        let tx = self.0.db.begin().await?;
        let queued = Self::queued()
            .lock_with_behavior(
                sea_orm::sea_query::LockType::Update,
                sea_orm::sea_query::LockBehavior::SkipLocked,
            )
            .one(&tx)
            .await?;
        let Some(queued) = queued else {
            return Ok(None);
        };
        generation::Entity::update_many()
            .col_expr(generation::Column::Status, Expr::value(Status::Writing))
            .col_expr(generation::Column::Owner, Expr::value(self.0.instance))
            .col_expr(
                generation::Column::Epoch,
                Expr::col(generation::Column::Epoch).add(1),
            )
            .col_expr(
                generation::Column::LeaseExpiresAt,
                Expr::value(now + self.0.settings.lease),
            )
            .filter(generation::Column::Id.eq(queued.id))
            .exec(&tx)
            .await?;
        reading::Entity::update_many()
            .col_expr(reading::Column::Status, Expr::value(Status::Writing))
            .filter(reading::Column::Id.eq(queued.reading_id))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(Some(Lease {
            generation_id: queued.id,
            reading_id: queued.reading_id,
            epoch: queued.epoch + 1,
        }))
    }

    fn queued() -> Select<generation::Entity> {
        generation::Entity::find()
            .filter(generation::Column::CompletedAt.is_null())
            .filter(generation::Column::Status.eq(Status::Pending))
            .order_by_asc(generation::Column::Id)
    }
}

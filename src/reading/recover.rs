//! Takes up what nobody writes: what is queued, and what a process that died was writing.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use uuid::Uuid;

use super::{Error, Readings, lease::Lease};
use crate::{
    advisor::{engine::Failure, model::Model},
    entity::{
        generation,
        reading::{self, Engine, Status},
    },
};

impl Readings {
    /// At once, then at every heartbeat, until told to stop.
    pub(super) async fn recover_until_stopped(self) {
        while !self.0.stopping.is_cancelled() {
            if let Err(error) = self.0.db.unless_away(self.recover()).await {
                tracing::warn!(%error, "could not look for unfinished answers; trying again");
            }
            tokio::select! {
                () = tokio::time::sleep(self.heartbeat()) => {}
                () = self.0.stopping.cancelled() => {}
            }
        }
    }

    /// What nobody is heard of any more is queued again; but what a provider was asked for, and
    /// cannot be taken up there, ends as it is: it would be paid for twice.
    async fn recover(&self) -> Result<(), Error> {
        // Nobody could renew a lease meanwhile: whoever lives gets the time of one to do it.
        if self.0.db.was_away(self.0.settings.lease) {
            return Ok(());
        }
        let queued = generation::Entity::update_many()
            .col_expr(generation::Column::Status, Expr::value(Status::Pending))
            .col_expr(generation::Column::Owner, Expr::value(None::<Uuid>))
            .filter(self.expired())
            .filter(self.is_paid_for().not())
            .exec(self.0.db.writes())
            .await?;
        let lost = generation::Entity::find()
            .find_also_related(reading::Entity)
            .filter(self.expired())
            .filter(self.is_paid_for())
            .all(self.0.db.reads())
            .await?;
        let answers = queued.rows_affected + lost.len() as u64;
        if answers > 0 {
            tracing::warn!(
                answers,
                "taking over from an instance that was not heard of"
            );
        }
        for (generation, reading) in lost {
            if let Some(reading) = reading {
                self.end_interrupted(&generation, &reading).await?;
            }
        }
        if queued.rows_affected > 0 {
            self.claim_what_is_queued().await;
        }
        Ok(())
    }

    /// Ends what another instance was writing, with what it had stored.
    async fn end_interrupted(
        &self,
        generation: &generation::Model,
        reading: &reading::Model,
    ) -> Result<(), Error> {
        let tx = self.0.db.begin().await?;
        let draft = self.draft(&tx, generation).await?;
        let usage = self.spent_so_far(generation, reading, &draft)?;
        let outcome = draft.ended(
            Status::Failed,
            generation.engine,
            usage,
            Some(Failure::Interrupted),
        );
        // Its lease may have been renewed, or claimed, since it was found.
        let condition = generation::Entity::update_many()
            .filter(generation::Column::Id.eq(generation.id))
            .filter(generation::Column::LastSequence.eq(generation.last_sequence))
            .filter(self.expired());
        if self.end_in(&tx, condition, generation, &outcome).await? {
            tx.commit().await?;
            self.say_ended(&outcome);
            self.0.wake.tick(generation.reading_id);
        }
        Ok(())
    }

    /// What a provider was asked for, and cannot be taken up there.
    fn is_paid_for(&self) -> Condition {
        let asked = Condition::all()
            .add(generation::Column::SentAt.is_not_null())
            .add(generation::Column::Engine.eq(Engine::Model));
        if self.0.advisors.model().is_some_and(Model::can_resume) {
            asked.add(generation::Column::ProviderResponseId.is_null())
        } else {
            asked
        }
    }

    fn expired(&self) -> Condition {
        Condition::all()
            .add(generation::Column::CompletedAt.is_null())
            .add(generation::Column::Status.eq(Status::Writing))
            .add(generation::Column::LeaseExpiresAt.lt(self.0.clock.now()))
    }

    /// Claims for as long as there is something, and a writer free.
    pub(super) async fn claim_what_is_queued(&self) {
        while let Some(permit) = self.free_writer() {
            match self.0.db.unless_away(self.claim()).await {
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

/// How many answers are not over, by what they are at and who is to write them.
///
/// # Errors
///
/// If the database fails.
pub async fn count_unfinished(
    db: &impl ConnectionTrait,
) -> Result<Vec<(Status, Engine, i64)>, DbErr> {
    generation::Entity::find()
        .filter(generation::Column::CompletedAt.is_null())
        .select_only()
        .columns([generation::Column::Status, generation::Column::Engine])
        .column_as(generation::Column::Id.count(), "number")
        .group_by(generation::Column::Status)
        .group_by(generation::Column::Engine)
        .into_tuple()
        .all(db)
        .await
}

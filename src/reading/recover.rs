//! Recovery: answers whose writer is gone are queued again, or ended as they are. An answer that
//! cannot be recovered holds up no other.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, UpdateMany, sea_query::Expr,
};
use uuid::Uuid;

use super::{Error, Readings, end::Ending};
use crate::{
    advisor::{engine::Failure, model::Model},
    entity::{
        generation,
        reading::{self, Engine, Status},
    },
    request::Answer,
};

/// How often an answer is claimed, at most. One that ends as many writers would end the next.
const EPOCHS: i32 = 5;

/// Generations whose recovery has failed, so that the log says it once.
#[derive(Default)]
pub(super) struct Unrecovered(Mutex<HashSet<Uuid>>);

impl Unrecovered {
    fn is_first(&self, generation_id: Uuid) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(generation_id)
    }
}

impl Readings {
    /// At once, then at every heartbeat, until stopped.
    pub(super) async fn recover_until_stopped(self) {
        let mut is_failing = false;
        while !self.0.stopping.is_cancelled() {
            let failed = self.recover().await.err();
            if let Some(error) = failed.as_ref().filter(|_| !is_failing) {
                tracing::warn!(%error, "could not look for unfinished answers; trying again");
            }
            is_failing = failed.is_some();
            tokio::select! {
                () = tokio::time::sleep(self.heartbeat()) => {}
                () = self.0.stopping.cancelled() => {}
            }
        }
    }

    /// An answer whose lease has run out is queued again; but one that a provider was asked for and
    /// that cannot be taken up there ends as it is, since it would be paid for twice.
    async fn recover(&self) -> Result<(), Error> {
        // Nobody could renew a lease meanwhile: living writers get the time of one to do it.
        if self.0.db.was_away(self.0.settings.lease) {
            return Ok(());
        }
        let is_over = || {
            Condition::any()
                .add(self.is_paid_for())
                .add(generation::Column::Epoch.gte(EPOCHS))
        };
        let queued = generation::Entity::update_many()
            .col_expr(generation::Column::Status, Expr::value(Status::Pending))
            .col_expr(generation::Column::Owner, Expr::value(None::<Uuid>))
            .filter(self.expired())
            .filter(is_over().not())
            .exec(self.0.db.writes());
        let queued = self.0.db.unless_away(queued).await?.rows_affected;
        let lost = generation::Entity::find()
            .select_only()
            .columns([
                generation::Column::Id,
                generation::Column::ReadingId,
                generation::Column::UserId,
            ])
            .filter(self.expired())
            .filter(is_over())
            .order_by_asc(generation::Column::Id)
            .into_tuple::<(Uuid, Uuid, Uuid)>()
            .all(self.0.db.reads());
        let lost = self.0.db.unless_away(lost).await?;
        let answers = queued + lost.len() as u64;
        if answers > 0 {
            tracing::warn!(
                answers,
                "took over unfinished answers from a silent instance"
            );
        }
        if queued > 0 {
            self.0.wanted.queued.notify_one();
        }
        for (generation, reading, user) in lost {
            let answer = Answer {
                request_id: None,
                user,
                reading,
                generation,
            };
            Arc::new(answer)
                .scope(self.end_lost_patiently(generation))
                .await;
        }
        Ok(())
    }

    async fn end_lost_patiently(&self, generation_id: Uuid) {
        let this = self.clone();
        let end = async move { this.end_lost(generation_id).await };
        if let Err(error) = self.0.db.detached(end).await
            && self.0.unrecovered.is_first(generation_id)
        {
            tracing::error!(%error, "could not end an answer without a writer; trying again");
        }
    }

    async fn end_lost(&self, generation_id: Uuid) -> Result<(), Error> {
        match self.end_interrupted(generation_id).await {
            Err(error) if error.is_lasting() => {
                let expired = self.still_lost(generation_id);
                self.abandon(generation_id, expired, None, error).await
            }
            done => done,
        }
    }

    /// Ends an answer of another instance, with what it had stored.
    async fn end_interrupted(&self, generation_id: Uuid) -> Result<(), Error> {
        let found = generation::Entity::find_by_id(generation_id)
            .find_also_related(reading::Entity)
            .one(self.0.db.reads())
            .await?;
        let Some((generation, Some(reading))) = found else {
            // Deleted meanwhile.
            return Ok(());
        };
        let tx = self.0.db.begin().await?;
        let draft = self.draft(&tx, &generation).await?;
        let usage = self
            .spent_so_far(&tx, &generation, &reading, &draft)
            .await?;
        let outcome = draft.ended(
            Status::Failed,
            generation.engine,
            usage,
            Some(Failure::Interrupted),
        );
        let lost = self
            .still_lost(generation_id)
            .filter(generation::Column::LastSequence.eq(generation.last_sequence));
        let ending = Ending::of(&generation);
        if self.end_in(&tx, lost, &ending, &outcome).await? {
            tx.commit().await?;
            self.say_ended(&ending, &outcome);
        }
        Ok(())
    }

    /// An update of a generation that happens only if nobody has renewed its lease, or claimed it,
    /// since it was found.
    fn still_lost(&self, generation_id: Uuid) -> UpdateMany<generation::Entity> {
        generation::Entity::update_many()
            .filter(generation::Column::Id.eq(generation_id))
            .filter(self.expired())
    }

    /// Generations for which a provider was called and that cannot be resumed there.
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

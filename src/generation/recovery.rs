//! Recovery: answers whose writer is gone are queued again, or ended as they are. An answer that
//! cannot be recovered holds up no other.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, UpdateMany};
use uuid::Uuid;

use super::{
    Error, Generations,
    buffer::AnswerBuffer,
    store::{self, Ending},
};
use crate::{
    advisor::{engine::Failure, model::LanguageModel},
    entity::{
        generation,
        reading::{Engine, Status},
    },
    request_context::AnswerContext,
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

impl Generations {
    /// At once, then at every heartbeat, until stopped.
    pub(super) async fn recover_until_stopped(self: Arc<Self>) {
        let mut is_failing = false;
        while !self.stopping.is_cancelled() {
            let failed = self.recover().await.err();
            if let Some(error) = failed.as_ref().filter(|_| !is_failing) {
                tracing::warn!(%error, "could not look for unfinished answers; trying again");
            }
            is_failing = failed.is_some();
            tokio::select! {
                () = tokio::time::sleep(self.heartbeat()) => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    /// An answer whose lease has run out is queued again; but one that a provider was asked for and
    /// that cannot be taken up there ends as it is, since it would be paid for twice.
    async fn recover(self: &Arc<Self>) -> Result<(), Error> {
        // Nobody could renew a lease meanwhile: living writers get the time of one to do it.
        if self.db.was_away(self.settings.lease) {
            return Ok(());
        }
        let is_over = || {
            Condition::any()
                .add(self.is_paid_for())
                .add(generation::Column::Epoch.gte(EPOCHS))
        };
        let queued = self.expired().add(is_over().not());
        let queued = store::requeue(self.db.writes(), queued).await?;
        let lost = store::ids_of(self.db.reads(), self.expired().add(is_over())).await?;
        let answers = queued + lost.len() as u64;
        if answers > 0 {
            tracing::warn!(
                answers,
                "took over unfinished answers from a silent instance"
            );
        }
        if queued > 0 {
            self.any_queued.notify_one();
        }
        for (generation, reading, user) in lost {
            let answer = AnswerContext {
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

    async fn end_lost_patiently(self: &Arc<Self>, generation_id: Uuid) {
        let this = self.clone();
        let end = async move { this.end_lost(generation_id).await };
        if let Err(error) = self.db.detached(end).await
            && self.unrecovered.is_first(generation_id)
        {
            tracing::error!(%error, "could not end an answer without a writer; trying again");
        }
    }

    async fn end_lost(self: &Arc<Self>, generation_id: Uuid) -> Result<(), Error> {
        match self.end_interrupted(generation_id).await {
            Err(error) if error.is_lasting() => {
                let expired = self.still_lost(generation_id);
                self.abandon(generation_id, expired, None, error).await
            }
            done => done,
        }
    }

    /// Ends an answer of another instance, with what it had stored.
    async fn end_interrupted(self: &Arc<Self>, generation_id: Uuid) -> Result<(), Error> {
        let found = store::find(self.db.reads(), generation_id).await?;
        let Some((generation, reading)) = found else {
            // Deleted meanwhile.
            return Ok(());
        };
        let tx = self.db.begin().await?;
        let buffer = AnswerBuffer::load(&tx, &generation).await?;
        let usage = self
            .spent_so_far(&tx, &generation, &reading, &buffer)
            .await?;
        let outcome = buffer.ended(
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
            self.ended(&ending, &outcome);
        }
        Ok(())
    }

    /// An update of a generation, on the condition that its lease was neither renewed nor claimed since it
    /// was found.
    fn still_lost(&self, generation_id: Uuid) -> UpdateMany<generation::Entity> {
        generation::Entity::update_many()
            .filter(generation::Column::Id.eq(generation_id))
            .filter(self.expired())
    }

    fn expired(&self) -> Condition {
        store::expired(self.db.now(&self.clock), &self.active.leases())
    }

    /// Generations for which a provider was called and that cannot be resumed there.
    fn is_paid_for(&self) -> Condition {
        let asked = Condition::all()
            .add(generation::Column::SentAt.is_not_null())
            .add(generation::Column::Engine.eq(Engine::Model));
        if self.advisors.model().is_some_and(LanguageModel::can_resume) {
            asked.add(generation::Column::ProviderResponseId.is_null())
        } else {
            asked
        }
    }
}

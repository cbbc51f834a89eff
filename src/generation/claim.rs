//! Claiming queued answers: one writer each, of any instance, oldest first.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sea_orm::ConnectionTrait;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{
    Error, Generations,
    buffer::pieces,
    events::Change,
    notice::News,
    store::{self, Lease},
};
use crate::{
    advisor::obi::Cast,
    entity::{
        PieceEnds, generation,
        reading::{self, Status},
    },
    request_context::{self, AnswerContext},
};

/// Queued answers of which this instance remembers the request that asked for them.
const REMEMBERED: usize = 1024;

/// The ids of the requests that asked for what is queued, for the log of its writer. What another
/// instance claims, or was asked on another, is not here.
#[derive(Default)]
pub(super) struct RequestIds(Mutex<VecDeque<(Uuid, Arc<str>)>>);

impl RequestIds {
    /// Remembers the calling task's request.
    pub(super) fn remember(&self, generation_id: Uuid) {
        if let Some(id) = request_context::TaskContext::current().request_id() {
            let mut ids = self.lock();
            if ids.len() == REMEMBERED {
                ids.pop_front();
            }
            ids.push_back((generation_id, id.into()));
        }
    }

    fn take(&self, generation_id: Uuid) -> Option<Arc<str>> {
        let mut ids = self.lock();
        let at = ids.iter().position(|(id, _)| *id == generation_id)?;
        ids.remove(at).map(|(_, request_id)| request_id)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Uuid, Arc<str>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// A place among this instance's writers, if one is free and we are not stopping.
    pub(crate) fn free_writer(&self) -> Option<OwnedSemaphorePermit> {
        if self.stopping.is_cancelled() {
            return None;
        }
        self.writers.clone().try_acquire_owned().ok()
    }

    /// Inserts the reading's generation, which is this instance's already if `claimed`. `reserved` is in
    /// nano-dollars.
    pub(crate) async fn insert(
        &self,
        tx: &impl ConnectionTrait,
        reading: &reading::Model,
        cast: Cast,
        claimed: bool,
        reserved: i64,
    ) -> Result<(), Error> {
        let generation = generation::Model {
            id: reading.generation_id,
            reading_id: reading.id,
            user_id: reading.user_id,
            status: reading.status,
            cast_open: i16::from(cast.open()),
            owner: claimed.then_some(self.instance),
            epoch: i32::from(claimed),
            lease_expires_at: None,
            cancel_requested: false,
            sent_at: None,
            reserved,
            provider_response_id: None,
            provider_sequence: None,
            last_sequence: 0,
            piece_ends: PieceEnds(reading.response.as_deref().map(pieces).unwrap_or_default()),
            response: None,
            engine: reading.engine,
            model: reading.model.clone(),
            sources: reading.sources.clone(),
            tokens_used: 0,
            cached_tokens: 0,
            reasoning_tokens: 0,
            cost: 0,
            is_estimated: false,
            is_truncated: false,
            is_thinking: false,
            failure_code: None,
            failure_message: None,
            created_at: self.clock.now(),
            completed_at: reading.completed_at,
            rating: None,
            rating_reason: None,
            prompt_version: self.advisors.prompt_version(reading.engine),
        };
        let lease_end = claimed.then(|| self.lease_end());
        Ok(store::insert(tx, generation, lease_end).await?)
    }

    /// Starts what was stored as this instance's, once that is committed; or says that it has ended
    /// already.
    pub(crate) fn hand_to_writer(
        self: &Arc<Self>,
        reading: &reading::Model,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        if reading.status.is_final() {
            self.any_ended.notify_one();
        }
        if let Some(permit) = permit {
            let lease = Lease {
                generation_id: reading.generation_id,
                reading_id: reading.id,
                owner: self.instance,
                epoch: 1,
            };
            let answer = AnswerContext {
                request_id: request_context::TaskContext::current()
                    .request_id()
                    .map(Arc::from),
                user: reading.user_id,
                reading: reading.id,
                generation: reading.generation_id,
            };
            self.spawn_writer(lease, answer, permit);
        } else if reading.status == Status::Pending {
            self.request_ids.remember(reading.generation_id);
        } else if reading.status.is_final() && !reading.is_cached {
            self.metrics
                .count_ended(reading.status, reading.engine, None, 0, 0);
        }
    }

    /// Claims for as long as an answer is queued and a writer is free.
    pub(super) async fn claim_what_is_queued(self: &Arc<Self>) {
        while let Some(permit) = self.free_writer() {
            let this = self.clone();
            let claim = self.db.detached(async move { this.claim(permit).await });
            match claim.await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::debug!(%error, "could not claim an answer; trying again");
                    break;
                }
            }
        }
    }

    /// Claims the oldest queued generation and has it written. Returns whether there was one.
    async fn claim(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Result<bool, Error> {
        // Most looks find nothing: they take no write lock.
        if !store::has_queued(self.db.reads()).await? {
            return Ok(false);
        }
        let tx = self.db.begin().await?;
        let Some(queued) = store::lock_queued(&tx).await? else {
            tx.rollback().await?;
            return Ok(false);
        };
        let (generation, reading, user, _) = queued;
        let lease = store::claim(&tx, queued, self.instance, self.lease_end()).await?;
        self.announce(&tx, (user, reading), News::Written, Change::Changed)
            .await?;
        tx.commit().await?;
        self.publish(user, reading, Change::Changed);
        let answer = AnswerContext {
            request_id: self.request_ids.take(generation),
            user,
            reading,
            generation,
        };
        self.spawn_writer(lease, answer, permit);
        Ok(true)
    }
}

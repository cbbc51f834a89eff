//! Claiming queued answers: one writer each, of any instance, oldest first.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LockBehavior, LockType},
};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{Error, Readings, events::Change, lease::Lease, news::News};
use crate::{
    entity::{
        generation,
        reading::{self, Status},
    },
    request::{self, Answer},
};

/// A generation, its reading, its user and its epoch.
type Queued = (Uuid, Uuid, Uuid, i32);

/// Queued answers of which this instance remembers the request that asked for them.
const REMEMBERED: usize = 1024;

/// The ids of the requests that asked for what is queued, for the log of its writer. What another
/// instance claims, or was asked on another, is not here.
#[derive(Default)]
pub(super) struct Asked(Mutex<VecDeque<(Uuid, Arc<str>)>>);

impl Asked {
    /// Remembers the calling task's request.
    pub(super) fn remember(&self, generation_id: Uuid) {
        if let Some(id) = request::Context::current().request_id() {
            let mut asked = self.lock();
            if asked.len() == REMEMBERED {
                asked.pop_front();
            }
            asked.push_back((generation_id, id.into()));
        }
    }

    fn take(&self, generation_id: Uuid) -> Option<Arc<str>> {
        let mut asked = self.lock();
        let at = asked.iter().position(|(id, _)| *id == generation_id)?;
        asked.remove(at).map(|(_, request_id)| request_id)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Uuid, Arc<str>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readings {
    /// Starts what was stored as this instance's, once that is committed; or says that it has ended
    /// already.
    pub(super) fn hand_to_writer(
        &self,
        reading: &reading::Model,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        if reading.status.is_final() {
            self.0.wanted.ended.notify_one();
        }
        if let Some(permit) = permit {
            let lease = Lease {
                generation_id: reading.generation_id,
                reading_id: reading.id,
                epoch: 1,
            };
            let answer = Answer {
                request_id: request::Context::current().request_id().map(Arc::from),
                user: reading.user_id,
                reading: reading.id,
                generation: reading.generation_id,
            };
            self.spawn_writer(lease, answer, permit);
        } else if reading.status == Status::Pending {
            self.0.asked.remember(reading.generation_id);
        } else if reading.status.is_final() && !reading.is_cached {
            let metrics = &self.0.metrics;
            metrics.count_ended(reading.status, reading.engine, None, 0, 0);
        }
    }

    /// Claims for as long as an answer is queued and a writer is free.
    pub(super) async fn claim_what_is_queued(&self) {
        while let Some(permit) = self.free_writer() {
            let this = self.clone();
            let claim = self.0.db.detached(async move { this.claim(permit).await });
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
    async fn claim(&self, permit: OwnedSemaphorePermit) -> Result<bool, Error> {
        // Most looks find nothing: they take no write lock.
        let any = Self::queued().into_tuple::<Queued>().one(self.0.db.reads());
        if any.await?.is_none() {
            return Ok(false);
        }
        let tx = self.0.db.begin().await?;
        let queued = Self::queued()
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_tuple::<Queued>()
            .one(&tx)
            .await?;
        let Some((generation_id, reading_id, user_id, epoch)) = queued else {
            tx.rollback().await?;
            return Ok(false);
        };
        generation::Entity::update_many()
            .col_expr(generation::Column::Status, Expr::value(Status::Writing))
            .col_expr(generation::Column::Owner, Expr::value(self.0.instance))
            .col_expr(
                generation::Column::Epoch,
                Expr::col(generation::Column::Epoch).add(1),
            )
            .col_expr(generation::Column::LeaseExpiresAt, self.lease_end())
            .filter(generation::Column::Id.eq(generation_id))
            .exec(&tx)
            .await?;
        reading::Entity::update_many()
            .col_expr(reading::Column::Status, Expr::value(Status::Writing))
            .filter(reading::Column::Id.eq(reading_id))
            .exec(&tx)
            .await?;
        self.notify_of(&tx, (user_id, reading_id), News::Written, Change::Changed)
            .await?;
        tx.commit().await?;
        self.publish(user_id, reading_id, Change::Changed);
        let lease = Lease {
            generation_id,
            reading_id,
            epoch: epoch + 1,
        };
        let answer = Answer {
            request_id: self.0.asked.take(generation_id),
            user: user_id,
            reading: reading_id,
            generation: generation_id,
        };
        self.spawn_writer(lease, answer, permit);
        Ok(true)
    }

    /// By the columns that a claim needs: a row that cannot be read in full holds up no other.
    fn queued() -> Select<generation::Entity> {
        generation::Entity::find()
            .select_only()
            .columns([
                generation::Column::Id,
                generation::Column::ReadingId,
                generation::Column::UserId,
                generation::Column::Epoch,
            ])
            .filter(generation::Column::CompletedAt.is_null())
            .filter(generation::Column::Status.eq(Status::Pending))
            .order_by_asc(generation::Column::Id)
    }
}

/// For the log line of the request.
pub(super) fn note(reading: &reading::Model) {
    request::note_reading(reading.id);
    request::note_generation(reading.generation_id);
}

//! The lease on a generation: its holder writes. Every write carries the owner and the epoch; one
//! that changes nothing has lost the lease, to another writer or to a deletion.
//!
//! On PostgreSQL leases are granted and judged by the database's clock alone, so that the clocks of
//! instances may differ by any time. On SQLite there is one machine, and its clock.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, UpdateMany, sea_query::Expr,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Readings;
use crate::entity::{generation, reading::Status};

/// The lease that this instance holds while it writes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub generation_id: Uuid,
    pub reading_id: Uuid,
    pub epoch: i32,
}

/// The answers that this instance is writing, and how to stop each.
#[derive(Default)]
pub(super) struct Writing(Mutex<HashMap<Uuid, (Lease, CancellationToken)>>);

impl Writing {
    pub(super) fn begin(&self, lease: Lease) -> CancellationToken {
        let token = CancellationToken::new();
        self.lock().insert(lease.reading_id, (lease, token.clone()));
        token
    }

    /// Ends the writing when what is returned is dropped, also by a panic of the writer.
    pub(super) fn until_dropped(&self, lease: Lease) -> WritingGuard<'_> {
        WritingGuard {
            writing: self,
            lease,
        }
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

    pub(super) fn leases(&self) -> Vec<Lease> {
        self.lock().values().map(|(lease, _)| *lease).collect()
    }

    pub(super) fn holds(&self, reading_id: Uuid) -> bool {
        self.lock().contains_key(&reading_id)
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

pub(super) struct WritingGuard<'a> {
    writing: &'a Writing,
    lease: Lease,
}

impl Drop for WritingGuard<'_> {
    fn drop(&mut self) {
        self.writing.end(self.lease);
    }
}

impl Readings {
    /// When a lease ends that is granted or renewed now.
    pub(super) fn lease_end(&self) -> Expr {
        let lease = self.0.settings.lease;
        if self.0.db.is_postgres() {
            let lease = lease.as_millis();
            // Not `now()`: the transaction may have waited for a lock.
            Expr::cust(format!(
                "clock_timestamp() + interval '{lease} milliseconds'"
            ))
        } else {
            Expr::value(self.0.clock.now() + lease)
        }
    }

    /// Being written, by a writer whose lease has run out. A writer of this instance that is late,
    /// because the machine is busy, keeps its answer: it lives, and renews its lease with its next
    /// piece.
    pub(super) fn expired(&self) -> Condition {
        let now = if self.0.db.is_postgres() {
            Expr::cust("now()")
        } else {
            Expr::value(self.0.clock.now())
        };
        let written_here = self.0.writing.leases();
        let written_here = written_here.iter().map(|lease| lease.generation_id);
        Condition::all()
            .add(generation::Column::CompletedAt.is_null())
            .add(generation::Column::Status.eq(Status::Writing))
            .add(generation::Column::LeaseExpiresAt.into_expr().lt(now))
            .add(generation::Column::Id.is_not_in(written_here))
    }

    /// An update of the generation that happens only while the lease is held.
    pub(super) fn held(&self, lease: Lease) -> UpdateMany<generation::Entity> {
        generation::Entity::update_many()
            .filter(generation::Column::Id.eq(lease.generation_id))
            .filter(generation::Column::Owner.eq(self.0.instance))
            .filter(generation::Column::Epoch.eq(lease.epoch))
            .filter(generation::Column::CompletedAt.is_null())
    }
}

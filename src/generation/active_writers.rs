//! The answers that this instance is writing.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::store::Lease;

/// The answers that this instance is writing, and how to stop each.
#[derive(Default)]
pub(super) struct ActiveWriters(Mutex<HashMap<Uuid, (Lease, CancellationToken)>>);

impl ActiveWriters {
    pub(super) fn begin(&self, lease: Lease) -> CancellationToken {
        let token = CancellationToken::new();
        self.lock().insert(lease.reading_id, (lease, token.clone()));
        token
    }

    /// Ends the writing when what is returned is dropped, also by a panic of the writer.
    pub(super) fn until_dropped(&self, lease: Lease) -> ActiveWriter<'_> {
        ActiveWriter {
            writers: self,
            lease,
        }
    }

    /// A lease that was lost may have been won again here: then it is another writer's.
    fn end(&self, lease: Lease) {
        let mut writers = self.lock();
        if writers
            .get(&lease.reading_id)
            .is_some_and(|(held, _)| *held == lease)
        {
            writers.remove(&lease.reading_id);
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

pub(super) struct ActiveWriter<'a> {
    writers: &'a ActiveWriters,
    lease: Lease,
}

impl Drop for ActiveWriter<'_> {
    fn drop(&mut self) {
        self.writers.end(self.lease);
    }
}

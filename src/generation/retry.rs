//! Retrying what the database cannot store at the moment, and saying so in the log without flooding
//! it: the first failure, a summary each half minute, and the end.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use uuid::Uuid;

use super::{Error, Generations, store::Lease};
use crate::db;

/// How long to wait before what failed is tried again, and how often.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(500);
pub(super) const RETRIES: u32 = 600;

/// How often answers that wait are summed up in the log.
const SUMMARY: Duration = Duration::from_secs(30);

impl Error {
    /// Whether the same would fail again at any time.
    pub(super) fn is_lasting(&self) -> bool {
        match self {
            Self::Database(error) => db::is_lasting(error),
            _ => true,
        }
    }
}

/// Generations whose writers wait until they can be stored.
#[derive(Default)]
pub(super) struct Unstored(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    generations: HashSet<Uuid>,
    /// Of the first of them.
    since: Option<Instant>,
    logged: Option<Instant>,
}

impl Unstored {
    /// It could not be stored, and is tried again.
    pub(super) fn failed(&self, generation_id: Uuid, error: &Error) {
        if let Some((answers, seconds)) = self.note(generation_id, Instant::now()) {
            tracing::warn!(%error, answers, seconds, "could not store answers; trying again");
        }
    }

    /// It is stored, or waits no longer.
    pub(super) fn over(&self, generation_id: Uuid) {
        if let Some(time) = self.forget(generation_id, Instant::now()) {
            let seconds = time.as_secs();
            tracing::info!(seconds, "no answer waits to be stored any more");
        }
    }

    /// How many wait, and for how many seconds, if it is time to say so.
    fn note(&self, generation_id: Uuid, now: Instant) -> Option<(usize, u64)> {
        let mut waiting = self.lock();
        waiting.generations.insert(generation_id);
        let since = *waiting.since.get_or_insert(now);
        if waiting.logged.is_some_and(|logged| now - logged < SUMMARY) {
            return None;
        }
        waiting.logged = Some(now);
        Some((waiting.generations.len(), (now - since).as_secs()))
    }

    /// For how long some have waited, if it was the last of them.
    fn forget(&self, generation_id: Uuid, now: Instant) -> Option<Duration> {
        let mut waiting = self.lock();
        if !waiting.generations.remove(&generation_id) || !waiting.generations.is_empty() {
            return None;
        }
        let since = std::mem::take(&mut *waiting).since?;
        Some(now - since)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// Runs an action, and again while the database is unavailable: that comes back, or the lease
    /// runs out and is taken over. None if it did not come back in time.
    ///
    /// # Errors
    ///
    /// If the action would fail again at any time.
    pub(super) async fn retry_until_handover<T, E, F>(
        &self,
        lease: Lease,
        mut action: impl FnMut() -> F,
    ) -> Result<Option<T>, Error>
    where
        Error: From<E>,
        F: Future<Output = Result<T, E>>,
    {
        for _ in 0..RETRIES {
            match action().await.map_err(Error::from) {
                Ok(done) => {
                    self.unstored.over(lease.generation_id);
                    return Ok(Some(done));
                }
                Err(error) if error.is_lasting() => return Err(error),
                Err(error) => self.unstored.failed(lease.generation_id, &error),
            }
            let pause = tokio::time::sleep(RETRY_PAUSE);
            if self.hand_over.run_until_cancelled(pause).await.is_none() {
                break;
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;
    use uuid::Uuid;

    use super::Unstored;

    #[test]
    fn a_full_disk_is_logged_first_and_then_twice_a_minute() {
        let unstored = Unstored::default();
        let mut now = Instant::now();
        let mut reports = Vec::new();
        for _ in 0..122 {
            for writer in 1..=3 {
                reports.extend(unstored.note(Uuid::from_u128(writer), now));
            }
            now += Duration::from_millis(500);
        }
        assert_eq!(reports, [(1, 0), (3, 30), (3, 60)]);

        assert_eq!(unstored.forget(Uuid::from_u128(1), now), None);
        assert_eq!(unstored.forget(Uuid::from_u128(2), now), None);
        let over = unstored.forget(Uuid::from_u128(3), now);
        assert_eq!(over, Some(Duration::from_secs(61)));
        // The next time is another.
        assert_eq!(unstored.note(Uuid::from_u128(1), now), Some((1, 0)));
    }
}

//! How many operations run at once: of one user, and of all clients at one address that have not
//! signed in. A few more wait for their turn, for a while. An operation counts until its answer is
//! delivered; a mutation whose client has left, until it ends.
//!
//! Expensive operations run one at a time for each of these, and on half of the cores at most:
//! however many there are, everyone else's requests find a core.

use std::{
    collections::HashMap, net::IpAddr, sync::Arc, thread::available_parallelism, time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

/// Operations of one user that run at once, and that are there at once, with those that wait.
const OF_A_USER: usize = 8;
const OF_A_USER_IN_ALL: usize = 128;

/// The same for an address: many clients may share it, and what is open to everyone is little.
const AT_AN_ADDRESS: usize = 64;
const AT_AN_ADDRESS_IN_ALL: usize = 512;

/// How long an operation waits for its turn.
const PATIENCE: Duration = Duration::from_secs(15);

/// The user or address that operations are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Requester {
    User(Uuid),
    Address(IpAddr),
}

/// Counts what runs.
#[derive(Clone)]
pub struct OperationLimiter {
    running: Arc<Mutex<HashMap<Requester, Operations>>>,
    /// Expensive operations of all requesters.
    expensive: Arc<Semaphore>,
}

/// The running operations of a requester.
struct Operations {
    turns: Arc<Semaphore>,
    /// The expensive ones among them.
    expensive: Arc<Semaphore>,
    /// With those that wait.
    count: usize,
}

/// One operation's, until it is dropped.
pub(super) struct OperationPermit {
    // The turn is dropped first, so that operations that wait for it are still counted.
    _turn: OwnedSemaphorePermit,
    expensive: Option<OwnedSemaphorePermit>,
    counted: Counted,
}

struct Counted {
    requester: Requester,
    limiter: OperationLimiter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    pub limit: usize,
}

impl Requester {
    fn limits(self) -> (usize, usize) {
        match self {
            Self::User(_) => (OF_A_USER, OF_A_USER_IN_ALL),
            Self::Address(_) => (AT_AN_ADDRESS, AT_AN_ADDRESS_IN_ALL),
        }
    }
}

impl Default for OperationLimiter {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            running: Arc::default(),
            expensive: Arc::new(Semaphore::new((cores / 2).max(1))),
        }
    }
}

impl OperationLimiter {
    /// Waits for a turn.
    ///
    /// # Errors
    ///
    /// If too many wait already, or none comes in time.
    pub(super) async fn acquire(&self, requester: Requester) -> Result<OperationPermit, TooMany> {
        let (limit, in_all) = requester.limits();
        let too_many = TooMany { limit };
        let turns = {
            let mut running = self.running.lock();
            let operations = running.entry(requester).or_insert_with(|| Operations {
                turns: Arc::new(Semaphore::new(limit)),
                expensive: Arc::new(Semaphore::new(1)),
                count: 0,
            });
            if operations.count >= in_all {
                return Err(too_many);
            }
            operations.count += 1;
            operations.turns.clone()
        };
        let counted = Counted {
            requester,
            limiter: self.clone(),
        };
        match timeout(PATIENCE, turns.acquire_owned()).await {
            Ok(Ok(turn)) => Ok(OperationPermit {
                _turn: turn,
                expensive: None,
                counted,
            }),
            Ok(Err(_)) | Err(_) => Err(too_many),
        }
    }

    /// Waits for the turn of an expensive operation: first the requester's, which lasts until the
    /// answer is delivered, then one of the service's, which is returned and lasts while it is
    /// executed. None if it does not come in time.
    pub(super) async fn acquire_expensive(
        &self,
        permit: &mut OperationPermit,
    ) -> Option<OwnedSemaphorePermit> {
        let own = self
            .running
            .lock()
            .get(&permit.counted.requester)
            .map(|operations| operations.expensive.clone());
        let turns = async {
            if let Some(own) = own {
                permit.expensive = own.acquire_owned().await.ok();
            }
            self.expensive.clone().acquire_owned().await.ok()
        };
        timeout(PATIENCE, turns).await.ok().flatten()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut running = self.limiter.running.lock();
        if let Some(operations) = running.get_mut(&self.requester) {
            operations.count -= 1;
            if operations.count == 0 {
                running.remove(&self.requester);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const ADA: Requester = Requester::User(Uuid::from_u128(1));
    const BEA: Requester = Requester::User(Uuid::from_u128(2));

    #[tokio::test]
    async fn a_user_has_so_many_and_leaves_nothing() {
        let limiter = OperationLimiter::default();
        let mut permits = Vec::new();
        for _ in 0..OF_A_USER {
            permits.push(limiter.acquire(ADA).await.ok().unwrap());
        }

        // One that waits gets its turn, one that gives up is forgotten.
        let now = Duration::ZERO;
        assert!(timeout(now, limiter.acquire(ADA)).await.is_err());
        let mut waiting = Box::pin(limiter.acquire(ADA));
        assert!(timeout(now, &mut waiting).await.is_err());
        permits.pop();
        permits.push(waiting.await.ok().unwrap());
        // No other waits.
        assert!(timeout(now, limiter.acquire(BEA)).await.unwrap().is_ok());

        // Not everyone can wait.
        let mut waiting: Vec<_> = (OF_A_USER..OF_A_USER_IN_ALL)
            .map(|_| Box::pin(limiter.acquire(ADA)))
            .collect();
        for one in &mut waiting {
            assert!(timeout(now, one).await.is_err());
        }
        let refused = timeout(now, limiter.acquire(ADA)).await.unwrap();
        assert_eq!(refused.err(), Some(TooMany { limit: OF_A_USER }));
        drop((permits, waiting));
        assert!(limiter.running.lock().is_empty());
    }

    #[tokio::test]
    async fn expensive_operations_leave_a_core() {
        let limiter = OperationLimiter {
            expensive: Arc::new(Semaphore::new(1)),
            ..OperationLimiter::default()
        };
        let now = Duration::ZERO;
        let mut first = limiter.acquire(ADA).await.ok().unwrap();
        let turn = limiter.acquire_expensive(&mut first).await.unwrap();

        // Ada's second and Bea's first wait; what is cheap does not.
        let mut second = limiter.acquire(ADA).await.ok().unwrap();
        let mut other = limiter.acquire(BEA).await.ok().unwrap();
        let waiting = timeout(now, limiter.acquire_expensive(&mut second)).await;
        assert!(waiting.is_err());
        let mut waiting = Box::pin(limiter.acquire_expensive(&mut other));
        assert!(timeout(now, &mut waiting).await.is_err());

        // Once it is executed another's runs; the second of the same user, once it is delivered.
        drop(turn);
        drop(waiting.await.unwrap());
        let waiting = timeout(now, limiter.acquire_expensive(&mut second)).await;
        assert!(waiting.is_err());
        drop(first);
        assert!(limiter.acquire_expensive(&mut second).await.is_some());
        drop((second, other));
        assert!(limiter.running.lock().is_empty());
    }
}

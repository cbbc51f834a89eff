//! How many connections there may be at once: of all clients together, and of one address. Whoever
//! has taken all that one address may have locks nobody out but themselves.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::account;

pub(super) struct Places {
    free: Arc<Semaphore>,
    per_address: usize,
    /// Whose connections are many clients'.
    trusted_proxies: Arc<[IpNet]>,
    taken: Arc<Mutex<Taken>>,
}

/// Connections by address, where there are any. Not kept for trusted proxies.
type Taken = HashMap<IpAddr, usize>;

/// A connection's, until it is closed; also while it is a WebSocket.
pub(super) struct Place {
    _one: OwnedSemaphorePermit,
    _of_address: Option<OfAddress>,
}

struct OfAddress {
    address: IpAddr,
    taken: Arc<Mutex<Taken>>,
}

impl Places {
    pub(super) fn new(all: usize, per_address: usize, trusted_proxies: Arc<[IpNet]>) -> Self {
        Self {
            free: Arc::new(Semaphore::new(all)),
            per_address,
            trusted_proxies,
            taken: Arc::default(),
        }
    }

    /// Waits until there is a place for somebody.
    pub(super) async fn free(&self) -> OwnedSemaphorePermit {
        let free = self.free.clone().acquire_owned().await;
        free.expect("it is never closed")
    }

    /// Gives a free place to an address, if it has not as many as it may have.
    pub(super) fn give(&self, free: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let is_proxy = |network: &IpNet| network.contains(&peer);
        let of_address = if self.trusted_proxies.iter().any(is_proxy) {
            None
        } else {
            let address = account::network(peer);
            let mut taken = lock(&self.taken);
            let count = taken.entry(address).or_default();
            if *count >= self.per_address {
                return None;
            }
            *count += 1;
            let taken = self.taken.clone();
            Some(OfAddress { address, taken })
        };
        Some(Place {
            _one: free,
            _of_address: of_address,
        })
    }
}

impl Drop for OfAddress {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_has_its_share_and_gets_back_what_it_leaves() {
        let places = Places::new(10, 2, ["10.0.0.0/8".parse().unwrap()].into());
        let give = async |address: &str| {
            let free = places.free().await;
            places.give(free, address.parse().unwrap())
        };

        let first = give("203.0.113.9").await;
        let second = give("::ffff:203.0.113.9").await;
        assert!(first.is_some() && second.is_some());
        assert!(give("203.0.113.9").await.is_none());
        assert!(give("203.0.113.10").await.is_some());
        drop(first);
        assert!(give("203.0.113.9").await.is_some());

        // A subscriber of IPv6 is a network.
        let near = [give("2001:db8::1").await, give("2001:db8::2").await];
        assert!(give("2001:db8::3").await.is_none());
        assert!(give("2001:db8:0:1::1").await.is_some());
        drop((near, second));
        let proxies = [
            give("10.0.0.1").await,
            give("10.0.0.1").await,
            give("10.0.0.1").await,
        ];
        assert!(proxies.iter().all(Option::is_some));
        drop(proxies);
        assert!(lock(&places.taken).is_empty());
        assert_eq!(places.free.available_permits(), 10);
    }
}

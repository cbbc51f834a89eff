//! Limits of open connections: of all clients together, and of one address, so that one client cannot lock
//! the others out.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use ipnet::IpNet;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::account;

pub(super) struct ConnectionLimiter {
    free: Arc<Semaphore>,
    per_address: usize,
    /// Their connections are many clients'.
    trusted_proxies: Arc<[IpNet]>,
    open: Arc<Mutex<Open>>,
}

/// Open connections by address. Those of trusted proxies are not counted.
type Open = HashMap<IpAddr, usize>;

/// Held by a connection until it is closed, also while it is a WebSocket.
pub(super) struct ConnectionPermit {
    _one: OwnedSemaphorePermit,
    _share: Option<AddressShare>,
}

struct AddressShare {
    address: IpAddr,
    open: Arc<Mutex<Open>>,
}

impl ConnectionLimiter {
    pub(super) fn new(all: usize, per_address: usize, trusted_proxies: Arc<[IpNet]>) -> Self {
        Self {
            free: Arc::new(Semaphore::new(all)),
            per_address,
            trusted_proxies,
            open: Arc::default(),
        }
    }

    /// Waits until there is room for a connection.
    pub(super) async fn free(&self) -> OwnedSemaphorePermit {
        let free = self.free.clone().acquire_owned().await;
        free.expect("it is never closed")
    }

    /// None if the address has as many connections as it may have.
    pub(super) fn acquire(
        &self,
        free: OwnedSemaphorePermit,
        peer: IpAddr,
    ) -> Option<ConnectionPermit> {
        let peer = peer.to_canonical();
        let is_proxy = |network: &IpNet| network.contains(&peer);
        let share = if self.trusted_proxies.iter().any(is_proxy) {
            None
        } else {
            let address = account::network(peer);
            let mut open = self.open.lock();
            let count = open.entry(address).or_default();
            if *count >= self.per_address {
                return None;
            }
            *count += 1;
            let open = self.open.clone();
            Some(AddressShare { address, open })
        };
        Some(ConnectionPermit {
            _one: free,
            _share: share,
        })
    }
}

impl Drop for AddressShare {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_has_a_limit_and_closed_connections_do_not_count() {
        let limiter = ConnectionLimiter::new(10, 2, ["10.0.0.0/8".parse().unwrap()].into());
        let acquire = async |address: &str| {
            let free = limiter.free().await;
            limiter.acquire(free, address.parse().unwrap())
        };

        let first = acquire("203.0.113.9").await;
        let second = acquire("::ffff:203.0.113.9").await;
        assert!(first.is_some() && second.is_some());
        assert!(acquire("203.0.113.9").await.is_none());
        assert!(acquire("203.0.113.10").await.is_some());
        drop(first);
        assert!(acquire("203.0.113.9").await.is_some());

        // A subscriber of IPv6 is a network.
        let near = [acquire("2001:db8::1").await, acquire("2001:db8::2").await];
        assert!(acquire("2001:db8::3").await.is_none());
        assert!(acquire("2001:db8:0:1::1").await.is_some());
        drop((near, second));
        let proxies = [
            acquire("10.0.0.1").await,
            acquire("10.0.0.1").await,
            acquire("10.0.0.1").await,
        ];
        assert!(proxies.iter().all(Option::is_some));
        drop(proxies);
        assert!(limiter.open.lock().is_empty());
        assert_eq!(limiter.free.available_permits(), 10);
    }
}

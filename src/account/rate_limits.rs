//! Rate limits for passwords, registrations and questions.
//!
//! **Passwords.** Signing in, changing the password and deleting the account are all tries at an
//! account's password and count alike, whether there is such an account or not, before the hash
//! is computed. A try has to pass three counts:
//!
//! - those from its address, whosever passwords they are at (the setting `LOGIN_RATE`);
//! - those from its address at this account since the right password was last given there: ten,
//!   then one every three minutes. To give the right one often is no offence;
//! - those of all strangers at this account: 35, then 35 an hour. A stranger is an address from
//!   which the right password has not been given yet.
//!
//! So a guesser who is stopped stops no one else: other addresses have counts
//! of their own, and one guesser alone cannot use up the strangers' count, which fills faster
//! than one address may empty it. Many guessers together can, and then keep the owner from
//! signing in at a new address, but not at a familiar one. All strangers and one familiar address
//! together have fewer than a hundred tries at an account in any hour, which is what OWASP ASVS
//! 4.0.3 asks for (2.2.1).
//!
//! **Links** from mail count as tries at passwords from their address. **Registrations** count by
//! address (`REGISTER_RATE`), and so does mail that anyone can have sent to an address; that
//! counts by the recipient too, whether or not an account has it. **Questions** count by account
//! (`ASK_RATE`), and ten times as many by address: accounts are free. **Shared readings** count by
//! address: 60, then one a second.
//!
//! An IPv6 address counts as its /64, which is what one subscriber is given (RFC 6177). Counts
//! are this instance's own and end with it: N instances allow N times as much.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use governor::{Quota, RateLimiter, middleware::NoOpMiddleware, state::keyed::HashMapStateStore};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::{
    clock::Clock,
    config::{ClientSettings, Rate},
};

/// At one account's password from one address.
const AT_ONE_ACCOUNT: Rate = rate(10, Duration::from_mins(30));

/// At one account's password from all addresses that are not familiar.
const OF_STRANGERS: Rate = rate(35, Duration::from_hours(1));

/// Mail to one address that others can cause.
const TO_ONE_ADDRESS: Rate = rate(5, Duration::from_hours(1));

/// Readings shown by links to one address.
const SHARED_AT_ONE_ADDRESS: Rate = rate(60, Duration::from_mins(1));

/// How many accounts' worth of questions may come from one address.
const ASKERS_AT_ONE_ADDRESS: NonZeroU32 = rate(10, Duration::ZERO).count;

/// Counts that are kept of one kind, at most: some 9 MB. Past that, two share one now and then.
const SLOTS: u64 = 1 << 18;

/// Counts that are full again are forgotten once in so many tries.
const FORGET_EVERY: u32 = 4096;

/// Familiar addresses that are kept, at most: some 4 MB. Past that, all begin as strangers anew.
const FAMILIAR_MAX: usize = 100_000;

const fn rate(count: u32, per: Duration) -> Rate {
    let count = NonZeroU32::new(count).expect("the rates above are not zero");
    Rate { count, per }
}

/// Too many tries: nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many tries")]
pub struct RateLimited {
    /// Its name in the log.
    pub limit: &'static str,
    /// Seconds, rounded up, after which the next try is let through.
    pub retry_after: u64,
}

/// The counts of this instance.
pub struct RateLimits {
    passwords: Option<Passwords>,
    registrations: Option<Bucket>,
    mails: Option<Bucket>,
    questions: Option<Questions>,
    shared: Bucket,
    /// Keys the hashes, so that no client can find accounts whose counts collide.
    seed: RandomState,
}

struct Passwords {
    from_address: Bucket,
    at_account_from_address: Bucket,
    at_account_of_strangers: Bucket,
    /// How often the right password has been given, by account and address.
    familiar: Mutex<HashMap<u64, u32>>,
}

struct Questions {
    of_account: Bucket,
    from_address: Bucket,
}

impl RateLimits {
    #[must_use]
    pub(super) fn new(rates: &ClientSettings, clock: &Clock) -> Self {
        Self {
            passwords: rates.login.map(|rate| Passwords {
                from_address: Bucket::new("passwords_of_address", rate, clock),
                at_account_from_address: Bucket::new(
                    "passwords_at_account_of_address",
                    AT_ONE_ACCOUNT,
                    clock,
                ),
                at_account_of_strangers: Bucket::new(
                    "passwords_at_account_of_strangers",
                    OF_STRANGERS,
                    clock,
                ),
                familiar: Mutex::default(),
            }),
            registrations: rates
                .register
                .map(|rate| Bucket::new("registrations_of_address", rate, clock)),
            mails: rates
                .register
                .map(|_| Bucket::new("mails_to_address", TO_ONE_ADDRESS, clock)),
            questions: rates.ask.map(|rate| Questions {
                of_account: Bucket::new("questions_of_account", rate, clock),
                from_address: Bucket::new(
                    "questions_of_address",
                    Rate {
                        count: rate.count.saturating_mul(ASKERS_AT_ONE_ADDRESS),
                        ..rate
                    },
                    clock,
                ),
            }),
            shared: Bucket::new("shared_readings_of_address", SHARED_AT_ONE_ADDRESS, clock),
            seed: RandomState::new(),
        }
    }

    /// Counts a try at the password of the account with this email key.
    pub(super) fn password(&self, email_key: &str, from: IpAddr) -> Result<(), RateLimited> {
        let Some(passwords) = &self.passwords else {
            return Ok(());
        };
        let from = network(from);
        let pair = self.seed.hash_one((email_key, from));
        let sign_ins = passwords.familiar.lock().get(&pair).copied();
        passwords
            .from_address
            .try_acquire(self.seed.hash_one(from))?;
        // A count for each time between two right passwords.
        let since = self.seed.hash_one((pair, sign_ins));
        passwords.at_account_from_address.try_acquire(since)?;
        match sign_ins {
            Some(_) => Ok(()),
            None => passwords
                .at_account_of_strangers
                .try_acquire(self.seed.hash_one(email_key)),
        }
    }

    /// Notes that the try was right: the address is familiar to the account from now on.
    pub(super) fn password_was_right(&self, email_key: &str, from: IpAddr) {
        let Some(passwords) = &self.passwords else {
            return;
        };
        let pair = self.seed.hash_one((email_key, network(from)));
        let mut familiar = passwords.familiar.lock();
        if familiar.len() >= FAMILIAR_MAX && !familiar.contains_key(&pair) {
            familiar.clear();
        }
        let sign_ins = familiar.entry(pair).or_default();
        *sign_ins = sign_ins.wrapping_add(1);
    }

    /// Counts an account that is to be made.
    pub(super) fn registration(&self, from: IpAddr) -> Result<(), RateLimited> {
        match &self.registrations {
            Some(count) => count.try_acquire(self.seed.hash_one(network(from))),
            None => Ok(()),
        }
    }

    /// Counts a message to the address with this email key.
    pub(super) fn mail(&self, email_key: &str, from: IpAddr) -> Result<(), RateLimited> {
        self.registration(from)?;
        match &self.mails {
            Some(count) => count.try_acquire(self.seed.hash_one(email_key)),
            None => Ok(()),
        }
    }

    /// Counts a try at the token of a link.
    pub(super) fn link(&self, from: IpAddr) -> Result<(), RateLimited> {
        match &self.passwords {
            Some(passwords) => passwords
                .from_address
                .try_acquire(self.seed.hash_one(network(from))),
            None => Ok(()),
        }
    }

    /// Counts a look at what a link shows.
    ///
    /// # Errors
    ///
    /// If there were too many.
    pub fn shared(&self, from: IpAddr) -> Result<(), RateLimited> {
        self.shared.try_acquire(self.seed.hash_one(network(from)))
    }

    /// Counts a question, or the wish for another answer to one.
    ///
    /// # Errors
    ///
    /// If there were too many.
    pub fn question(&self, user_id: Uuid, from: IpAddr) -> Result<(), RateLimited> {
        let Some(questions) = &self.questions else {
            return Ok(());
        };
        questions
            .of_account
            .try_acquire(self.seed.hash_one(user_id))?;
        let from = network(from);
        questions.from_address.try_acquire(self.seed.hash_one(from))
    }
}

/// The network that counts as one address.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// One kind of count, for each of many keys.
struct Bucket {
    name: &'static str,
    limiter: RateLimiter<u64, HashMapStateStore<u64>, Clock, NoOpMiddleware<Duration>>,
    clock: Clock,
    takes: AtomicU32,
}

impl Bucket {
    fn new(name: &'static str, rate: Rate, clock: &Clock) -> Self {
        let quota = Quota::with_period(rate.per / rate.count.get())
            .expect("the settings, and the rates above, are not zero")
            .allow_burst(rate.count);
        Self {
            name,
            limiter: RateLimiter::hashmap_with_clock(quota, clock.clone()),
            clock: clock.clone(),
            takes: AtomicU32::new(0),
        }
    }

    fn try_acquire(&self, key: u64) -> Result<(), RateLimited> {
        if self.takes.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter.check_key(&(key % SLOTS)).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.elapsed());
            let retry_after = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            RateLimited {
                limit: self.name,
                retry_after: retry_after.max(1),
            }
        })
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{Bucket, Clock, Duration, FORGET_EVERY, SLOTS, network, rate};

    fn try_all(count: &Bucket, keys: std::ops::Range<u64>) {
        for key in keys {
            // Some meet in a slot that is empty already.
            let _ = count.try_acquire(key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
    }

    #[test]
    fn counts_are_bounded_and_forgotten() {
        let clock = Clock::default();
        let count = Bucket::new("n", rate(2, Duration::from_hours(1)), &clock);
        try_all(&count, 0..SLOTS * 2);
        let kept = count.limiter.len() as u64;
        assert!((SLOTS / 2..=SLOTS).contains(&kept), "{kept}");

        clock.advance(TimeDelta::hours(2));
        try_all(&count, 0..u64::from(FORGET_EVERY));

        assert!(count.limiter.len() <= FORGET_EVERY as usize);
    }

    #[test]
    fn a_wait_is_long_enough_and_no_longer_than_it_must_be() {
        let clock = Clock::default();
        let count = Bucket::new("n", rate(3, Duration::from_secs(10)), &clock);
        for _ in 0..3 {
            count.try_acquire(7).unwrap();
        }
        let refused = count.try_acquire(7).unwrap_err();
        // One comes back every 3.3 seconds.
        assert_eq!(refused.retry_after, 4);
        assert_eq!(count.try_acquire(8), Ok(()));
        clock.advance(TimeDelta::seconds(2));
        assert_eq!(count.try_acquire(7).unwrap_err().retry_after, 2);
        clock.advance(TimeDelta::seconds(2));
        assert_eq!(count.try_acquire(7), Ok(()));
    }

    #[test]
    fn a_network_is_one_address() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8::1", "2001:db8::ffff:2", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ] {
            let network = |text: &str| network(text.parse().unwrap());
            assert_eq!(network(one) == network(other), same, "{one} {other}");
        }
    }
}

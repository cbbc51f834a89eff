//! Passwords: the threads that judge and hash them, in their normal form.
//!
//! bcrypt burns a core for a quarter of a second on purpose, and an estimate of how soon a
//! password would be guessed can take half of that. They run on a few threads of their own at
//! low priority, so that they hardly slow requests, and behind a queue that is full before waiting
//! becomes pointless.

mod opaque;
mod rules;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::oneshot, time::timeout};

use self::rules::{MAX, bounds, strength};
use crate::validation::Violation;
pub(super) use opaque::normal_form;

/// A thread with this niceness has a third of the time of one that answers requests, where both want
/// a core (the kernel's `sched_prio_to_weight`). At 10 it has a tenth and at 19 a seventieth: on a
/// machine that is busy, for example with other programs, sign-ins then waited longer than
/// [`PATIENCE`].
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Passwords waiting: about 15 s of work at cost 12 on two cores.
const QUEUE: usize = 128;

/// How long one waits: on a machine that has no time for them at all, the queue stands still.
const PATIENCE: Duration = Duration::from_secs(20);

/// The part of a bcrypt hash after its cost, of no password: a hash of this shape costs as much to
/// check as a real one, so that an unknown email takes as long as a wrong password.
const NO_PASSWORD: &str = "CuZ0Vt0xGqH9BPTJ7yQ1AuwZ0d8rzq0bqQyJ0kq0rJm5dTq3yqJ0K";

/// A hash of no password, at this cost.
fn no_hash(cost: u32) -> String {
    format!("$2b${cost:02}${NO_PASSWORD}")
}

/// Whether bcrypt reads all of it.
fn is_possible(password: &str) -> bool {
    password.len() <= MAX && !password.contains('\0')
}

fn cost_of(hash: &str) -> Option<u32> {
    Some(hash.parse::<bcrypt::HashParts>().ok()?.get_cost())
}

/// Why a password was neither judged nor hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The queue is full, or does not move.
    #[error("too many passwords are waiting to be checked")]
    Busy,
    #[error("the work on a password panicked")]
    Panicked,
}

/// Which form of a password a hash is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    Normal,
    /// As it was sent, which is not its normal form: the hash is older than normal forms.
    AsSent,
}

type Job = Box<dyn FnOnce() + Send>;

/// Hashes and verifies on its own threads. Clones share them; they end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    cost: u32,
    jobs: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
    patience: Duration,
    /// Rounds of bcrypt spent on verifying.
    #[cfg(test)]
    pub(super) spent: Arc<std::sync::atomic::AtomicU64>,
}

impl Hasher {
    /// Starts a thread a core, four at most.
    ///
    /// # Errors
    ///
    /// If the system will not give us a thread.
    pub fn start(cost: u32) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let threads = thread::available_parallelism().map_or(1, |n| n.get().min(4));
        for n in 0..threads {
            let queue = queue.clone();
            thread::Builder::new()
                .name(format!("password-{n}"))
                .spawn(move || work(&queue))?;
        }
        Ok(Self {
            cost,
            jobs,
            waiting: Arc::default(),
            patience: PATIENCE,
            #[cfg(test)]
            spent: Arc::default(),
        })
    }

    /// Whether a new password keeps its rules, for a user with these valid names.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Busy`] if the queue is full.
    pub async fn check(
        &self,
        password: &str,
        names: [&str; 2],
    ) -> Result<Result<(), Violation>, PasswordError> {
        let password = normal_form(password);
        if let Err(rule) = bounds(&password) {
            return Ok(Err(rule));
        }
        let names = names.map(str::to_owned);
        self.run(move || strength(&password, &names)).await
    }

    /// # Errors
    ///
    /// [`PasswordError::Busy`] if the queue is full.
    #[expect(
        clippy::missing_panics_doc,
        reason = "the settings keep the cost in bounds"
    )]
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let (password, cost) = (normal_form(password), self.cost);
        self.run(move || {
            // Not the crate's non_truncating form: it refuses 72 bytes, which bcrypt does read.
            bcrypt::hash(password, cost).expect("the cost is between 4 and 16")
        })
        .await
    }

    /// A hash that is to replace the one that a password was verified by: one of today's cost, of
    /// the normal form. None where that is what it is already, where bcrypt would cut the normal
    /// form, and where the queue is full: the next time will do.
    pub async fn renewed(&self, password: &str, matched: Matched, hash: &str) -> Option<String> {
        let is_current = matched == Matched::Normal && cost_of(hash) == Some(self.cost);
        if is_current || !is_possible(&normal_form(password)) {
            return None;
        }
        self.hash(password).await.ok()
    }

    /// Whether the password is the hash's, in its normal form or as it was sent. Without a hash (no
    /// such user), and for a password that cannot be any hash's, no, after as much work as it takes
    /// to say so of one; and as much for a hash from a time when the cost was lower. A password
    /// that is not its normal form costs twice as much, for every account.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Busy`] if the queue is full.
    pub async fn verify(
        &self,
        password: &str,
        hash: Option<String>,
    ) -> Result<Option<Matched>, PasswordError> {
        let mut forms = vec![(Matched::Normal, normal_form(password))];
        if forms[0].1 != password {
            forms.push((Matched::AsSent, password.to_owned()));
        }
        let cost = self.cost;
        #[cfg(test)]
        let spent = self.spent.clone();
        let verify = move |password: &str, hash: &str| {
            #[cfg(test)]
            if let Some(cost) = cost_of(hash) {
                spent.fetch_add(1 << cost, std::sync::atomic::Ordering::Relaxed);
            }
            bcrypt::verify(password, hash).unwrap_or(false)
        };
        self.run(move || {
            let is_right = |password: &str| {
                let hash = hash.as_deref().filter(|_| is_possible(password));
                let instead = ("no password", &*no_hash(cost));
                let (password, against) = hash.map_or(instead, |hash| (password, hash));
                let right = verify(password, against) && hash.is_some();
                // Each step doubles the work: the steps from one cost up to another are what the
                // second has more than the first.
                for step in hash.and_then(cost_of).unwrap_or(cost)..cost {
                    verify(password, &no_hash(step));
                }
                right
            };
            let right = forms.into_iter().find(|(_, form)| is_right(form));
            right.map(|(matched, _)| matched)
        })
        .await
    }

    /// How many passwords wait for a thread.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (done, result) = oneshot::channel();
        let waiting = self.waiting.clone();
        let job = Box::new(move || {
            waiting.fetch_sub(1, Ordering::Relaxed);
            // A dropped request waits no more: its work is spared.
            if !done.is_closed() {
                let _ = done.send(work());
            }
        });
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                PasswordError::Busy
            }
        })?;
        // A caller that gives up drops the receiver, and with it the work.
        match timeout(self.patience, result).await {
            Ok(Ok(result)) => Ok(result),
            // A sender that is gone without a word went with the panic of its work.
            Ok(Err(_)) => Err(PasswordError::Panicked),
            Err(_) => Err(PasswordError::Busy),
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    // On Linux `nice` is the calling thread's own. Where it fails, hashing only competes more.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICENESS);
    loop {
        let job = queue.lock().recv();
        match job {
            // The panic's hook has logged it; the thread is there for the next one.
            Ok(job) => drop(catch_unwind(AssertUnwindSafe(job))),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hasher, Matched, PasswordError, no_hash};

    #[tokio::test]
    async fn nobody_waits_longer_than_is_worth_it() {
        let mut hasher = Hasher::start(10).unwrap();
        assert!(hasher.hash("correct horse").await.is_ok());
        hasher.patience = std::time::Duration::ZERO;
        let late = hasher.hash("correct horse").await;
        assert!(matches!(late, Err(PasswordError::Busy)), "{late:?}");
    }

    #[tokio::test]
    async fn a_panic_ends_no_thread() {
        let mut hasher = Hasher::start(4).unwrap();
        // A backtrace takes long on a thread of low priority, on a busy machine.
        hasher.patience = std::time::Duration::from_mins(1);
        // More than there are threads.
        for _ in 0..8 {
            let done = hasher.run(|| -> () { panic!("on purpose") }).await;
            assert!(matches!(done, Err(PasswordError::Panicked)), "{done:?}");
        }
        assert_eq!(hasher.waiting(), 0);
        assert!(hasher.hash("correct horse").await.is_ok());
    }

    #[tokio::test]
    async fn no_user_is_checked_like_a_user() {
        let shape = no_hash(4).parse::<bcrypt::HashParts>();
        assert!(
            shape.is_ok(),
            "a malformed hash would be refused at once: {shape:?}"
        );
        let hasher = Hasher::start(4).unwrap();
        let hash = hasher.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$2b$04$"));
        let verify = async |password: &str, hash: Option<&String>| {
            let matched = hasher.verify(password, hash.cloned()).await;
            matched.unwrap()
        };
        assert_eq!(
            verify("correct horse", Some(&hash)).await,
            Some(Matched::Normal)
        );
        assert_eq!(
            verify("correct\u{a0}horse", Some(&hash)).await,
            Some(Matched::Normal)
        );
        assert_eq!(verify("wrong horse!!", Some(&hash)).await, None);
        assert_eq!(verify(&"x".repeat(73), Some(&hash)).await, None);
        assert_eq!(verify("no password", None).await, None);
    }

    #[tokio::test]
    async fn a_hash_of_what_was_sent_is_renewed_where_its_normal_form_has_one() {
        let hasher = Hasher::start(4).unwrap();
        for (password, is_renewed) in [
            ("cre\u{300}me bru\u{302}le\u{301}e", true),
            (&*"\u{958}".repeat(24), false),
        ] {
            let hash = bcrypt::hash(password, 4).unwrap();
            let matched = hasher.verify(password, Some(hash.clone())).await.unwrap();
            assert_eq!(matched, Some(Matched::AsSent));
            let renewed = hasher.renewed(password, Matched::AsSent, &hash).await;
            assert_eq!(renewed.is_some(), is_renewed, "{password}");
            if let Some(renewed) = renewed {
                let matched = hasher
                    .verify(password, Some(renewed.clone()))
                    .await
                    .unwrap();
                assert_eq!(matched, Some(Matched::Normal));
                assert_eq!(
                    hasher.renewed(password, Matched::Normal, &renewed).await,
                    None
                );
            }
        }
    }
}

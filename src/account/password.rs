//! Passwords: their rules, and the threads that judge and hash them.
//!
//! bcrypt burns a core for a quarter of a second on purpose, and an estimate of how soon a
//! password would be guessed can take half of that. They run on a few threads of their own at
//! the lowest priority, so that they take what requests leave over, and behind a queue that is
//! full before waiting becomes pointless.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::invalid::Rule;

/// Characters.
const MIN: usize = 8;

/// Bytes: bcrypt reads no more, and cutting would make two passwords one.
const MAX: usize = 72;

/// Characters a password is judged by, from its beginning: the estimate's work grows faster than
/// their number, to 0.1 s at 32 and 0.9 s at 72 for what is written to make it slow.
const JUDGED: usize = 32;

/// Guesses that a password has to withstand, to the power of ten: zxcvbn's score of 2. At the
/// hundred an hour that can be tried at an account, a million take more than a year.
const GUESSES_LOG10: f64 = 6.0;

/// Passwords waiting: about 15 s of work at cost 12 on two cores.
const QUEUE: usize = 128;

/// How long one waits: on a machine that has no time for them at all, the queue stands still.
const PATIENCE: Duration = Duration::from_secs(20);

/// What `bcrypt` makes of no password: a hash of this shape costs as much to check as a real
/// one, so that an unknown email takes as long as a wrong password.
const NO_PASSWORD: &str = "CuZ0Vt0xGqH9BPTJ7yQ1AuwZ0d8rzq0bqQyJ0kq0rJm5dTq3yqJ0K";

/// # Errors
///
/// The rule it fails: 8 characters at least, 72 bytes at most, no NUL (where C's bcrypt stops).
fn bounds(password: &str) -> Result<(), Rule> {
    if password.chars().count() < MIN {
        Err(Rule::new(
            "TOO_SHORT",
            format!("A password has at least {MIN} characters."),
        ))
    } else if password.len() > MAX {
        Err(Rule::new(
            "TOO_LONG",
            format!("A password has at most {MAX} bytes in UTF-8."),
        ))
    } else if password.contains('\0') {
        Err(Rule::new(
            "INVALID_CHARACTERS",
            "A password cannot hold a NUL character.",
        ))
    } else {
        Ok(())
    }
}

/// # Errors
///
/// If it would be guessed soon by who knows these names: for being common, for being the name
/// itself, or for hardly going beyond either.
fn strength(password: &str, names: &[String]) -> Result<(), Rule> {
    let judged: String = password.chars().take(JUDGED).collect();
    let parts = |name| {
        let words = str::split(name, |c: char| !c.is_alphanumeric());
        words.chain(name.split('@')).chain([name])
    };
    let known: Vec<_> = names
        .iter()
        .flat_map(|name| parts(name))
        .chain(["mula"])
        .filter(|word| !word.is_empty())
        .collect();
    if zxcvbn::zxcvbn(&judged, &known).guesses_log10() < GUESSES_LOG10 {
        return Err(Rule::new(
            "TOO_COMMON",
            "This password is among the first that would be guessed. Take several words that do \
             not belong together, without your name or email address.",
        ));
    }
    Ok(())
}

/// A hash of no password, at this cost.
fn no_hash(cost: u32) -> String {
    format!("$2b${cost:02}${NO_PASSWORD}")
}

fn cost_of(hash: &str) -> Option<u32> {
    Some(hash.parse::<bcrypt::HashParts>().ok()?.get_cost())
}

/// The queue is full, or does not move: nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords are waiting to be checked")]
pub struct Busy;

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

    /// Whether a new password keeps its rules, for somebody with these names.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full.
    pub async fn check(&self, password: &str, names: [&str; 2]) -> Result<Result<(), Rule>, Busy> {
        if let Err(rule) = bounds(password) {
            return Ok(Err(rule));
        }
        let (password, names) = (password.to_owned(), names.map(str::to_owned));
        self.run(move || strength(&password, &names)).await
    }

    /// # Errors
    ///
    /// [`Busy`] if the queue is full.
    #[expect(
        clippy::missing_panics_doc,
        reason = "the settings keep the cost in bounds"
    )]
    pub async fn hash(&self, password: String) -> Result<String, Busy> {
        let cost = self.cost;
        self.run(move || {
            // Not the crate's non_truncating form: it refuses 72 bytes, which bcrypt does read.
            bcrypt::hash(password, cost).expect("the cost is between 4 and 16")
        })
        .await
    }

    /// Whether a hash was made at another cost than hashes are made now.
    #[must_use]
    pub fn is_outdated(&self, hash: &str) -> bool {
        cost_of(hash) != Some(self.cost)
    }

    /// Whether the password is the hash's. Without a hash (no such user), and for a password
    /// that cannot be any hash's, no, after as much work as it takes to say so of one; and as
    /// much for a hash from a time when the cost was lower.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Busy> {
        let possible = password.len() <= MAX && !password.contains('\0') && hash.is_some();
        let hash = match hash {
            Some(hash) if possible => hash,
            _ => no_hash(self.cost),
        };
        let password = if possible {
            password
        } else {
            "no password".to_owned()
        };
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
            let right = verify(&password, &hash);
            // Each step doubles the work: the steps from one cost up to another are what the
            // second has more than the first.
            for step in cost_of(&hash).unwrap_or(cost)..cost {
                verify(&password, &no_hash(step));
            }
            right && possible
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
    ) -> Result<T, Busy> {
        let (done, result) = oneshot::channel();
        let waiting = self.waiting.clone();
        let job = Box::new(move || {
            waiting.fetch_sub(1, Ordering::Relaxed);
            // Nobody waits any more if the request was dropped: spare the work.
            if !done.is_closed() {
                let _ = done.send(work());
            }
        });
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                Busy
            }
        })?;
        // Who gives up drops the receiver, and with it the work.
        match timeout(self.patience, result).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(_)) | Err(_) => Err(Busy),
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    // On Linux `nice` is the calling thread's own. Where it fails, hashing only competes more.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(19);
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hasher, bounds, no_hash, strength};

    #[test]
    fn passwords_have_bounds() {
        assert!(bounds("12345678").is_ok());
        assert!(bounds(&"é".repeat(8)).is_ok());
        assert_eq!(bounds("1234567").unwrap_err().code, "TOO_SHORT");
        assert!(bounds(&"x".repeat(72)).is_ok());
        assert_eq!(bounds(&"x".repeat(73)).unwrap_err().code, "TOO_LONG");
        assert_eq!(bounds(&"é".repeat(37)).unwrap_err().code, "TOO_LONG");
        assert_eq!(
            bounds("1234\x005678").unwrap_err().code,
            "INVALID_CHARACTERS"
        );
    }

    #[test]
    fn what_would_be_guessed_first_is_too_common() {
        let names = [
            "ngozi.okafor@example.com".to_owned(),
            "riverbird".to_owned(),
        ];
        for (password, good) in [
            ("password", false),
            ("password123", false),
            ("Password123!", false),
            ("P@ssw0rd!", false),
            ("12345678", false),
            ("qwertyuiop", false),
            ("iloveyou", false),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("ngozi.okafor@example.com", false),
            ("Ngozi1985", false),
            ("riverbird1", false),
            ("RIVERBIRD!", false),
            ("MulaMula", false),
            ("correct horse", true),
            ("river and thunder", true),
            ("kX9#mQ2p", true),
            ("una larga caminata", true),
            ("水は方円の器に随う", true),
        ] {
            let judged = strength(password, &names);
            assert_eq!(judged.is_ok(), good, "{password}");
            assert!(judged.is_ok() || judged.unwrap_err().code == "TOO_COMMON");
        }
        // Another's name says nothing.
        assert!(strength("riverbird1", &[]).is_ok());
    }

    #[test]
    fn a_password_is_judged_by_its_beginning() {
        let tail = "kX9#mQ2p over the old bridge";
        let repeated = |times| format!("{}{tail}", "a".repeat(times));
        assert!(strength(&repeated(16), &[]).is_ok());
        // The rest would make the estimate slow, and is not looked at.
        assert!(strength(&repeated(32), &[]).is_err());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_is_worth_it() {
        let mut hasher = Hasher::start(10).unwrap();
        assert!(hasher.hash("correct horse".into()).await.is_ok());
        hasher.patience = std::time::Duration::ZERO;
        assert!(hasher.hash("correct horse".into()).await.is_err());
    }

    #[tokio::test]
    async fn no_user_is_checked_like_a_user() {
        let shape = no_hash(4).parse::<bcrypt::HashParts>();
        assert!(
            shape.is_ok(),
            "a malformed hash would be refused at once: {shape:?}"
        );
        let hasher = Hasher::start(4).unwrap();
        let hash = hasher.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$2b$04$"));
        assert!(
            hasher
                .verify("correct horse".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify("wrong horse!!".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(!hasher.verify("x".repeat(73), Some(hash)).await.unwrap());
        assert!(!hasher.verify("no password".into(), None).await.unwrap());
    }
}

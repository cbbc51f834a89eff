//! Passwords: their rule, and the threads that hash them.
//!
//! bcrypt burns a core for a quarter of a second on purpose. It runs on a few threads of its
//! own at the lowest priority, so that it takes what requests leave over, and behind a queue
//! that is full before waiting becomes pointless.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use tokio::sync::oneshot;

use crate::invalid::Rule;

/// Characters.
const MIN: usize = 8;

/// Bytes: bcrypt reads no more, and cutting would make two passwords one.
const MAX: usize = 72;

/// Passwords waiting: about 15 s of work at cost 12 on two cores.
const QUEUE: usize = 128;

/// What `bcrypt` makes of no password: a hash of this shape costs as much to check as a real
/// one, so that an unknown email takes as long as a wrong password.
const NO_PASSWORD: &str = "CuZ0Vt0xGqH9BPTJ7yQ1AuwZ0d8rzq0bqQyJ0kq0rJm5dTq3yqJ0K";

/// # Errors
///
/// The rule it fails: 8 characters at least, 72 bytes at most, no NUL (where C's bcrypt stops).
pub fn check(password: &str) -> Result<(), Rule> {
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

/// The queue is full: nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords are waiting to be checked")]
pub struct Busy;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes and verifies on its own threads. Clones share them; they end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    cost: u32,
    jobs: SyncSender<Job>,
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
        Ok(Self { cost, jobs })
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

    /// Whether the password is the hash's. Without a hash (no such user), and for a password
    /// that cannot be any hash's, no, after as much work as it takes to say so of one.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Busy> {
        let possible = password.len() <= MAX && !password.contains('\0') && hash.is_some();
        let hash = match hash {
            Some(hash) if possible => hash,
            _ => format!("$2b${:02}${NO_PASSWORD}", self.cost),
        };
        let password = if possible {
            password
        } else {
            "no password".to_owned()
        };
        self.run(move || bcrypt::verify(password, &hash).unwrap_or(false) && possible)
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (done, result) = oneshot::channel();
        let job = Box::new(move || {
            // Nobody waits any more if the request was dropped: spare the work.
            if !done.is_closed() {
                let _ = done.send(work());
            }
        });
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Busy,
        })?;
        result.await.map_err(|_| Busy)
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
    use super::{Hasher, NO_PASSWORD, check};

    #[test]
    fn bounds() {
        assert!(check("12345678").is_ok());
        assert!(check(&"é".repeat(8)).is_ok());
        assert_eq!(check("1234567").unwrap_err().code, "TOO_SHORT");
        assert!(check(&"x".repeat(72)).is_ok());
        assert_eq!(check(&"x".repeat(73)).unwrap_err().code, "TOO_LONG");
        assert_eq!(check(&"é".repeat(37)).unwrap_err().code, "TOO_LONG");
        assert_eq!(
            check("1234\x005678").unwrap_err().code,
            "INVALID_CHARACTERS"
        );
    }

    #[tokio::test]
    async fn no_user_is_checked_like_a_user() {
        let shape = format!("$2b$04${NO_PASSWORD}").parse::<bcrypt::HashParts>();
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

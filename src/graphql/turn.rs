//! Fairness between requests: a response that takes long to resolve lets other tasks run after each
//! millisecond of its own.

use std::{
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use tokio::task::yield_now;

/// How long a response is resolved without a break.
const LENGTH: Duration = Duration::from_millis(1);

/// The stretch of a response that is being resolved: one poll of its future.
#[derive(Debug)]
pub(super) struct Turn {
    made: Instant,
    /// Nanoseconds since `made`; 0 where nothing is timed, which never gives way: a subscription
    /// resolves one reading at a time.
    began: AtomicU64,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            made: Instant::now(),
            began: AtomicU64::new(0),
        }
    }
}

impl Turn {
    /// Runs the future, recording when each poll of it begins.
    pub(super) async fn time<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|cx| {
            self.began.store(self.elapsed().max(1), Ordering::Relaxed);
            work.as_mut().poll(cx)
        })
        .await
    }

    /// Yields to the scheduler until a turn has time left. For resolvers of objects that a list
    /// holds many of; all that wait wake in the same poll, and each checks again.
    pub(super) async fn give_way(&self) {
        while self.took().is_some_and(|took| took > LENGTH) {
            yield_now().await;
        }
    }

    fn took(&self) -> Option<Duration> {
        let began = self.began.load(Ordering::Relaxed);
        let took = self.elapsed().saturating_sub(began);
        (began > 0).then(|| Duration::from_nanos(took))
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.made.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures_util::future::join_all;

    use super::Turn;

    fn work(time: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn what_is_not_timed_never_waits() {
        let turn = Turn::default();
        work(Duration::from_millis(2));
        turn.give_way().await;
    }

    #[tokio::test]
    async fn others_run_while_a_long_list_is_resolved() {
        let turn = Turn::default();
        let list = join_all((0..20).map(async |_| {
            turn.give_way().await;
            work(Duration::from_millis(1));
        }));
        let list = turn.time(list);
        let mut others = 0;
        let other = async {
            loop {
                others += 1;
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            _ = list => {}
            () = other => {}
        }
        assert!(others >= 10, "{others}");
    }
}

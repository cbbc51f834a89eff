//! The texts that one response may hold. Drawn on while it is resolved: a response is refused
//! before its memory is spent, not after.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use super::{ApiError, ErrorCode};

/// Bytes of text in a response, at most; and bytes of text fetched for it from the database.
pub(super) const TEXT: usize = 4 * 1024 * 1024;

/// The bytes left for one response. Once they are used up nothing more is added to the response,
/// which is replaced by the error.
#[derive(Debug, Default)]
pub(super) struct Budget {
    written: AtomicUsize,
    /// Locked while texts are fetched, so that a response fetches no two pages of them at once.
    fetched: Mutex<usize>,
}

/// The right to fetch texts.
pub(super) struct Fetching<'a> {
    budget: &'a Budget,
    fetched: MutexGuard<'a, usize>,
}

impl Budget {
    /// Whether a text of so many bytes fits into the response.
    pub(super) fn draw(&self, bytes: usize) -> bool {
        self.written.fetch_add(bytes, Ordering::Relaxed) + bytes <= TEXT
    }

    /// Waits for its turn to fetch texts.
    ///
    /// # Errors
    ///
    /// If what was fetched before is more than may be.
    pub(super) async fn fetch(&self) -> Result<Fetching<'_>, ApiError> {
        let fetched = self.fetched.lock().await;
        let fetching = Fetching {
            budget: self,
            fetched,
        };
        match self.error() {
            None => Ok(fetching),
            Some(error) => Err(error),
        }
    }

    /// The error that takes the place of the response, if it would hold too much.
    pub(super) fn error(&self) -> Option<ApiError> {
        let written = self.written.load(Ordering::Relaxed);
        (written > TEXT).then(|| {
            ApiError::new(
                ErrorCode::QueryTooComplex,
                format!(
                    "The response has {written} bytes of text or more; the limit is {TEXT}. Ask for \
                     smaller pages, or for fewer texts."
                ),
            )
            .with("limit", TEXT)
            .with("actual", written)
        })
    }

    /// Begins the next response of a stream.
    pub(super) async fn renew(&self) {
        *self.fetched.lock().await = 0;
        self.written.store(0, Ordering::Relaxed);
    }
}

impl Fetching<'_> {
    /// Bytes that may still be fetched.
    pub(super) fn left(&self) -> usize {
        TEXT.saturating_sub(*self.fetched)
    }

    /// Notes so many fetched bytes.
    pub(super) fn note(&mut self, bytes: usize) {
        *self.fetched += bytes;
        if *self.fetched > TEXT {
            self.budget.draw(*self.fetched);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, TEXT};

    #[tokio::test]
    async fn a_response_holds_no_more_than_its_budget() {
        let budget = Budget::default();
        assert!(budget.draw(TEXT) && budget.error().is_none());
        assert!(!budget.draw(1) && budget.error().is_some());
        assert!(budget.fetch().await.is_err());

        budget.renew().await;
        assert!(budget.draw(TEXT) && budget.error().is_none());
    }

    #[tokio::test]
    async fn no_more_is_fetched_than_its_budget() {
        let budget = Budget::default();
        for _ in 0..4 {
            let mut fetching = budget.fetch().await.unwrap();
            fetching.note(TEXT / 4);
        }
        assert_eq!(budget.fetch().await.unwrap().left(), 0);
        budget.fetch().await.unwrap().note(1);
        assert!(budget.fetch().await.is_err());
    }
}

//! Memory for requests and messages that have begun to arrive. The first [`FREE`] bytes of each are
//! free; beyond that all clients share [`SHARED`], so that many halves fill no memory.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// More than most requests have.
const FREE: usize = 8 * 1024;

/// Of 128 KiB each, 256 at a time.
const SHARED: usize = 32 * 1024 * 1024;

/// Bytes per permit.
const UNIT: usize = 1024;

/// All clients' share.
#[derive(Clone)]
pub struct IncomingLimiter(Arc<Semaphore>);

/// One request or message that arrives; dropped, its memory is others'.
pub(super) struct Incoming {
    limiter: IncomingLimiter,
    permit: Option<OwnedSemaphorePermit>,
}

/// Others have taken what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Default for IncomingLimiter {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(SHARED / UNIT)))
    }
}

impl IncomingLimiter {
    pub(super) fn begin(&self) -> Incoming {
        Incoming {
            limiter: self.clone(),
            permit: None,
        }
    }
}

impl Incoming {
    /// Takes memory for so many bytes in all.
    ///
    /// # Errors
    ///
    /// If there is none. What was taken before is kept.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let wanted = bytes.saturating_sub(FREE).div_ceil(UNIT);
        let held = self
            .permit
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(wanted.saturating_sub(held)).map_err(|_| Full)?;
        if more == 0 {
            return Ok(());
        }
        let shared = self.limiter.0.clone();
        let more = shared.try_acquire_many_owned(more).map_err(|_| Full)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_is_free_and_the_rest_is_shared() {
        let limiter = IncomingLimiter::default();
        let half = |bytes| {
            let mut incoming = limiter.begin();
            incoming.grow(bytes).map(|()| incoming)
        };
        let mut all = Vec::new();
        while let Ok(incoming) = half(FREE + 128 * UNIT) {
            all.push(incoming);
        }
        assert_eq!(all.len(), 256);

        assert!(half(FREE).is_ok());
        assert_eq!(half(FREE + 1).err(), Some(Full));
        // Grown step by step it takes no more than at once.
        all.pop();
        let mut incoming = limiter.begin();
        for bytes in (0..=FREE + 127 * UNIT).step_by(100) {
            incoming.grow(bytes).unwrap();
        }
        assert!(half(FREE + UNIT).is_ok());
        assert!(half(FREE + 3 * UNIT).is_err());
        drop((all, incoming));
        assert_eq!(limiter.0.available_permits(), SHARED / UNIT);
    }
}

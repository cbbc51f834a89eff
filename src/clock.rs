//! The time, from one place, so that tests can move it.
//!
//! May use: nothing of ours. `clippy.toml` forbids reading the time anywhere else.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// The system's clock, moved by as much as [`Clock::advance`] was told. Clones move together.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    shift: Arc<AtomicI64>,
    /// Makes the ids of one millisecond increase.
    order: Arc<std::sync::Mutex<ContextV7>>,
}

impl Clock {
    /// The time now, to the microsecond: what both databases keep.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let now = Utc::now();
        (now + TimeDelta::microseconds(self.shift.load(Ordering::Relaxed))).trunc_subsecs(6)
    }

    /// Moves this clock and all its clones.
    pub fn advance(&self, by: TimeDelta) {
        let by = by.num_microseconds().unwrap_or(i64::MAX);
        self.shift.fetch_add(by, Ordering::Relaxed);
    }

    /// A new UUIDv7 (RFC 9562, section 5.7) that sorts after all earlier ones of this clock.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let now = self.now();
        let order = self
            .order
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(
            &*order,
            now.timestamp().unsigned_abs(),
            now.timestamp_subsec_nanos(),
        ))
    }
}

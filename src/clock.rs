//! The time, from one place, so that tests can move it.
//!
//! `clippy.toml` forbids reading the time anywhere else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// The system's clock, moved by [`Clock::advance`]. Clones move together.
#[derive(Clone, Debug)]
pub struct Clock {
    begun: Instant,
    shift: Arc<AtomicI64>,
    /// Makes the ids of one millisecond increase.
    order: Arc<parking_lot::Mutex<ContextV7>>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            shift: Arc::default(),
            order: Arc::default(),
        }
    }
}

impl Clock {
    /// The time now, to the microsecond: what both databases keep.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let now = Utc::now();
        (now + TimeDelta::microseconds(self.shift.load(Ordering::Relaxed))).trunc_subsecs(6)
    }

    /// How long ago the clock was made: for what is a matter of time passed, since it goes on
    /// evenly when the system's time is set anew.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let shift = self.shift.load(Ordering::Relaxed).max(0).unsigned_abs();
        self.begun.elapsed() + Duration::from_micros(shift)
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
        let order = self.order.lock();
        Uuid::new_v7(Timestamp::from_unix(
            &*order,
            now.timestamp().unsigned_abs(),
            now.timestamp_subsec_nanos(),
        ))
    }
}

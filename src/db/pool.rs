//! The pool of PostgreSQL connections. A connection that may be inside a transaction is neither
//! handed out nor taken back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::sqlx::{
    self, Connection, Executor, PgConnection, Row, pool::PoolConnectionMetadata,
    postgres::PgPoolOptions,
};
use tokio::time::Instant;

use super::health::HealthMonitor;

/// Settings of every session.
///
/// PostgreSQL would plan a statement with a `LIMIT` of ours again for each of its values, which takes
/// longer than to read a page; there is one right plan for each of our statements.
///
/// A transaction waits for nothing but the database, so that one that idles is abandoned.
const SESSION: &str = "SET plan_cache_mode = force_generic_plan; \
    SET idle_in_transaction_session_timeout = '15s'";

/// Released connections are checked at most once in this time: each check is a round trip.
const CHECK_EVERY: Duration = Duration::from_millis(100);

/// Has a pool use no connection from before the database was away, nor one that is inside a
/// transaction. Those that have been idle for `ping_after` are checked before they are used.
pub(super) fn guarded(
    pool: PgPoolOptions,
    monitor: HealthMonitor,
    ping_after: Option<Duration>,
) -> PgPoolOptions {
    let acquired = monitor.clone();
    let checks = Arc::new(Sampled::default());
    pool.after_connect(|connection, _| {
        Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) })
    })
    .before_acquire(
        move |connection, PoolConnectionMetadata { age, idle_for, .. }| {
            let usable = !acquired.was_away(age);
            let check = ping_after.is_some_and(|after| idle_for >= after);
            Box::pin(async move {
                if usable && check {
                    return is_outside_transaction(connection).await;
                }
                Ok(usable)
            })
        },
    )
    .after_release(move |connection, PoolConnectionMetadata { age, .. }| {
        // While the database is away the pool would test it first, for as long as that takes.
        let usable = monitor.check().is_ok() && !monitor.was_away(age);
        let check = checks.is_due();
        Box::pin(async move {
            if usable && check {
                return is_outside_transaction(connection).await;
            }
            Ok(usable)
        })
    })
}

/// Asks PostgreSQL itself, as the driver may not know of a transaction. An error means that the
/// connection is broken, or inside a transaction that has failed.
///
/// A statement outside a transaction begins one of its own, at the same time. It has to be sent by
/// the simple protocol: by the extended one its parts have times of their own.
async fn is_outside_transaction(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        return Ok(false);
    }
    let row = connection
        .fetch_one("SELECT now() = statement_timestamp()")
        .await?;
    let outside: bool = row.try_get(0)?;
    if !outside {
        tracing::error!("a connection was left inside a transaction; it is closed");
    }
    Ok(outside)
}

/// Is due once in [`CHECK_EVERY`].
struct Sampled {
    start: Instant,
    /// In milliseconds from the start.
    next: AtomicU64,
}

impl Default for Sampled {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            next: AtomicU64::new(0),
        }
    }
}

impl Sampled {
    fn is_due(&self) -> bool {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = milliseconds(self.start.elapsed());
        let next = self.next.load(Ordering::Relaxed);
        let after = now.saturating_add(milliseconds(CHECK_EVERY));
        now >= next
            && self
                .next
                .compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

//! The time by which instances judge each other's leases. On PostgreSQL it is the database's, so that
//! the clocks of instances may differ by any time. On SQLite there is one machine, and its clock.

use std::time::Duration;

use sea_orm::sea_query::Expr;

use super::Database;
use crate::clock::Clock;

impl Database {
    /// The time at which a transaction begins, or a statement outside one.
    #[must_use]
    pub fn now(&self, clock: &Clock) -> Expr {
        if self.is_postgres() {
            Expr::cust("now()")
        } else {
            Expr::value(clock.now())
        }
    }

    /// The time so long after a statement runs: when a lease ends that it grants.
    #[must_use]
    pub fn time_in(&self, clock: &Clock, wait: Duration) -> Expr {
        if self.is_postgres() {
            let wait = wait.as_millis();
            // Not `now()`: the transaction may have waited for a lock.
            Expr::cust(format!(
                "clock_timestamp() + interval '{wait} milliseconds'"
            ))
        } else {
            Expr::value(clock.now() + wait)
        }
    }
}

//! Data in and out: the export and its import, and what an earlier service of the same name kept.
//!
//! An export is JSON Lines (<https://jsonlines.org>): an object a line, of the kinds in [`mod@line`].
//! It is read in one snapshot, a page at a time, and imported in one transaction: all of it, or
//! nothing. A user's download is read in a snapshot a page.

mod batch;
mod check;
mod events;
mod export;
#[cfg(fuzzing)]
pub mod fuzzing;
mod import;
mod ledger;
pub mod line;
mod original;
mod scope;
mod whole;

pub use export::{Export, ExportError, export};
pub use import::{ImportError, Imported, LineError, import};
pub use original::{TakeOverError, TakenOver, take_over};

/// The rule that a line of an import fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRule {
    /// For programs: `TOO_LONG`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl BrokenRule {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// How many rows of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub users: u64,
    pub readings: u64,
    /// Days and months of usage.
    pub usage: u64,
    /// Only in an export of one user's data.
    pub sessions: u64,
    /// Events of accounts.
    pub events: u64,
}

impl Counts {
    #[must_use]
    pub fn all(self) -> u64 {
        self.users + self.readings + self.usage + self.sessions + self.events
    }
}

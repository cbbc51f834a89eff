//! Data in and out: the export and its import, and what an earlier service of the same name kept.
//!
//! An export is JSON Lines (<https://jsonlines.org>): an object a line, of the kinds in [`mod@line`].
//! It is read in one snapshot, a page at a time, and imported in one transaction: all of it, or
//! nothing. May use: `entity`, `db`, `account` (names), `advisor` (how answers fail), `digest`.

mod batch;
mod check;
mod export;
#[cfg(fuzzing)]
pub mod fuzzing;
mod import;
mod ledger;
pub mod line;
mod original;
mod scope;

pub use export::{Error as ExportError, export};
pub use import::{Error as ImportError, Imported, Problem, import};
pub use original::{Error as TakeOverError, TakenOver, take_over};

/// The rule that a line of an import fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// For programs: `TOO_LONG`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Rule {
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
}

impl Counts {
    #[must_use]
    pub fn all(self) -> u64 {
        self.users + self.readings + self.usage
    }
}

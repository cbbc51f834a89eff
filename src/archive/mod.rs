//! Data in and out: the export and its import, and what an earlier service of the same name kept.
//!
//! An export is JSON Lines (<https://jsonlines.org>): an object a line, of the kinds in [`mod@line`].
//! It is read in one snapshot, a page at a time, and imported in one transaction: all of it, or
//! nothing. May use: `entity`, `db`, `account` (names), `advisor` (how answers fail), `digest`, `invalid`.

mod batch;
mod check;
mod export;
#[cfg(fuzzing)]
pub mod fuzzing;
mod import;
mod ledger;
pub mod line;
mod original;

pub use export::{Error as ExportError, export};
pub use import::{Error as ImportError, Imported, Problem, import};
pub use original::{Error as TakeOverError, TakenOver, take_over};

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

//! Doors for the fuzzer (`fuzz/`) to what is private here. Compiled for it alone.

use super::{check, line::Line};

/// A line in the form in which it would be stored, if it would be.
#[must_use]
pub fn read(line: &[u8]) -> Option<Line> {
    check::check(serde_json::from_slice(line).ok()?).ok()
}

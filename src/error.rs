//! The root cause of an error.

use std::error::Error;

/// The last of an error's causes: where a client of HTTP says "error sending request", it says
/// "Connection refused".
pub fn root_cause<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}

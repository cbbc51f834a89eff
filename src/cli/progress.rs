//! How far a long work is, on standard error: a line that changes on a terminal, elsewhere a line
//! now and then.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use tokio::time::Instant;

const ON_A_TERMINAL: Duration = Duration::from_millis(200);
const ELSEWHERE: Duration = Duration::from_secs(10);

pub struct Progress {
    on_a_terminal: bool,
    began: Instant,
    /// When something was shown last, or else when the work began.
    last: Instant,
    is_shown: bool,
}

impl Progress {
    pub fn new() -> Self {
        Self {
            on_a_terminal: io::stderr().is_terminal(),
            began: Instant::now(),
            last: Instant::now(),
            is_shown: false,
        }
    }

    /// Shows it, unless something was shown a moment ago.
    pub fn show(&mut self, done: impl Display) {
        let pause = if self.on_a_terminal {
            ON_A_TERMINAL
        } else {
            ELSEWHERE
        };
        if self.last.elapsed() < pause {
            return;
        }
        let _ = if self.on_a_terminal {
            write!(io::stderr(), "\r\x1b[K{done}")
        } else {
            writeln!(io::stderr(), "{done}")
        };
        self.last = Instant::now();
        self.is_shown = true;
    }
}

impl Progress {
    /// Shows how much of a whole is done, and about how long the rest takes.
    pub fn show_part(&mut self, done: impl Display, part: u64, whole: u64) {
        self.show(format_args!(
            "{done}{}",
            share(part, whole, self.began.elapsed())
        ));
    }
}

/// ", 40 %, 12s left"; nothing where the whole is unknown.
fn share(part: u64, whole: u64, elapsed: Duration) -> String {
    if part == 0 || whole == 0 {
        return String::new();
    }
    let percent = part.min(whole).saturating_mul(100) / whole;
    let nanos = elapsed.as_nanos() * u128::from(whole.saturating_sub(part)) / u128::from(part);
    let left = Duration::from_secs(u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX));
    format!(", {percent} %, {} left", humantime::format_duration(left))
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown && self.on_a_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::share;

    #[test]
    fn the_rest_takes_as_long_as_the_share_before() {
        let after = Duration::from_secs(8);
        assert_eq!(share(40, 100, after), ", 40 %, 12s left");
        assert_eq!(share(100, 100, after), ", 100 %, 0s left");
        assert_eq!(share(1, 1_000, after), ", 0 %, 2h 13m 12s left");
        assert_eq!(share(0, 100, after), "");
        assert_eq!(share(5, 0, after), "");
    }
}

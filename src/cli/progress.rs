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
    /// When something was shown last, or else when the work began.
    last: Instant,
    is_shown: bool,
}

impl Progress {
    pub fn new() -> Self {
        Self {
            on_a_terminal: io::stderr().is_terminal(),
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
        // Whoever does not see it does without it.
        let _ = if self.on_a_terminal {
            write!(io::stderr(), "\r\x1b[K{done}")
        } else {
            writeln!(io::stderr(), "{done}")
        };
        self.last = Instant::now();
        self.is_shown = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown && self.on_a_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

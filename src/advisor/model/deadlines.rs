//! The deadlines of an answer. The first sign of life, the first visible word, the pause between two
//! words and the whole answer have a limit each.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Timeouts;

/// How long after its end an answer's stream may still report what it has cost.
const AFTERWORD: Duration = Duration::from_secs(2);

/// The model's progress, as an event shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heard {
    Nothing,
    Life,
    /// The model says that it begins to think, and may be silent until its first word.
    SilentThought,
    Text,
}

pub(super) struct Deadlines {
    timeouts: Timeouts,
    by: Instant,
    first_word: Instant,
    end: Instant,
    is_alive: bool,
    has_text: bool,
}

impl Deadlines {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        let now = Instant::now();
        let mut deadlines = Self {
            timeouts,
            by: now,
            first_word: now + timeouts.first_word,
            end: now + timeouts.total,
            is_alive: false,
            has_text: false,
        };
        deadlines.begin();
        deadlines
    }

    /// A request is about to be sent.
    pub(super) fn begin(&mut self) {
        self.is_alive = false;
        self.set(Instant::now() + self.timeouts.first_token);
    }

    /// When the next thing has to have come.
    pub(super) fn by(&self) -> Instant {
        self.by
    }

    /// When all of it has to have come.
    pub(super) fn end(&self) -> Instant {
        self.end
    }

    pub(super) fn note(&mut self, heard: Heard) {
        if heard == Heard::Nothing && !self.is_alive {
            return;
        }
        let is_first = !self.is_alive;
        self.is_alive = true;
        self.has_text |= heard == Heard::Text;
        let by = Instant::now() + self.timeouts.idle;
        self.set(match heard {
            Heard::SilentThought => self.first_word,
            // The first sign of life leaves no less time than there was.
            _ if is_first && !self.has_text => by.max(self.by),
            _ => by,
        });
    }

    /// Bytes have come that say nothing. Returns whether there is more time now.
    pub(super) fn keep_alive(&mut self) -> bool {
        self.note(Heard::Nothing);
        self.by > Instant::now()
    }

    /// The answer is complete.
    pub(super) fn afterword(&mut self) {
        self.set(Instant::now() + self.timeouts.idle.min(AFTERWORD));
    }

    fn set(&mut self, by: Instant) {
        let by = by.min(self.end);
        self.by = if self.has_text {
            by
        } else {
            by.min(self.first_word)
        };
    }
}

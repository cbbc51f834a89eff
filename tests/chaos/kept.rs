//! The oracle's knowledge of favourites, notes and ratings. A change sets all three, so that two changes
//! never mix.

use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use super::{person::LATE, transport::Outcome};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    pub is_favourite: bool,
    pub note: Option<String>,
    pub rating: Option<&'static str>,
}

/// All changes, the first the reading's own beginning.
pub struct Changes(Vec<Change>);

struct Change {
    event: Option<usize>,
    kept: Kept,
    began: Duration,
    acknowledged: Option<Duration>,
    /// Since when it is done, or can be no more.
    over: Option<Duration>,
    /// New answers that had been asked for when it was done: a rating is of that answer. None if one
    /// may have come in between.
    answers: Option<u32>,
}

impl Kept {
    /// The note is one that no other change sets.
    pub fn draw(random: &mut Rng, mark: &str) -> Self {
        let note = format!("private, on {mark}: {:06x}", random.u32(..1 << 24));
        Self {
            is_favourite: random.bool(),
            note: (random.u8(..4) > 0).then_some(note),
            rating: [None, Some("HELPFUL"), Some("NOT_HELPFUL")][random.usize(..3)],
        }
    }

    pub fn input(&self, id: &str) -> Value {
        json!({
            "id": id, "isFavourite": self.is_favourite, "note": self.note, "rating": self.rating,
        })
    }

    /// Whether a reading has it. The rating of an answer that may be another says nothing.
    pub fn is_of(&self, reading: &Value, is_rated: bool) -> bool {
        reading["isFavourite"] == json!(self.is_favourite)
            && reading["note"] == json!(self.note)
            && (!is_rated || reading["rating"] == json!(self.rating))
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self(vec![Change {
            event: None,
            kept: Kept::default(),
            began: Duration::ZERO,
            acknowledged: Some(Duration::ZERO),
            over: Some(Duration::ZERO),
            answers: Some(0),
        }])
    }
}

impl Changes {
    pub fn begin(&mut self, event: usize, began: Duration, kept: Kept, answers: Option<u32>) {
        self.0.push(Change {
            event: Some(event),
            kept,
            began,
            acknowledged: None,
            over: None,
            answers,
        });
    }

    pub fn end(&mut self, event: usize, now: Duration, outcome: &Outcome, answers: Option<u32>) {
        let Some(at) = self.0.iter().position(|it| it.event == Some(event)) else {
            return;
        };
        let change = &mut self.0[at];
        if matches!(outcome, Outcome::Data(_)) {
            change.acknowledged = Some(now);
            change.over = Some(now);
        } else if outcome.is_uncertain() {
            change.over = Some(now + LATE);
        } else {
            self.0.remove(at);
            return;
        }
        if change.acknowledged.is_none() || change.answers != answers {
            change.answers = None;
        }
    }

    /// Those that a look since then may have found in force: no other came certainly after them.
    fn possible(&self, since: Duration) -> impl Iterator<Item = &Change> {
        self.0.iter().filter(move |change| {
            !self.0.iter().any(|later| {
                later.acknowledged.is_some_and(|at| at <= since)
                    && change.over.is_some_and(|over| over < later.began)
            })
        })
    }

    /// Whether one of them is what a look since then found. `answers` are the new answers that had been
    /// asked for all the time.
    pub fn allow(&self, reading: &Value, since: Duration, answers: Option<u32>) -> bool {
        let mut possible = self.possible(since);
        possible.any(|change| {
            let is_rated = answers.is_some() && change.answers == answers;
            change.kept.is_of(reading, is_rated)
        })
    }

    /// Whether it has been a favourite since then, or not; none if nobody knows.
    pub fn is_favourite(&self, since: Duration) -> Option<bool> {
        let mut possible = self.possible(since).map(|change| change.kept.is_favourite);
        let first = possible.next()?;
        possible.all(|other| other == first).then_some(first)
    }

    /// Those that may be in force, for a failure.
    pub fn describe(&self, since: Duration) -> String {
        let possible: Vec<_> = self.possible(since).map(|change| &change.kept).collect();
        format!("{possible:?}")
    }
}

//! The conversation that a question goes on with.

use std::borrow::Cow;

use crate::entity::reading::{Advisor, Care};

/// Questions that say the subject of a conversation: the newest.
const SUBJECTS: usize = 3;

/// An earlier question of a conversation, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub advisor: Advisor,
    pub question: String,
    pub answer: String,
    /// The titles of its sources.
    pub sources: Vec<String>,
    pub care: Care,
}

/// The earlier turns of a conversation, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread(pub Vec<Turn>);

impl Thread {
    /// Turns that count, at most: the newest.
    pub const TURNS: usize = 10;

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts that an answer may depend on.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let turns = self.0.iter();
        turns.flat_map(|turn| [turn.question.as_str(), &turn.answer])
    }

    /// A question, after those that say what it is about.
    pub(super) fn subject<'a>(&self, question: &'a str) -> Cow<'a, str> {
        if self.is_empty() {
            return question.into();
        }
        let earlier = self.0.iter().take(SUBJECTS).rev();
        let mut subject: Vec<_> = earlier.map(|turn| turn.question.as_str()).collect();
        subject.push(question);
        subject.join("\n").into()
    }

    pub(super) fn has_source(&self, title: &str) -> bool {
        let mut told = self.0.iter().flat_map(|turn| &turn.sources);
        told.any(|known| known == title)
    }

    /// Whether an earlier question was answered with this care.
    pub(super) fn had(&self, care: Care) -> bool {
        self.0.iter().any(|turn| turn.care == care)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_questions_say_the_subject() {
        let turn = |question: &str| Turn {
            advisor: Advisor::Legba,
            question: question.to_owned(),
            answer: String::new(),
            sources: vec!["A door: Ellis".to_owned()],
            care: Care::None,
        };
        let thread = Thread(["d?", "c?", "b?", "a?"].map(turn).into());
        assert_eq!(thread.subject("e?"), "b?\nc?\nd?\ne?");
        assert_eq!(Thread::default().subject("e?"), "e?");
        assert!(thread.has_source("A door: Ellis") && !thread.has_source("A door"));
    }
}

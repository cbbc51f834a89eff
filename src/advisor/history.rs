//! A user's recent readings. An answer repeats as little of them as the library allows.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Passages and sentences of a user's last answers.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The titles of sources, as answers cite them.
    sources: HashSet<String>,
    sentences: HashSet<u64>,
}

impl History {
    /// How many of the last readings count.
    pub const READINGS: u64 = 20;

    /// Adds an answer and its sources' titles.
    pub fn add<'a>(&mut self, answer: &str, sources: impl IntoIterator<Item = &'a str>) {
        self.sources
            .extend(sources.into_iter().map(ToOwned::to_owned));
        self.sentences.extend(sentences(answer).map(hash));
    }

    pub(super) fn has_source(&self, title: &str) -> bool {
        self.sources.contains(title)
    }

    /// Whether any sentence of a phrase was read. Places such as `{question}` stand for any text.
    pub(super) fn has_any_of(&self, phrase: &str) -> bool {
        !self.sentences.is_empty()
            && sentences(phrase).any(|sentence| self.sentences.contains(&hash(sentence)))
    }
}

/// The sentences of a text.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '?', '!', '\n', ':', ';'])
        .filter(|sentence| sentence.chars().any(char::is_alphabetic))
}

/// Equal for sentences of the same letters, whatever is quoted, filled in or cited in them.
fn hash(sentence: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut depth = 0_u32;
    for c in sentence.chars() {
        match c {
            '“' | '{' | '[' => depth += 1,
            '”' | '}' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 && c.is_alphabetic() => c.hash(&mut hasher),
            _ => {}
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn sentences_are_known_again() {
        let mut history = History::default();
        let answer =
            "Sit down. You bring me “should i go?” and I hear it. One more [2].\n\nGo well?";
        history.add(answer, ["A door: Ellis"]);
        assert!(history.has_source("A door: Ellis") && !history.has_source("A door"));
        for known in ["Sit down.", "One more.", "Stand up. Go well?"] {
            assert!(history.has_any_of(known), "{known}");
        }
        assert!(!history.has_any_of("Sit."));
    }
}

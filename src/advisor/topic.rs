//! Topics that no cast answers (medicine, law, money, pregnancy, grief, danger, despair), recognised
//! by the patterns of `knowledge/topics.toml`. A question that is taken for one of them by mistake
//! loses its cast and nothing else, so the patterns are generous.

use serde::Deserialize;
use toml::Spanned;

use super::{
    crisis::{Reader, pattern::Lists, pattern::Patterns, words::Words},
    knowledge::{Document, Errors, Part, document},
};

/// A topic that no cast answers.
#[derive(Debug)]
pub(super) struct Topic {
    /// The first sentence of an answer on it, which says which professional to ask.
    pub refer: Option<String>,
    /// Whether an answer on it has no jokes and no pet names.
    pub is_gentle: bool,
    patterns: Patterns,
}

#[derive(Debug)]
pub(super) struct Topics {
    words: Words,
    /// In the order of their weight: the first with a `refer` is what an answer refers to.
    all: Vec<Topic>,
    /// Joy and making.
    bright: Patterns,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// For the file's editors.
    #[serde(rename = "name", deserialize_with = "document::text")]
    _name: String,
    #[serde(default, deserialize_with = "document::optional_text")]
    refer: Option<String>,
    #[serde(default)]
    gentle: bool,
    when: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    bright: Vec<Spanned<String>>,
}

impl Topics {
    /// # Errors
    ///
    /// The first error of each topic, and every pattern that cannot be read.
    pub(super) fn parse(file: (&str, &str)) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut document = Document::parse(file)?;
        let entries: Vec<Part<Entry>> = document.take_all("topic", &mut errors);
        let head: Option<Head> = errors.or(document.take_rest());
        let mut words = Words::default();
        let mut reader = Reader {
            document: &document,
            words: &mut words,
            lists: Lists::new(),
            errors: &mut errors,
        };
        let all = entries
            .into_iter()
            .map(|Part { value, .. }| Topic {
                patterns: reader.patterns(&value.when),
                refer: value.refer,
                is_gentle: value.gentle,
            })
            .collect();
        let bright = reader.patterns(&head.map(|head| head.bright).unwrap_or_default());
        errors.none()?;
        Ok(Self { words, all, bright })
    }

    pub(super) fn is_bright(&self, question: &str) -> bool {
        self.bright.is_in(&self.words.read(question))
    }

    /// The topics of a question, in the order of the file; in microseconds.
    pub(super) fn of(&self, question: &str) -> Vec<&Topic> {
        let words = self.words.read(question);
        let topics = self.all.iter();
        topics
            .filter(|topic| topic.patterns.is_in(&words))
            .collect()
    }
}

//! Knowledge of the advisors: text files that anyone can edit, checked when they are loaded.
//!
//! `files` finds the files, and `document` reads TOML.

pub(super) mod document;
mod error;
mod files;

use std::collections::HashSet;

use serde::Deserialize;

pub use error::{Error, Errors};

pub(super) use document::{Document, Part};
pub(super) use files::Files;

/// An advisor's persona.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    #[serde(deserialize_with = "document::text")]
    pub name: String,
    #[serde(deserialize_with = "document::text")]
    pub title: String,
    #[serde(deserialize_with = "document::texts")]
    pub domains: Vec<String>,
    #[serde(deserialize_with = "document::text")]
    pub greeting: String,
    /// How it speaks, for a language model.
    #[serde(deserialize_with = "document::text")]
    pub manner: String,
    #[serde(deserialize_with = "document::texts")]
    pub suggestions: Vec<String>,
}

/// How an advisor speaks; each list has at least one phrase.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Voice {
    /// First words, for an ordinary question.
    #[serde(deserialize_with = "document::texts")]
    pub open: Vec<String>,
    /// For grief, illness, danger, money trouble and the law: no jokes, no pet names.
    #[serde(deserialize_with = "document::texts")]
    pub open_gentle: Vec<String>,
    /// For joy and making.
    #[serde(deserialize_with = "document::texts")]
    pub open_bright: Vec<String>,
    /// Takes up the question, at `{question}`.
    #[serde(deserialize_with = "document::texts")]
    pub asked: Vec<String>,
    #[serde(deserialize_with = "document::texts")]
    pub asked_gentle: Vec<String>,
    /// Announces the cast: `{count}` of the lobes lie open.
    #[serde(deserialize_with = "document::texts")]
    pub throw: Vec<String>,
    /// The advisor's words for each figure, which was named and explained before.
    #[serde(deserialize_with = "document::texts")]
    alafia: Vec<String>,
    #[serde(deserialize_with = "document::texts")]
    etawa: Vec<String>,
    #[serde(deserialize_with = "document::texts")]
    ejife: Vec<String>,
    #[serde(deserialize_with = "document::texts")]
    okana: Vec<String>,
    #[serde(deserialize_with = "document::texts")]
    oyekun: Vec<String>,
    /// Leads to the story.
    #[serde(deserialize_with = "document::texts")]
    pub lead: Vec<String>,
    #[serde(deserialize_with = "document::texts")]
    pub lead_gentle: Vec<String>,
    /// Reminds of the story of `{title}`, which the user has read lately.
    #[serde(deserialize_with = "document::texts")]
    pub again: Vec<String>,
    /// Says that the question is not one for a cast.
    #[serde(deserialize_with = "document::texts")]
    pub aside: Vec<String>,
    /// Says that the library holds no story on the question.
    #[serde(deserialize_with = "document::texts")]
    pub nothing: Vec<String>,
    #[serde(deserialize_with = "document::texts")]
    pub nothing_gentle: Vec<String>,
    /// The last words where the story has no question of its own.
    #[serde(deserialize_with = "document::texts")]
    pub close: Vec<String>,
    #[serde(deserialize_with = "document::texts")]
    pub close_gentle: Vec<String>,
}

/// A story the library holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passage {
    /// Unique among the advisor's passages.
    #[serde(deserialize_with = "document::text")]
    pub id: String,
    #[serde(deserialize_with = "document::text")]
    pub title: String,
    #[serde(deserialize_with = "document::text")]
    pub source: String,
    /// Where the source can be read.
    #[serde(default, deserialize_with = "document::url")]
    pub url: Option<String>,
    /// Words that people use when they ask.
    #[serde(deserialize_with = "document::texts")]
    pub tags: Vec<String>,
    /// Questions it answers.
    #[serde(default, deserialize_with = "document::texts")]
    pub asks: Vec<String>,
    /// Phrases. A question that contains one never gets this passage.
    #[serde(default, deserialize_with = "document::texts")]
    pub not: Vec<String>,
    #[serde(deserialize_with = "document::text")]
    pub text: String,
    /// The question that an answer closes with.
    #[serde(default, deserialize_with = "document::optional_text")]
    pub close: Option<String>,
}

/// All of one advisor's files.
#[derive(Debug)]
pub(super) struct Knowledge {
    pub persona: Persona,
    pub voice: Voice,
    pub passages: Vec<Passage>,
}

/// A subject that the library holds nothing on.
#[derive(Debug)]
pub(super) struct Subject {
    pub name: String,
    /// Words it is asked by.
    pub words: Vec<String>,
    /// Questions about it.
    pub asks: Vec<String>,
}

/// The five figures of the cast and their common meaning.
#[derive(Debug)]
pub(super) struct Obi {
    pub source: String,
    pub about: String,
    /// By the number of open lobes.
    pub figures: [Figure; 5],
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figure {
    #[serde(deserialize_with = "document::text")]
    pub name: String,
    #[serde(deserialize_with = "document::text")]
    pub meaning: String,
    /// Where traditions differ.
    #[serde(default, deserialize_with = "document::optional_text")]
    pub other: Option<String>,
}

/// The figures' keys, by the number of open lobes.
const FIGURES: [&str; 5] = ["oyekun", "okana", "ejife", "etawa", "alafia"];

impl Voice {
    /// The advisor's words for the figure with so many open lobes.
    pub(super) fn figure(&self, open: u8) -> &[String] {
        match open {
            0 => &self.oyekun,
            1 => &self.okana,
            2 => &self.ejife,
            3 => &self.etawa,
            _ => &self.alafia,
        }
    }
}

impl Knowledge {
    /// Reads an advisor's file, and the one of passages that are added to it.
    ///
    /// # Errors
    ///
    /// The first error of the head, of `[voice]` and of each passage.
    pub(super) fn parse(file: (&str, &str), more: Option<(&str, &str)>) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut passages = Passages::default();
        let own = errors.or(Document::parse(file)).map(|mut document| {
            let voice = errors.or(document.take("voice"));
            passages.take(&mut document, &mut errors);
            let persona = errors.or(document.rest());
            (persona, voice)
        });
        if let Some(mut document) = more.and_then(|more| errors.or(Document::parse(more))) {
            passages.take(&mut document, &mut errors);
            errors.or(document.rest::<Nothing>());
        }
        // Parts are read in another order than they stand in.
        errors
            .0
            .sort_by_key(|error| (error.file != file.0, error.line));
        match own {
            Some((Some(persona), Some(voice))) if errors.0.is_empty() => Ok(Self {
                persona,
                voice,
                passages: passages.read,
            }),
            _ => Err(errors),
        }
    }
}

/// A document, or the rest of one, that has no other keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Default)]
struct Passages {
    ids: HashSet<String>,
    read: Vec<Passage>,
}

impl Passages {
    fn take(&mut self, document: &mut Document, errors: &mut Errors) {
        let parts: Vec<Part<Passage>> = document.take_all("passage", errors);
        for Part { line, value } in parts {
            if self.ids.insert(value.id.clone()) {
                self.read.push(value);
            } else {
                let what = format!("duplicate passage id {:?}", value.id);
                errors.0.push(document.error_on(line, what));
            }
        }
    }
}

impl Subject {
    /// # Errors
    ///
    /// The first error of each subject.
    pub(super) fn parse(file: (&str, &str)) -> Result<Vec<Self>, Errors> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Entry {
            #[serde(deserialize_with = "document::texts")]
            words: Vec<String>,
            #[serde(default, deserialize_with = "document::texts")]
            asks: Vec<String>,
        }
        let mut errors = Errors::default();
        let entries: Vec<(String, Entry)> = Document::parse(file)?.entries(&mut errors);
        errors.none()?;
        let subjects = entries
            .into_iter()
            .map(|(name, Entry { words, asks })| Self { name, words, asks });
        Ok(subjects.collect())
    }
}

impl Obi {
    /// # Errors
    ///
    /// The first error of the head and of each figure.
    pub(super) fn parse(file: (&str, &str)) -> Result<Self, Errors> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Head {
            #[serde(deserialize_with = "document::text")]
            source: String,
            #[serde(deserialize_with = "document::text")]
            about: String,
        }
        let mut errors = Errors::default();
        let mut document = Document::parse(file)?;
        let figures = FIGURES.map(|figure| errors.or(document.take(figure)));
        let head = errors.or(document.rest());
        match (head, figures) {
            (
                Some(Head { source, about }),
                [Some(none), Some(one), Some(two), Some(three), Some(four)],
            ) => Ok(Self {
                source,
                about,
                figures: [none, one, two, three, four],
            }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests;

//! Crisis detection: a question that speaks of suicide, self-harm or violence gets a fixed reply that
//! names where to find help. `knowledge/crisis.toml` has the replies, and the patterns that recognise
//! such questions.
//!
//! A missed cry for help is the worse error: the harmless phrases are listed, and everything else that
//! fits a pattern gets the reply.

pub(super) mod pattern;
pub mod soft;
pub(super) mod words;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::Deserialize;
use toml::Spanned;

use self::{
    pattern::{Lists, Patterns, Phrases},
    words::Words,
};
use super::{
    embedded::Answer,
    knowledge::{Document, Errors, Part, document},
};
use crate::entity::Source;

/// The replies, and how to tell which one a question gets.
#[derive(Debug)]
pub(super) struct Crisis {
    words: Words,
    /// Phrases that are taken out of a question before it is matched.
    harmless: Patterns,
    /// In order: the first that recognises a question answers it.
    replies: Vec<Reply>,
    /// Two sentences and where to find help, before an answer to what is probably serious.
    preface: Answer,
}

#[derive(Debug)]
struct Reply {
    name: String,
    answer: Answer,
    patterns: Patterns,
}

/// How words are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    disguised: Vec<String>,
    misspelt: Vec<String>,
    ignore: Vec<String>,
}

/// Where to find help.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Help {
    #[serde(deserialize_with = "document::text")]
    id: String,
    #[serde(deserialize_with = "document::text")]
    title: String,
    #[serde(deserialize_with = "document::text")]
    about: String,
    #[serde(deserialize_with = "document::text")]
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyEntry {
    #[serde(deserialize_with = "document::text")]
    name: String,
    /// Paragraphs before the lines of help.
    #[serde(deserialize_with = "document::texts")]
    first: Vec<String>,
    help: Vec<Spanned<String>>,
    /// Paragraphs after them.
    #[serde(deserialize_with = "document::texts")]
    last: Vec<String>,
    when: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Soft {
    #[serde(deserialize_with = "document::texts")]
    first: Vec<String>,
    help: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Harmless {
    when: Vec<Spanned<String>>,
}

impl Crisis {
    /// # Errors
    ///
    /// The first error of the head and of each table.
    pub(super) fn parse(file: (&str, &str)) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut document = Document::parse(file)?;
        let spelling: Option<BTreeMap<String, Vec<String>>> = errors.or(document.take("spelling"));
        let lists: Option<BTreeMap<String, Vec<Spanned<String>>>> =
            errors.or(document.take("lists"));
        let harmless: Option<Harmless> = errors.or(document.take("harmless"));
        let soft: Option<Soft> = errors.or(document.take("soft"));
        let help: Vec<Part<Help>> = document.take_all("help", &mut errors);
        let replies: Vec<Part<ReplyEntry>> = document.take_all("reply", &mut errors);
        let head: Option<Head> = errors.or(document.take_rest());
        let (Some(spelling), Some(lists), Some(harmless), Some(soft), Some(head)) =
            (spelling, lists, harmless, soft, head)
        else {
            return Err(errors);
        };

        // How words are written comes before everything that is written in words.
        let mut words = head.words();
        for (meant, written) in &spelling {
            for written in written {
                words.spell(meant, written);
            }
        }
        let mut reader = Reader {
            document: &document,
            words: &mut words,
            lists: Lists::new(),
            errors: &mut errors,
        };
        for (name, phrases) in lists {
            reader.list(name, &phrases);
        }
        let harmless = reader.patterns(&harmless.when);
        let help_by_id = reader.help(help);
        let mut read: Vec<Reply> = Vec::new();
        for Part { line, value } in replies {
            if read.iter().any(|reply| reply.name == value.name) {
                let what = format!("duplicate reply name {:?}", value.name);
                reader.errors.0.push(document.error_on(line, what));
            }
            read.push(Reply {
                answer: reader.answer(&value.first, &value.help, &value.last, &help_by_id),
                patterns: reader.patterns(&value.when),
                name: value.name,
            });
        }
        let preface = reader.answer(&soft.first, &soft.help, &[], &help_by_id);
        if read.is_empty() {
            let what = "missing tables [[reply]]".to_owned();
            errors.0.push(document.error_on(1, what));
        }
        errors.none()?;
        Ok(Self {
            words,
            harmless,
            replies: read,
            preface,
        })
    }

    /// The reply to a question that asks for one; in microseconds, and always the same.
    pub(super) fn answer(&self, question: &str) -> Option<&Answer> {
        self.reply(question).map(|reply| &reply.answer)
    }

    /// The text before an answer to a question that is probably serious.
    pub(super) fn preface(&self) -> &Answer {
        &self.preface
    }

    fn reply(&self, question: &str) -> Option<&Reply> {
        let mut words = self.words.read(question);
        for place in self.harmless.places(&words) {
            words[place].known = None;
        }
        self.replies
            .iter()
            .find(|reply| reply.patterns.is_in(&words))
    }
}

impl Head {
    fn words(&self) -> Words {
        let mut words = Words::default();
        self.disguised.iter().for_each(|word| words.disguise(word));
        self.misspelt.iter().for_each(|word| words.misspell(word));
        self.ignore.iter().for_each(|word| words.ignore(word));
        words
    }
}

/// Reads patterns, and collects what is wrong with them.
pub(super) struct Reader<'a> {
    pub document: &'a Document<'a>,
    pub words: &'a mut Words,
    pub lists: Lists,
    pub errors: &'a mut Errors,
}

impl Reader<'_> {
    fn list(&mut self, name: String, phrases: &[Spanned<String>]) {
        let texts = phrases.iter().map(|phrase| phrase.as_ref().as_str());
        match Phrases::read(texts, self.words) {
            Ok(list) => {
                self.lists.insert(name, Arc::new(list));
            }
            Err(what) => {
                let span = phrases.first().map_or(0..0, Spanned::span);
                self.errors.0.push(self.document.error_at(span, what));
            }
        }
    }

    pub(super) fn patterns(&mut self, when: &[Spanned<String>]) -> Patterns {
        let mut patterns = Patterns::default();
        for pattern in when {
            if let Err(what) = patterns.add(pattern.as_ref(), &self.lists, self.words) {
                let error = self.document.error_at(pattern.span(), what);
                self.errors.0.push(error);
            }
        }
        patterns
    }

    /// Where to find help, by id.
    fn help(&mut self, entries: Vec<Part<Help>>) -> HashMap<String, Source> {
        let mut by_id = HashMap::new();
        for Part { line, value } in entries {
            let source = Source {
                title: value.title,
                excerpt: Some(value.about),
                url: Some(value.url),
            };
            if by_id.insert(value.id.clone(), source).is_some() {
                let what = format!("duplicate help id {:?}", value.id);
                self.errors.0.push(self.document.error_on(line, what));
            }
        }
        by_id
    }

    /// The paragraphs before the lines of help, those lines, and the paragraphs after them.
    fn answer(
        &mut self,
        first: &[String],
        help_ids: &[Spanned<String>],
        last: &[String],
        help: &HashMap<String, Source>,
    ) -> Answer {
        let mut sources = Vec::new();
        let mut lines = Vec::new();
        for id in help_ids {
            let Some(source) = help.get(id.as_ref()) else {
                let what = format!("no [[help]] has the id {:?}", id.as_ref());
                self.errors.0.push(self.document.error_at(id.span(), what));
                continue;
            };
            sources.push(source.clone());
            lines.push(format!("{} [{}]", in_words(source), sources.len()));
        }
        let lines = lines.join("\n");
        let paragraphs = first.iter().chain([&lines]).chain(last);
        Answer {
            text: paragraphs
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join("\n\n"),
            sources,
        }
    }
}

fn in_words(help: &Source) -> String {
    let about = help.excerpt.as_deref().unwrap_or_default();
    let url = help.url.as_deref().unwrap_or_default();
    format!("{}: {about} {url}", help.title)
}

#[cfg(test)]
mod tests;

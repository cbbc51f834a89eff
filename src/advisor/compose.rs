//! The built-in engine's answer: it takes up the question, casts where a cast fits, tells one story
//! and closes with a question. The same for the same question, cast, library and history.

use super::{
    approach::{Approach, CastRule},
    embedded::Answer,
    history::History,
    knowledge::{Knowledge, Obi, Passage},
    library::Library,
    obi::Cast,
    thread::Thread,
};
use crate::{
    digest,
    entity::{Source, reading::Care},
};

/// Characters of a source's excerpt, at most.
const EXCERPT: usize = 160;

/// Characters of the question that an answer quotes, at most.
const QUOTE: usize = 140;

/// Stories that are found for a question, at most.
pub(super) const CANDIDATES: usize = 3;

/// Stories that are looked at for one that the user has not read.
const UNREAD: usize = 10;

/// The numbers of open lobes, in words.
pub(super) const COUNTS: [&str; 5] = ["none", "one", "two", "three", "four"];

/// The parts of an answer.
pub(super) struct Composer<'a> {
    pub knowledge: &'a Knowledge,
    pub library: &'a Library,
    pub obi: &'a Obi,
    pub approach: Approach<'a>,
    /// The conversation, whose passages are not repeated.
    pub thread: &'a Thread,
    /// The sentences before everything else, and where to find help; for [`Care::Soft`].
    pub preface: &'a Answer,
    /// A sentence about the answer itself: that no model wrote it, or in which language it is.
    pub notices: Vec<&'a str>,
}

impl Composer<'_> {
    pub(super) fn answer(&self, question: &str, cast: Cast, history: &History) -> Answer {
        let Self {
            knowledge,
            approach,
            ..
        } = self;
        let voice = &knowledge.voice;
        let mut choose = Choose::new(question, cast, history);
        let mut sources = Vec::new();
        let mut paragraphs: Vec<String> = Vec::new();
        if approach.care == Care::Soft {
            paragraphs.push(self.preface.text.clone());
            sources.extend_from_slice(&self.preface.sources);
        }
        paragraphs.extend(self.notices.iter().map(|notice| (*notice).to_owned()));
        paragraphs.extend(approach.refer.map(ToOwned::to_owned));

        let (open, asked) = if approach.is_gentle || approach.refer.is_some() {
            (&voice.open_gentle, &voice.asked_gentle)
        } else if approach.is_bright {
            (&voice.open_bright, &voice.asked)
        } else {
            (&voice.open, &voice.asked)
        };
        let asked = choose.one(asked).replace("{question}", &quote(question));
        paragraphs.push(match choose.unread(open) {
            Some(open) => format!("{open} {asked}"),
            None => asked,
        });

        if approach.cast == CastRule::Made {
            paragraphs.push(self.cast(cast, &mut choose, &mut sources));
        } else if approach.cast == CastRule::Declined {
            paragraphs.push(choose.one(&voice.aside).to_owned());
        }
        paragraphs.extend(self.story(question, history, &mut choose, &mut sources));
        Answer {
            text: paragraphs.join("\n\n"),
            sources,
        }
    }

    /// How the lobes fell, what that means to most, and what this advisor makes of it.
    fn cast(&self, cast: Cast, choose: &mut Choose, sources: &mut Vec<Source>) -> String {
        let voice = &self.knowledge.voice;
        let open = usize::from(cast.open());
        let figure = &self.obi.figures[open];
        sources.push(Source {
            title: self.obi.source.clone(),
            excerpt: Some(excerpt(&self.obi.about)),
            url: None,
        });
        let throw = choose.one(&voice.throw).replace("{count}", COUNTS[open]);
        let mut parts = vec![
            throw,
            format!("{}: {} [{}]", figure.name, figure.meaning, sources.len()),
        ];
        parts.extend(figure.other.clone());
        let own = choose.unread(voice.figure(cast.open()));
        parts.extend(own.map(ToOwned::to_owned));
        parts.join(" ")
    }

    /// A story and the question that belongs to it; or that there is none, and a question.
    fn story(
        &self,
        question: &str,
        history: &History,
        choose: &mut Choose,
        sources: &mut Vec<Source>,
    ) -> [String; 2] {
        let voice = &self.knowledge.voice;
        let pick = |gentle: &'_ Vec<String>, plain: &'_ Vec<String>, choose: &mut Choose| {
            let list = if self.approach.is_gentle {
                gentle
            } else {
                plain
            };
            choose.one(list).to_owned()
        };
        let Some((passage, is_new)) = self.passage(question, history) else {
            return [
                pick(&voice.nothing_gentle, &voice.nothing, choose),
                pick(&voice.close_gentle, &voice.close, choose),
            ];
        };
        sources.push(source(passage));
        let mark = format!("[{}]", sources.len());
        let close = passage.close.clone().filter(|_| is_new);
        let close = close.unwrap_or_else(|| pick(&voice.close_gentle, &voice.close, choose));
        if !is_new {
            let again = choose.one(&voice.again).replace("{title}", &passage.title);
            return [format!("{again} {mark}"), close];
        }
        let lead = if self.approach.is_gentle {
            &voice.lead_gentle
        } else {
            &voice.lead
        };
        let story = match choose.unread(lead) {
            Some(lead) => format!("{lead} {} {mark}", passage.text),
            None => format!("{} {mark}", passage.text),
        };
        [story, close]
    }

    /// The best that was found and not read lately, and true; or else the best.
    fn passage(&self, question: &str, history: &History) -> Option<(&Passage, bool)> {
        let mut found = self.library.search(&self.thread.subject(question), UNREAD);
        if found.is_empty() && !self.thread.is_empty() {
            found = self.library.search(question, UNREAD);
        }
        let passages = || {
            let passages = found.iter().map(|at| &self.knowledge.passages[*at]);
            passages.filter(|passage| !self.thread.has_source(&cited_title(passage)))
        };
        let unread = passages().find(|passage| !history.has_source(&cited_title(passage)));
        unread
            .map(|passage| (passage, true))
            .or_else(|| passages().next().map(|passage| (passage, false)))
    }
}

/// The asker's words, as an answer quotes them: the last thing that was asked, without what could
/// be taken for a citation, a link or a form of text.
fn quote(question: &str) -> String {
    let plain: String = question
        .split_whitespace()
        .filter(|word| !word.contains("://") && !word.starts_with("www."))
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control() && !"[]<>*_`#|\\\"“”{}".contains(*c))
        .collect();
    let mut sentences = plain
        .split_inclusive(['?', '!', '.'])
        .map(str::trim)
        .filter(|sentence| sentence.chars().filter(|c| c.is_alphabetic()).count() > 2);
    let asked = sentences.clone().rfind(|sentence| sentence.ends_with('?'));
    let asked = asked.or_else(|| sentences.next()).unwrap_or(&plain);
    let asked = asked.trim_end_matches(['.', '!', ' ']);
    format!("“{}”", shortened(asked, QUOTE))
}

/// A passage, as it is cited.
pub(super) fn source(passage: &Passage) -> Source {
    Source {
        title: cited_title(passage),
        excerpt: Some(excerpt(&passage.text)),
        url: passage.url.clone(),
    }
}

/// The title of a passage as a source.
#[must_use]
pub fn cited_title(passage: &Passage) -> String {
    format!("{}: {}", passage.title, passage.source)
}

fn excerpt(text: &str) -> String {
    shortened(text, EXCERPT)
}

/// The beginning of a text, to the end of a word.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let end = text[..end].rfind(' ').unwrap_or(end);
            format!("{}…", &text[..end])
        }
    }
}

/// Picks among an advisor's phrases: seemingly at random, but always the same for the same
/// question, cast and history; no phrase twice in an answer, and none that was read lately while
/// there are others.
struct Choose<'a> {
    state: u64,
    used: Vec<*const String>,
    history: &'a History,
}

impl<'a> Choose<'a> {
    fn new(question: &str, cast: Cast, history: &'a History) -> Self {
        let digest = digest::hash_parts([question, &cast.open().to_string()]);
        let state = u64::from_str_radix(&digest[..16], 16).expect("a digest is hexadecimal");
        Self {
            state,
            used: Vec::new(),
            history,
        }
    }

    /// A phrase, if need be one that was read lately.
    fn one<'p>(&mut self, phrases: &'p [String]) -> &'p str {
        let start = self.next();
        let chosen = self
            .pick(phrases, start, true)
            .or_else(|| self.pick(phrases, start, false))
            .unwrap_or(&phrases[start % phrases.len()]);
        self.used.push(std::ptr::from_ref(chosen));
        chosen
    }

    /// A phrase that was not read lately; none where all were: an answer does without it.
    fn unread<'p>(&mut self, phrases: &'p [String]) -> Option<&'p str> {
        let start = self.next();
        let chosen = self.pick(phrases, start, true)?;
        self.used.push(std::ptr::from_ref(chosen));
        Some(chosen)
    }

    fn pick<'p>(&self, phrases: &'p [String], start: usize, unread: bool) -> Option<&'p String> {
        (0..phrases.len())
            .map(|n| &phrases[(start + n) % phrases.len()])
            .filter(|phrase| !self.used.contains(&std::ptr::from_ref(*phrase)))
            .find(|phrase| !unread || !self.history.has_any_of(phrase))
    }

    fn next(&mut self) -> usize {
        // Knuth's MMIX generator: the choice need not be good, only even and repeatable.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn the_last_thing_asked_is_quoted() {
        for (question, quoted) in [
            ("should i leave my job", "“should i leave my job”"),
            (
                "My boss shouts.  Should I\nleave? Thanks.",
                "“Should I leave?”",
            ),
            ("I feel stuck. It is too much.", "“I feel stuck”"),
            (
                "is [1] <b>this</b> https://x.example/y \"ok\"?",
                "“is 1 bthis/b ok?”",
            ),
        ] {
            assert_eq!(quote(question), quoted);
        }
        let long = format!("why {}?", "so long ".repeat(40));
        assert!(quote(&long).ends_with("…”") && quote(&long).chars().count() < 150);
    }
}

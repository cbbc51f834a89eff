//! Finds the passages that speak to a question, with nothing but what the binary carries: the
//! same on every database, the same for the same question, in well under a millisecond.
//!
//! Three signals say how near a passage is to a question:
//!
//! - *words*: BM25 over tags, title, example questions and text;
//! - *subject*: the cosine of the question's embedding to that of all the passage's tags and example
//!   questions together;
//! - *nearest*: to the nearest five of them, on average.
//!
//! Their z-scores over the advisor's passages are summed up, that of the words by half: in a long
//! question many words are chance. The order of the sums is the ranking.
//! Embedding the stories themselves finds little: questions are not asked in the words of a story. Passages
//! whose `not` is in the question come last and are never shown, and [`floor`] decides which of the
//! others are near enough to be.
//!
//! The numbers were chosen on `tests/library/questions.txt`; on a plateau, all of them.

mod bm25;
mod floor;
mod off_topic;
mod text;

use std::sync::Arc;

use super::{
    embedding::{self, DIMENSIONS, Embedding},
    knowledge::Passage,
};
use bm25::Bm25;
pub use off_topic::Nearest;
pub(super) use off_topic::OffTopic;
pub(super) use text::is_common;
use text::{Word, is_phrase_in, stems, words};

/// The weight of the words beside the other two signals.
const WORDS: f64 = 0.5;

/// How many of a passage's tags and example questions count as its nearest.
const FEW: usize = 5;

/// Shorter words than this are not corrected: too many others are a slip away.
const SHORTEST_CORRECTED: usize = 5;

/// An index over one advisor's passages.
#[derive(Debug)]
pub(super) struct Library {
    bm25: Bm25,
    passages: Vec<Indexed>,
    off_topic: Arc<OffTopic>,
}

#[derive(Debug)]
struct Indexed {
    subject: Embedding,
    /// Tags and example questions.
    texts: Vec<Embedding>,
    /// The words of each phrase, by their stems.
    not: Vec<Vec<String>>,
}

/// All passages for a question, the best first, and why.
#[derive(Debug)]
pub struct Ranking {
    pub ranked: Vec<Ranked>,
    /// So many of the first are shown.
    pub found: usize,
    pub off_topic: Nearest,
    /// The direction of the question's embedding.
    pub question: [f64; DIMENSIONS],
}

/// A passage, and how near it is to the question.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// Its place among the advisor's passages.
    pub passage: usize,
    /// The weighted sum of the signals' z-scores.
    pub score: f64,
    pub signals: Signals,
    /// The log-odds that it speaks to the question, if the library holds anything on it.
    pub log_odds: f64,
    /// The question has a phrase of its `not`.
    pub is_excluded: bool,
    /// The words of the question that are in it.
    pub matched: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct Signals {
    /// BM25; 0 or more.
    pub words: f64,
    /// Cosines: -1 to 1.
    pub subject: f64,
    pub nearest: f64,
}

impl Ranking {
    /// The floor's features of the question; None in an empty library.
    #[must_use]
    pub fn features(&self) -> Option<Vec<f64>> {
        let first = &self.ranked.first()?.signals;
        Some(floor::of_question(first, &self.off_topic, &self.question).into())
    }
}

impl Ranked {
    /// The floor's features of the passage.
    #[must_use]
    pub fn features(&self) -> Vec<f64> {
        floor::of_passage(&self.signals, self.score).into()
    }

    /// The chance that it is the passage that the question was written for: 0 to 1.
    #[must_use]
    pub fn chance(&self) -> f64 {
        1.0 / (1.0 + (-self.log_odds).exp())
    }
}

impl Library {
    pub(super) fn new(passages: &[Passage], off_topic: Arc<OffTopic>) -> Self {
        Self {
            bm25: Bm25::new(passages),
            passages: passages.iter().map(Indexed::new).collect(),
            off_topic,
        }
    }

    /// The passages that speak to a question, the best first, at most `limit`.
    pub(super) fn search(&self, question: &str, limit: usize) -> Vec<usize> {
        let ranking = self.rank(question, limit);
        let found = ranking.ranked.iter().take(ranking.found);
        found.map(|ranked| ranked.passage).collect()
    }

    /// All passages, and which of them, at most `limit`, are found.
    pub(super) fn rank(&self, question: &str, limit: usize) -> Ranking {
        let question = self.corrected(question);
        let mut asked: Vec<Word> = Vec::new();
        for word in words(&question) {
            if asked.iter().all(|before| before.stem != word.stem) {
                asked.push(word);
            }
        }
        let embedded = Embedding::of(&question);
        let off_topic = self.off_topic.nearest(&embedded);
        let signals = self.signals(&asked, &embedded);
        let words = z_scores(&signals, |signals| signals.words);
        let subject = z_scores(&signals, |signals| signals.subject);
        let nearest = z_scores(&signals, |signals| signals.nearest);
        let written = stems(&question);
        let mut ranked: Vec<_> = signals
            .into_iter()
            .enumerate()
            .map(|(passage, signals)| {
                let score = WORDS * words[passage] + subject[passage] + nearest[passage];
                Ranked {
                    passage,
                    score,
                    signals,
                    log_odds: floor::speaks(&signals, score),
                    is_excluded: self.passages[passage]
                        .not
                        .iter()
                        .any(|phrase| is_phrase_in(phrase, &written)),
                    matched: asked
                        .iter()
                        .filter(|word| self.bm25.is_in(word, passage))
                        .map(|word| word.form.clone())
                        .collect(),
                }
            })
            .collect();
        ranked.sort_by(|a, b| {
            (a.is_excluded.cmp(&b.is_excluded))
                .then(b.score.total_cmp(&a.score))
                .then(a.passage.cmp(&b.passage))
        });
        let question = embedded.direction();
        let allowed = ranked.iter().filter(|ranked| !ranked.is_excluded);
        // Signs alone ask for nothing.
        let found = if written.is_empty() {
            0
        } else {
            floor::shown(allowed, &off_topic, &question).min(limit)
        };
        Ranking {
            ranked,
            found,
            off_topic,
            question,
        }
    }

    fn signals(&self, asked: &[Word], embedded: &Embedding) -> Vec<Signals> {
        let signals = |(passage, words): (&Indexed, f64)| Signals {
            words,
            subject: embedded.cosine(&passage.subject).into(),
            nearest: nearest_few(embedded, &passage.texts).into(),
        };
        let bm25 = self.bm25.scores(asked);
        self.passages.iter().zip(bm25).map(signals).collect()
    }

    /// The question, with a word of the library in the place of every misspelt one.
    fn corrected(&self, question: &str) -> String {
        let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
        let mut corrected = String::with_capacity(question.len());
        for part in question.split_inclusive(|c| !is_letter(c)) {
            let end = part.find(|c| !is_letter(c)).unwrap_or(part.len());
            let (written, rest) = part.split_at(end);
            let meant = words(written).next().and_then(|word| self.meant(&word));
            corrected.push_str(meant.unwrap_or(written));
            corrected.push_str(rest);
        }
        corrected
    }

    /// The library's word nearest to one that is neither in it nor in the vocabulary.
    fn meant(&self, word: &Word) -> Option<&str> {
        let is_known = self.bm25.knows(word) || embedding::is_word(&word.form);
        if is_known || word.form.chars().count() < SHORTEST_CORRECTED {
            return None;
        }
        self.bm25.meant(&word.form)
    }
}

impl Indexed {
    fn new(passage: &Passage) -> Self {
        let texts = || passage.tags.iter().chain(&passage.asks);
        let all: Vec<_> = texts().map(String::as_str).collect();
        Self {
            subject: Embedding::of(&all.join(", ")),
            texts: texts().map(|text| Embedding::of(text)).collect(),
            not: passage.not.iter().map(|phrase| stems(phrase)).collect(),
        }
    }
}

/// The mean cosine to the nearest [`FEW`] of some texts.
fn nearest_few(question: &Embedding, texts: &[Embedding]) -> f32 {
    let mut cosines: Vec<_> = texts.iter().map(|text| question.cosine(text)).collect();
    cosines.sort_unstable_by(|a, b| b.total_cmp(a));
    cosines.truncate(FEW);
    #[expect(clippy::cast_precision_loss, reason = "at most five")]
    let count = cosines.len().max(1) as f32;
    cosines.iter().sum::<f32>() / count
}

/// How many standard deviations each lies above the mean; 0 where all are alike.
fn z_scores(signals: &[Signals], of: impl Fn(&Signals) -> f64) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "some dozens of passages")]
    let count = signals.len().max(1) as f64;
    let mean = signals.iter().map(&of).sum::<f64>() / count;
    let square = |signals| (of(signals) - mean).powi(2);
    let deviation = (signals.iter().map(square).sum::<f64>() / count).sqrt();
    let z = |signals| {
        if deviation > 0.0 {
            (of(signals) - mean) / deviation
        } else {
            0.0
        }
    };
    signals.iter().map(z).collect()
}

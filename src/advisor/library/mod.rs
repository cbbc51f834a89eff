//! Finds the passages that speak to a question, with nothing but what the binary carries: the
//! same on every database, the same for the same question, in well under a millisecond.
//!
//! Three rankings vote, and reciprocal rank fusion (Cormack, Clarke & Büttcher, 2009) counts:
//!
//! - *words*: BM25 (Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and
//!   Beyond", 2009) over title, tags and text;
//! - *likeness*: for each word of the question the most similar word of the passage, by word
//!   vectors, so that "mum" finds "mother";
//! - *subject*: how the question as a whole lies to the tags and title as a whole; half a vote.
//!
//! Rare words count more than common ones in all three. Something is always ranked first, so
//! likeness also decides whether anything is found: the first has to be more like the question
//! than each of the subjects that the library is not about (`knowledge/elsewhere.txt`).
//!
//! The numbers below were chosen on `tests/library/questions.txt`; on a plateau, all of them.

mod likeness;
mod text;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    knowledge::Passage,
    vectors::{Mean, Vector},
};
pub(super) use likeness::Elsewhere;
use likeness::{Asked, Terms, likeness};
use text::{Word, is_slip, words};

/// BM25: how soon a word that is repeated stops counting, and how much a long passage is held
/// back; how often a word counts that an editor chose to be found by.
const K1: f64 = 1.2;
const B: f64 = 0.5;
const TIMES: Fields<u32> = Fields {
    tags: 4,
    title: 2,
    body: 1,
};

/// Likeness: what a word is worth where it stands.
const WORTH: Fields<f32> = Fields {
    tags: 1.0,
    title: 0.7,
    body: 0.3,
};

/// The rank of a word in English whose weight is halved for being so common.
const COMMON: f32 = 80.0;

/// What a rank is worth: 1 / (60 + rank), as in the paper, times the votes of the ranking.
const RANKS: f64 = 60.0;
const SUBJECT_VOTES: f64 = 0.5;

/// How much more like the question than any other subject the first passage must be.
const FLOOR: f32 = 0.03;

/// Shorter words than this are not corrected: too many others are a slip away.
const SHORTEST_CORRECTED: usize = 5;

/// For each part of a passage.
struct Fields<T> {
    tags: T,
    title: T,
    body: T,
}

/// An index over one advisor's passages.
#[derive(Debug)]
pub(super) struct Library {
    /// In how many passages each word is, by its stem.
    spread: HashMap<String, usize>,
    terms: Terms,
    passages: Vec<Indexed>,
    mean_length: f64,
    elsewhere: Arc<Elsewhere>,
}

/// What is known of a passage.
#[derive(Debug)]
struct Indexed {
    /// How much each word counts, by its stem.
    counts: HashMap<String, u32>,
    /// In words, as they count.
    length: f64,
    terms: Vec<(usize, f32)>,
    subject: Mean,
}

/// All passages for a question, the best first, and why.
#[derive(Debug)]
pub struct Ranking {
    pub ranked: Vec<Ranked>,
    /// So many of the first are found.
    pub found: usize,
    /// The subject elsewhere that is most like the question, and how much: 0 to 1.
    pub elsewhere: Option<(String, f32)>,
}

/// A passage, and what the rankings say of it.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// Its place among the advisor's passages.
    pub passage: usize,
    /// What the votes come to.
    pub score: f64,
    /// BM25; 0 or more.
    pub words: Vote,
    /// 0 to 1.
    pub likeness: Vote,
    /// A cosine: -1 to 1.
    pub subject: Vote,
    /// The words of the question that are in it.
    pub matched: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct Vote {
    pub score: f64,
    /// From 1.
    pub rank: usize,
}

impl Library {
    pub(super) fn new(passages: &[Passage], elsewhere: Arc<Elsewhere>) -> Self {
        let mut terms = Terms::default();
        let mut spread: HashMap<String, usize> = HashMap::new();
        let mut indexed: Vec<_> = passages
            .iter()
            .map(|passage| Indexed::new(passage, &mut terms))
            .collect();
        for stem in indexed.iter().flat_map(|passage| passage.counts.keys()) {
            *spread.entry(stem.clone()).or_default() += 1;
        }
        let total = indexed.len();
        for passage in &mut indexed {
            passage.subject = Mean::new(passage.terms.iter().filter_map(|(term, worth)| {
                let term = &terms.all[*term];
                let vector = term.vector.as_ref().filter(|_| *worth >= WORTH.title)?;
                Some((vector, rarity(total, spread[&term.stem])))
            }));
        }
        #[expect(clippy::cast_precision_loss, reason = "some dozens of passages")]
        let mean_length =
            indexed.iter().map(|passage| passage.length).sum::<f64>() / (total.max(1) as f64);
        Self {
            spread,
            terms,
            passages: indexed,
            mean_length,
            elsewhere,
        }
    }

    /// The passages that speak to a question, the best first, at most `limit`: two at least, where
    /// anything is found and the library holds as many.
    pub(super) fn search(&self, question: &str, limit: usize) -> Vec<usize> {
        let ranking = self.rank(question, limit);
        let found = ranking.ranked.iter().take(ranking.found);
        found.map(|ranked| ranked.passage).collect()
    }

    /// All passages, and which of them, at most `limit`, are found.
    pub(super) fn rank(&self, question: &str, limit: usize) -> Ranking {
        let asked = self.asked(question);
        let words = ranks(
            self.passages
                .iter()
                .map(|passage| self.bm25(&asked, passage)),
        );
        let alike = self.terms.alike(&asked);
        let likeness = ranks(
            self.passages
                .iter()
                .map(|passage| likeness(&asked, &alike, &passage.terms).into()),
        );
        let whole = Mean::new(
            asked
                .iter()
                .filter_map(|asked| Some((asked.vector.as_ref()?, asked.weight))),
        );
        let subject = ranks(
            self.passages
                .iter()
                .map(|passage| whole.cosine(&passage.subject).into()),
        );

        #[expect(clippy::cast_precision_loss, reason = "some dozens of passages")]
        let votes = |vote: Vote| 1.0 / (RANKS + vote.rank as f64);
        let mut ranked: Vec<_> = (0..self.passages.len())
            .map(|passage| {
                let (words, likeness, subject) =
                    (words[passage], likeness[passage], subject[passage]);
                let mut score = votes(subject) * SUBJECT_VOTES;
                // Who has nothing in common with the question has no rank among those who have.
                for vote in [words, likeness] {
                    if vote.score > 0.0 {
                        score += votes(vote);
                    }
                }
                let counts = &self.passages[passage].counts;
                Ranked {
                    passage,
                    score,
                    words,
                    likeness,
                    subject,
                    matched: asked
                        .iter()
                        .filter(|asked| counts.contains_key(&asked.word.stem))
                        .map(|asked| asked.word.form.clone())
                        .collect(),
                }
            })
            .collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.passage.cmp(&b.passage)));

        let elsewhere = self.elsewhere.nearest(&asked);
        let floor = elsewhere.as_ref().map_or(0.0, |(_, likeness)| *likeness) + FLOOR;
        let over = |ranked: &&Ranked| ranked.likeness.score >= floor.into();
        let found = match ranked.first().filter(over) {
            None => 0,
            // The second is in good company; from the third on each stands for itself.
            Some(_) => 2 + ranked.iter().skip(2).take_while(over).count(),
        };
        Ranking {
            found: found.min(limit).min(ranked.len()),
            ranked,
            elsewhere,
        }
    }

    /// What the question is about, each word once.
    fn asked(&self, question: &str) -> Vec<Asked> {
        let mut all: Vec<Asked> = Vec::new();
        for word in words(question) {
            let (word, vector) = self.corrected(word);
            if all.iter().any(|asked| asked.word.stem == word.stem) {
                continue;
            }
            let spread = self.spread.get(&word.stem).copied().unwrap_or_default();
            let common = vector.map_or(1.0, |vector| {
                let rank = f32::from(vector.rank) + 1.0;
                rank / (rank + COMMON)
            });
            all.push(Asked {
                word,
                vector,
                weight: rarity(self.passages.len(), spread) * common,
            });
        }
        all
    }

    /// The word, or if nobody knows it, one of the library's that it may be a slip for.
    fn corrected(&self, word: Word) -> (Word, Option<Vector>) {
        let vector = Vector::of(&word.form);
        if vector.is_some()
            || self.spread.contains_key(&word.stem)
            || word.form.chars().count() < SHORTEST_CORRECTED
        {
            return (word, vector);
        }
        // A slip leaves the first letter as it is: most words need no look.
        let initial: String = word.form.chars().take(1).collect();
        let meant = self
            .terms
            .index
            .range(initial.clone()..)
            .map(|(term, _)| term)
            .take_while(|term| term.starts_with(&initial))
            .find(|term| is_slip(&word.form, term));
        match meant.and_then(|term| words(term).next()) {
            Some(meant) => {
                let vector = Vector::of(&meant.form);
                (meant, vector)
            }
            None => (word, None),
        }
    }

    fn bm25(&self, asked: &[Asked], passage: &Indexed) -> f64 {
        let length = 1.0 - B + B * passage.length / self.mean_length;
        let in_it = asked.iter().filter_map(|asked| {
            let count = f64::from(*passage.counts.get(&asked.word.stem)?);
            Some(f64::from(asked.weight) * count * (K1 + 1.0) / (count + K1 * length))
        });
        // From 0.0: the sum of nothing would be -0.0, and be printed so.
        in_it.fold(0.0, |sum, score| sum + score)
    }
}

impl Indexed {
    fn new(passage: &Passage, terms: &mut Terms) -> Self {
        let mut counts: HashMap<String, u32> = HashMap::new();
        let mut worth: BTreeMap<usize, f32> = BTreeMap::new();
        // What is worth most first: a word is worth that where it stands twice.
        let tags = passage.tags.join(" ");
        for (text, times, value) in [
            (&tags, TIMES.tags, WORTH.tags),
            (&passage.title, TIMES.title, WORTH.title),
            (&passage.body, TIMES.body, WORTH.body),
        ] {
            for word in words(text) {
                worth.entry(terms.insert(&word)).or_insert(value);
                *counts.entry(word.stem).or_default() += times;
            }
        }
        Self {
            length: f64::from(counts.values().sum::<u32>()),
            counts,
            terms: worth.into_iter().collect(),
            subject: Mean::default(),
        }
    }
}

/// BM25's inverse document frequency, of a word that is in `with` of `total` passages.
#[expect(clippy::cast_precision_loss, reason = "some dozens of passages")]
fn rarity(total: usize, with: usize) -> f32 {
    let (total, with) = (total as f32, with as f32);
    (1.0 + (total - with + 0.5) / (with + 0.5)).ln()
}

/// Who scores highest is first; of equals, who stands first.
fn ranks(scores: impl Iterator<Item = f64>) -> Vec<Vote> {
    let mut votes: Vec<_> = scores.map(|score| Vote { score, rank: 0 }).collect();
    let mut order: Vec<_> = (0..votes.len()).collect();
    order.sort_by(|a, b| votes[*b].score.total_cmp(&votes[*a].score));
    for (rank, index) in order.into_iter().enumerate() {
        votes[index].rank = rank + 1;
    }
    votes
}

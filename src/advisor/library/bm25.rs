//! BM25 (Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) over
//! the words of passages.

use std::collections::{BTreeSet, HashMap};

use super::{
    super::knowledge::Passage,
    text::{Word, is_slip, words},
};

/// How soon a repeated word stops counting, and how much a long passage is held back.
const K1: f64 = 1.2;
const B: f64 = 0.5;

/// How often a word counts in each part of a passage: most where an editor chose it to be found by.
const TAGS: u32 = 4;
const TITLE: u32 = 2;
const ASKS: u32 = 2;
const TEXT: u32 = 1;

#[derive(Debug)]
pub(super) struct Bm25 {
    /// In how many passages each word is, by its stem.
    spread: HashMap<String, usize>,
    passages: Vec<Counts>,
    mean_length: f64,
    /// Every word, as it is written.
    forms: BTreeSet<String>,
}

#[derive(Debug)]
struct Counts {
    /// How much each word counts, by its stem.
    words: HashMap<String, u32>,
    /// In words, as they count.
    length: f64,
}

impl Bm25 {
    pub(super) fn new(passages: &[Passage]) -> Self {
        let mut forms = BTreeSet::new();
        let passages: Vec<_> = passages
            .iter()
            .map(|passage| Counts::new(passage, &mut forms))
            .collect();
        let mut spread: HashMap<String, usize> = HashMap::new();
        for stem in passages.iter().flat_map(|passage| passage.words.keys()) {
            *spread.entry(stem.clone()).or_default() += 1;
        }
        let total = passages.iter().map(|passage| passage.length).sum::<f64>();
        Self {
            spread,
            mean_length: total / count(passages.len().max(1)),
            passages,
            forms,
        }
    }

    /// A score for each passage, 0 or more. Each word is to be asked for once.
    pub(super) fn scores(&self, asked: &[Word]) -> Vec<f64> {
        let weights: Vec<_> = asked.iter().map(|word| self.rarity(word)).collect();
        let score = |passage: &Counts| {
            let length = 1.0 - B + B * passage.length / self.mean_length;
            let in_it = asked.iter().zip(&weights).filter_map(|(word, weight)| {
                let count = f64::from(*passage.words.get(&word.stem)?);
                Some(weight * count * (K1 + 1.0) / (count + K1 * length))
            });
            // From 0.0: the sum of nothing would be -0.0, and be printed so.
            in_it.fold(0.0, |sum, score| sum + score)
        };
        self.passages.iter().map(score).collect()
    }

    pub(super) fn is_in(&self, word: &Word, passage: usize) -> bool {
        self.passages[passage].words.contains_key(&word.stem)
    }

    /// Whether any passage has the word.
    pub(super) fn knows(&self, word: &Word) -> bool {
        self.spread.contains_key(&word.stem)
    }

    /// The word that a misspelt one may stand for.
    pub(super) fn meant(&self, written: &str) -> Option<&str> {
        // A slip leaves the first letter as it is: most words need no look.
        let initial: String = written.chars().take(1).collect();
        self.forms
            .range(initial.clone()..)
            .take_while(|form| form.starts_with(&initial))
            .find(|form| is_slip(written, form))
            .map(String::as_str)
    }

    /// The inverse document frequency.
    fn rarity(&self, word: &Word) -> f64 {
        let with = count(self.spread.get(&word.stem).copied().unwrap_or_default());
        (1.0 + (count(self.passages.len()) - with + 0.5) / (with + 0.5)).ln()
    }
}

impl Counts {
    fn new(passage: &Passage, forms: &mut BTreeSet<String>) -> Self {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for (text, times) in [
            (&passage.tags.join(" "), TAGS),
            (&passage.title, TITLE),
            (&passage.asks.join(" "), ASKS),
            (&passage.text, TEXT),
        ] {
            for word in words(text) {
                *counts.entry(word.stem).or_default() += times;
                forms.insert(word.form);
            }
        }
        Self {
            length: f64::from(counts.values().sum::<u32>()),
            words: counts,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "some dozens of passages")]
fn count(n: usize) -> f64 {
    n as f64
}

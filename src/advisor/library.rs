//! Finds the passages that speak to a question: BM25 (Robertson & Zaragoza, "The Probabilistic
//! Relevance Framework: BM25 and Beyond", 2009) over title, tags and body.

use std::collections::{HashMap, HashSet};

use super::knowledge::Passage;

/// How soon a word that is repeated stops counting, and how much a long passage is held back.
const K1: f64 = 1.2;
const B: f64 = 0.5;

/// How often a word of a tag or title counts: an editor chose it to be found by.
const TAG: u32 = 4;
const TITLE: u32 = 2;

/// Under this nothing is found: a single common word in a body scores less.
const FLOOR: f64 = 2.0;

/// Words that say how one asks, not what about.
const STOP: &str = "a about after again all also always am an and any are as ask at be because been before being \
    best between both but by can could did do does doing don dont down during each even ever few for from get \
    gets getting give given go goes going good got had has have having he her here hers him his how i if in into \
    is it its just know let like ll made make many may me might mine more most much must my need never no not \
    now of off on once one only or other our out over own people please really right s same say says she should \
    so some someone something still such t take tell than that the their them then there these they thing things \
    think this those through time to too under until up us ve very want wants was way we well were what when \
    where which while who whom why will with without would you your";

/// An index over one advisor's passages.
#[derive(Debug)]
pub(super) struct Library {
    /// For each word, the passages it is in (by index) and how much it counts there.
    postings: HashMap<String, Vec<(usize, u32)>>,
    /// The passages' lengths in words.
    lengths: Vec<f64>,
    mean_length: f64,
    stop: HashSet<&'static str>,
}

impl Library {
    pub(super) fn new(passages: &[Passage]) -> Self {
        let stop: HashSet<_> = STOP.split_whitespace().collect();
        let mut postings: HashMap<String, Vec<(usize, u32)>> = HashMap::new();
        let mut lengths = Vec::with_capacity(passages.len());
        for (index, passage) in passages.iter().enumerate() {
            let mut counts: HashMap<String, u32> = HashMap::new();
            for (text, weight) in [
                (&passage.title, TITLE),
                (&passage.tags.join(" "), TAG),
                (&passage.body, 1),
            ] {
                for word in words(text, &stop) {
                    *counts.entry(word).or_default() += weight;
                }
            }
            lengths.push(f64::from(counts.values().sum::<u32>()));
            for (word, count) in counts {
                postings.entry(word).or_default().push((index, count));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "some dozens of passages")]
        let mean_length = lengths.iter().sum::<f64>() / (lengths.len().max(1) as f64);
        Self {
            postings,
            lengths,
            mean_length,
            stop,
        }
    }

    /// The passages that speak to a question, best first, at most `limit`; none if the best is
    /// under the floor. The same for the same question.
    pub(super) fn search(&self, question: &str, limit: usize) -> Vec<usize> {
        let mut scores = vec![0.0; self.lengths.len()];
        let asked: HashSet<_> = words(question, &self.stop).collect();
        // In a fixed order: floating-point sums depend on it.
        let mut asked: Vec<_> = asked.into_iter().collect();
        asked.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "some dozens of passages")]
        let total = self.lengths.len() as f64;
        for found in asked.iter().filter_map(|word| self.postings.get(word)) {
            #[expect(clippy::cast_precision_loss, reason = "some dozens of passages")]
            let with = found.len() as f64;
            let rarity = (1.0 + (total - with + 0.5) / (with + 0.5)).ln();
            for &(index, count) in found {
                let count = f64::from(count);
                let length = 1.0 - B + B * self.lengths[index] / self.mean_length;
                scores[index] += rarity * count * (K1 + 1.0) / (count + K1 * length);
            }
        }
        let mut best: Vec<_> = (0..scores.len())
            .filter(|index| scores[*index] >= FLOOR)
            .collect();
        best.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        best.truncate(limit);
        // A companion must be worth it beside the best, not only worth something.
        let floor = best.first().map_or(0.0, |first| scores[*first] * 0.4);
        best.retain(|index| scores[*index] >= floor);
        best
    }
}

fn words<'a>(text: &'a str, stop: &'a HashSet<&'static str>) -> impl Iterator<Item = String> + 'a {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() > 1 && !stop.contains(word.as_str()))
        .map(stem)
}

/// A word without its most common English endings: enough that `choosing` finds `choose`.
fn stem(word: String) -> String {
    let cut = |ending: &str, put: &str| {
        word.strip_suffix(ending)
            .filter(|stem| stem.chars().count() >= 3)
            .map(|stem| format!("{stem}{put}"))
    };
    cut("ies", "y")
        .or_else(|| cut("sses", "ss"))
        .or_else(|| cut("ing", ""))
        .or_else(|| cut("ed", ""))
        .or_else(|| cut("es", ""))
        .or_else(|| {
            if word.ends_with("ss") {
                None
            } else {
                cut("s", "")
            }
        })
        .or_else(|| cut("e", ""))
        .unwrap_or(word)
}

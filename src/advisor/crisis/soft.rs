//! The soft tier: whether a question that no pattern recognises is probably a cry for help.
//!
//! A logistic regression over the question's embedding, which tells what English words are near each
//! other, and over its words, pairs of words and parts of words, hashed, as they were met in any language.
//! It is learnt from the sets in `tests/care` by `cargo bench --bench crisis -- --learn`, which writes
//! `soft/weights.bin`.

use std::sync::LazyLock;

use super::{
    super::embedding::{DIMENSIONS, Embedding},
    words::split,
};

/// Places that words and pairs of words are hashed to, and parts of words.
const WORDS: usize = 1 << 16;
const PARTS: usize = 1 << 17;

/// Features of a question.
pub const FEATURES: usize = DIMENSIONS + WORDS + PARTS;

/// Characters of a part of a word; a word begins and ends with a space.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=5;

/// The log-odds from which a question is taken for serious: a cry for help is as probable as not, if there
/// were as many cries as other questions. `cargo bench --bench crisis` prints, in cross-validation, how many
/// cries and how many others reach other bars.
const SERIOUS: f64 = 0.0;

/// Fewer words say too little to judge by.
const WORDS_TO_JUDGE: usize = 3;

/// The intercept and the scale of the weights, 32-bit floats, the lowest byte first; then a signed byte
/// for each feature.
const FILE: &[u8] = include_bytes!("soft/weights.bin");

static INTERCEPT: LazyLock<f64> = LazyLock::new(|| number(0));
static SCALE: LazyLock<f64> = LazyLock::new(|| number(4));

fn number(at: usize) -> f64 {
    let bytes = FILE[at..at + 4].try_into();
    f32::from_le_bytes(bytes.expect("the file begins with two numbers")).into()
}

/// The features of a question that are not zero, each with its place.
#[must_use]
pub fn features(question: &str) -> Vec<(usize, f64)> {
    let direction = Embedding::of(question).direction();
    let mut all: Vec<_> = direction.into_iter().enumerate().collect();
    let words = split(question);
    let single = words.iter().map(|(word, _)| hash([word.as_str()]));
    let pairs = words
        .windows(2)
        .map(|pair| hash([pair[0].0.as_str(), pair[1].0.as_str()]));
    add(&mut all, single.chain(pairs), DIMENSIONS, WORDS, 1.0);
    let parts = words.iter().flat_map(|(word, _)| {
        let padded: Vec<char> = format!(" {word} ").chars().collect();
        let parts = LENGTHS.flat_map(|length| {
            let parts = padded.windows(length).map(String::from_iter);
            parts.map(|part| hash([part.as_str()])).collect::<Vec<_>>()
        });
        parts.collect::<Vec<_>>()
    });
    add(&mut all, parts, DIMENSIONS + WORDS, PARTS, 2.0);
    all
}

/// Adds a place for each hash that is met, so that all of them together have this length.
fn add(
    all: &mut Vec<(usize, f64)>,
    hashes: impl Iterator<Item = u64>,
    first: usize,
    places: usize,
    length: f64,
) {
    let mask = places as u64 - 1;
    let mut met: Vec<usize> = hashes
        .map(|hash| usize::try_from((hash >> 32) & mask).unwrap_or_default())
        .collect();
    met.sort_unstable();
    met.dedup();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a question has hundreds of parts"
    )]
    let each = length / (met.len().max(1) as f64).sqrt();
    all.extend(met.into_iter().map(|place| (first + place, each)));
}

/// The log-odds that a question is a cry for help; some 50 µs.
#[must_use]
pub fn log_odds(question: &str) -> f64 {
    let weighted = features(question)
        .into_iter()
        .map(|(place, value)| value * f64::from(FILE[8 + place].cast_signed()));
    *INTERCEPT + *SCALE * weighted.sum::<f64>()
}

pub(in crate::advisor) fn is_serious(question: &str) -> bool {
    split(question).len() >= WORDS_TO_JUDGE && log_odds(question) >= SERIOUS
}

/// FNV-1a (RFC 9923), which never changes.
fn hash<const N: usize>(texts: [&str; N]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for text in texts {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::{FEATURES, FILE, features};

    #[test]
    fn the_file_has_a_weight_for_each_feature() {
        assert_eq!(FILE.len(), 8 + FEATURES);
        for (place, value) in features("Ich weiß nicht, 我想 what! 🙂") {
            assert!(place < FEATURES && value.is_finite());
        }
        assert!(features("").iter().all(|(_, value)| *value == 0.0));
    }
}

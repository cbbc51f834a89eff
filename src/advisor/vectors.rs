//! Word vectors: where in 50 dimensions a word's meaning lies, so that "mum" is near "mother".
//!
//! They are `GloVe` (Pennington, Socher & Manning, "`GloVe`: Global Vectors for Word
//! Representation", 2014), 20,000 words of it in 1.2 MB. `knowledge/vectors` has the script that
//! makes the file, and says which words and under which licences.
//!
//! May use: nothing of ours.

use std::sync::LazyLock;

pub(super) const DIMENSIONS: usize = 50;

/// After the mark: how many words, how many dimensions, and the length of the words in bytes,
/// each as 4 bytes, the lowest first; then the words with line feeds between, the most frequent
/// first; then their numbers, a signed byte each.
const FILE: &[u8] = include_bytes!("vectors.bin");
const MARK: &[u8] = b"MULAVEC1";

/// A word's direction. Its length says nothing: only angles are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vector {
    numbers: [i8; DIMENSIONS],
    /// One divided by its length.
    scale: f32,
    /// How many words are more frequent.
    pub rank: u16,
}

impl Vector {
    /// That of a word in lower case, if it has one.
    pub(super) fn of(word: &str) -> Option<Self> {
        static BUILT_IN: LazyLock<Vectors> = LazyLock::new(|| {
            // Its form is fixed when it is built in, and the tests below read it.
            Vectors::read(FILE).expect("vectors.bin is as make.mjs writes it")
        });
        BUILT_IN.get(word)
    }

    /// The cosine of the angle between two: 1 for the same direction, about 0 for words that have
    /// nothing to do with each other.
    pub(super) fn cosine(&self, other: &Self) -> f32 {
        let mut dot = 0_i32;
        // In whole numbers, which are summed in the same way everywhere, and several at a time.
        // Not with iterators: tests run unoptimised.
        let mut at = 0;
        while at < DIMENSIONS {
            dot += i32::from(self.numbers[at]) * i32::from(other.numbers[at]);
            at += 1;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "at most 50 * 127 * 127, under 2^24"
        )]
        let dot = dot as f32;
        dot * self.scale * other.scale
    }
}

/// The direction that several words have together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean(Option<[f32; DIMENSIONS]>);

impl Mean {
    pub(super) fn new<'a>(weighted: impl Iterator<Item = (&'a Vector, f32)>) -> Self {
        let mut sum = [0.0; DIMENSIONS];
        for (vector, weight) in weighted {
            for (sum, number) in sum.iter_mut().zip(vector.numbers) {
                *sum += f32::from(number) * vector.scale * weight;
            }
        }
        let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        Self((length > 0.0).then(|| sum.map(|x| x / length)))
    }

    /// 0 where either is of no words at all.
    pub(super) fn cosine(&self, other: &Self) -> f32 {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| a * b).sum(),
            _ => 0.0,
        }
    }
}

/// Those of a file. Its numbers stay where they are: a hash table of them all would be twice as
/// large as the file.
struct Vectors {
    numbers: &'static [[u8; DIMENSIONS]],
    /// In order, each with its rank.
    words: Box<[(&'static str, u16)]>,
}

impl Vectors {
    fn read(file: &'static [u8]) -> Option<Self> {
        let rest = file.strip_prefix(MARK)?;
        let (head, rest) = rest.split_at_checked(12)?;
        let number = |n: usize| {
            let bytes = head[4 * n..4 * n + 4].try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let (count, dimensions, length) = (number(0)?, number(1)?, number(2)?);
        let (words, numbers) = rest.split_at_checked(length)?;
        if dimensions != DIMENSIONS || numbers.len() != count * DIMENSIONS {
            return None;
        }
        let words = std::str::from_utf8(words).ok()?.split('\n');
        let mut words: Box<[_]> = words.zip(0..).collect();
        words.sort_unstable();
        let each_once = words.is_sorted_by(|(one, _), (next, _)| one < next);
        (words.len() == count && each_once).then_some(Self {
            numbers: numbers.as_chunks().0,
            words,
        })
    }

    fn get(&self, word: &str) -> Option<Vector> {
        let at = self.words.binary_search_by_key(&word, |(word, _)| word);
        let rank = self.words[at.ok()?].1;
        let numbers = self.numbers[usize::from(rank)].map(u8::cast_signed);
        let square: f32 = numbers.iter().map(|n| f32::from(*n).powi(2)).sum();
        Some(Vector {
            numbers,
            scale: 1.0 / square.sqrt(),
            rank,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{DIMENSIONS, FILE, Mean, Vector, Vectors};

    fn cosine(a: &str, b: &str) -> f32 {
        Vector::of(a).unwrap().cosine(&Vector::of(b).unwrap())
    }

    #[test]
    fn words_of_a_kind_are_near() {
        assert!((cosine("grief", "grief") - 1.0).abs() < 1e-5);
        assert!(cosine("grief", "sorrow") > 0.6);
        assert!(cosine("mum", "mother") > cosine("mum", "keyboard") + 0.3);
        assert!(Vector::of("qwertz").is_none());
    }

    #[test]
    fn frequent_words_come_first() {
        assert_eq!(Vector::of("the").unwrap().rank, 0);
        assert!(Vector::of("love").unwrap().rank < Vector::of("heartbroken").unwrap().rank);
    }

    #[test]
    fn a_mean_lies_between() {
        let (home, sea) = (Vector::of("home").unwrap(), Vector::of("sea").unwrap());
        let mean = |words: &[&Vector]| Mean::new(words.iter().map(|vector| (*vector, 1.0)));
        let both = mean(&[&home, &sea]);
        let apart = mean(&[&home]).cosine(&mean(&[&sea]));
        assert!((apart - home.cosine(&sea)).abs() < 1e-5);
        assert!(both.cosine(&mean(&[&home])) > apart && both.cosine(&mean(&[&sea])) > apart);
        assert!(mean(&[]).cosine(&both).abs() < f32::EPSILON);
    }

    #[test]
    fn a_file_of_another_form_is_refused() {
        assert_eq!(Vectors::read(FILE).unwrap().words.len(), 20_000);
        assert!(Vectors::read(b"GLOVE").is_none());
        assert!(Vectors::read(&FILE[..FILE.len() - DIMENSIONS]).is_none());
    }
}

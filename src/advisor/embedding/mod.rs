//! Sentence embeddings: a direction in 128 dimensions for any English text, so that "I cannot pay
//! the rent" is near "no money". It takes some microseconds a text.
//!
//! The table holds a vector for every word piece; a text is the sum of its pieces. It is distilled
//! from the sentence encoder all-MiniLM-L6-v2; `knowledge/embedding` has the script and the sources.

mod wordpiece;

use std::sync::LazyLock;

use wordpiece::WordPiece;

pub(super) const DIMENSIONS: usize = 128;

/// After the mark: the number of pieces and of dimensions, and the length of the pieces in bytes,
/// each as 4 bytes, the lowest first; then the pieces with line feeds between; then
/// for each piece the scale of its numbers, a 32-bit float; then its numbers, a signed byte each.
const FILE: &[u8] = include_bytes!("table.bin");
const MARK: &[u8] = b"MULAEMB1";

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // Its form is fixed when it is built in, and the tests below read it.
    Table::read(FILE).expect("table.bin is as distil.py writes it")
});

/// A text's direction. Its length has no meaning: only angles are compared.
#[derive(Debug, Clone)]
pub(super) struct Embedding {
    numbers: [i8; DIMENSIONS],
    /// One divided by its length; 0 for a text without pieces.
    scale: f32,
}

impl Embedding {
    pub(super) fn of(text: &str) -> Self {
        TABLE.embed(text)
    }

    /// The cosine of the angle between two: 1 for the same direction, about 0 for texts that have
    /// nothing to do with each other, 0 if either has no pieces.
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
            reason = "at most 128 * 127 * 127, under 2^24"
        )]
        let dot = dot as f32;
        dot * self.scale * other.scale
    }

    /// As a vector of length 1, or 0 for a text without pieces.
    pub(super) fn direction(&self) -> [f64; DIMENSIONS] {
        let scale = f64::from(self.scale);
        self.numbers.map(|number| f64::from(number) * scale)
    }

    fn new(sum: &[f32; DIMENSIONS]) -> Self {
        let largest = sum.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        if largest == 0.0 {
            return Self {
                numbers: [0; DIMENSIONS],
                scale: 0.0,
            };
        }
        #[expect(clippy::cast_possible_truncation, reason = "-127 to 127")]
        let numbers = sum.map(|x| (x / largest * 127.0).round() as i8);
        let square: f32 = numbers.iter().map(|n| f32::from(*n).powi(2)).sum();
        Self {
            numbers,
            scale: 1.0 / square.sqrt(),
        }
    }
}

/// Whether a word in lower case is in the vocabulary.
pub(super) fn is_word(word: &str) -> bool {
    TABLE.pieces.is_word(word)
}

/// The numbers stay where they are in the binary.
struct Table {
    pieces: WordPiece,
    scales: Box<[f32]>,
    numbers: &'static [[u8; DIMENSIONS]],
}

impl Table {
    fn read(file: &'static [u8]) -> Option<Self> {
        let rest = file.strip_prefix(MARK)?;
        let (head, rest) = rest.split_at_checked(12)?;
        let number = |n: usize| {
            let bytes = head[4 * n..4 * n + 4].try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let (count, dimensions, length) = (number(0)?, number(1)?, number(2)?);
        let (pieces, rest) = rest.split_at_checked(length)?;
        let (scales, numbers) = rest.split_at_checked(count.checked_mul(4)?)?;
        let pieces = std::str::from_utf8(pieces).ok()?.split('\n');
        let fits = dimensions == DIMENSIONS
            && pieces.clone().count() == count
            && numbers.len() == count * DIMENSIONS;
        let (scales, _) = scales.as_chunks();
        fits.then_some(Self {
            pieces: WordPiece::new(pieces)?,
            scales: scales
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect(),
            numbers: numbers.as_chunks().0,
        })
    }

    fn embed(&self, text: &str) -> Embedding {
        let mut sum = [0.0; DIMENSIONS];
        for piece in self.pieces.pieces(text) {
            let (numbers, scale) = (&self.numbers[piece], self.scales[piece]);
            for (sum, number) in sum.iter_mut().zip(numbers) {
                *sum += f32::from(number.cast_signed()) * scale;
            }
        }
        Embedding::new(&sum)
    }
}

#[cfg(test)]
mod tests {
    use super::{Embedding, FILE, TABLE, Table, is_word};

    fn cosine(a: &str, b: &str) -> f32 {
        Embedding::of(a).cosine(&Embedding::of(b))
    }

    #[test]
    fn texts_of_a_kind_are_near() {
        assert!((cosine("my mother died", "My mother died.") - 1.0).abs() < 0.1);
        for (a, near, far) in [
            ("i cannot pay the rent", "no money", "a new love"),
            ("my mum passed away", "my mother died", "asking for a raise"),
            (
                "he cheated on me",
                "betrayed by a husband",
                "learning a language",
            ),
        ] {
            assert!(cosine(a, near) > cosine(a, far) + 0.2, "{a}");
        }
        assert!(cosine("", "grief").abs() < f32::EPSILON);
    }

    #[test]
    fn the_vocabulary_is_known() {
        assert!(is_word("friend") && !is_word("frieend"));
    }

    /// The fixture is what the Python package makes of its texts; see `knowledge/embedding`.
    #[test]
    fn pieces_are_those_of_the_reference() {
        let mut texts = 0;
        let names = TABLE.pieces.names();
        for line in include_str!("pieces.jsonl").lines() {
            let [text, expected]: [String; 2] = serde_json::from_str(line).unwrap();
            let pieces = TABLE.pieces.pieces(&text);
            let pieces: Vec<_> = pieces.iter().map(|n| names[n]).collect();
            assert_eq!(pieces.join(" "), expected, "{text:?}");
            texts += 1;
        }
        assert!(texts > 2000);
    }

    #[test]
    fn a_file_of_another_form_is_refused() {
        assert!(Table::read(FILE).is_some());
        assert!(Table::read(b"GLOVE").is_none());
        assert!(Table::read(&FILE[..FILE.len() - 1]).is_none());
    }
}

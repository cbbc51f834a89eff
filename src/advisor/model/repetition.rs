//! Loops: models that write the same words again and again until something stops them.

/// A text loops if its end is one passage of at most so many bytes,
const PERIOD: usize = 600;
/// at least so many times,
const TIMES: usize = 6;
/// and that is at least so many bytes.
const LENGTH: usize = 512;

/// Bytes between two looks.
const STEP: usize = 64;

/// The end of a text as it grows.
#[derive(Default)]
pub(super) struct Repetition {
    tail: Vec<u8>,
    unseen: usize,
}

impl Repetition {
    /// Takes the next piece of text. Returns whether the text loops.
    pub(super) fn push(&mut self, piece: &str) -> bool {
        self.tail.extend_from_slice(piece.as_bytes());
        let surplus = self.tail.len().saturating_sub(PERIOD * TIMES);
        self.tail.drain(..surplus);
        self.unseen += piece.len();
        if self.unseen < STEP {
            return false;
        }
        self.unseen = 0;
        (1..=PERIOD).any(|period| {
            let length = LENGTH.max(period * TIMES);
            let Some(start) = self.tail.len().checked_sub(length) else {
                return false;
            };
            let end = &self.tail[start..];
            end[period..] == end[..length - period]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Repetition;

    #[test]
    fn a_sentence_again_and_again_is_a_loop() {
        for sentence in [
            "Stand at the door. ",
            "ha",
            "Ọ̀ṣun loves honey, and the river loves her. ",
        ] {
            let mut repetition = Repetition::default();
            let pieces = (0..400).position(|_| repetition.push(sentence));
            let bytes = pieces.expect("a loop") * sentence.len();
            assert!((400..2_000).contains(&bytes), "{sentence}: {bytes}");
        }
    }

    #[test]
    fn a_refrain_is_none() {
        let mut repetition = Repetition::default();
        for verse in 0..200 {
            let text = format!("Verse {verse}: the door is open.\n\nGo, go, go, go, go!\n\n");
            assert!(!repetition.push(&text), "{verse}");
        }
    }
}

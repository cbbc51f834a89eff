//! The obi cast: four lobes of a kola nut, each falling open or closed.
//!
//! Drawn from the system's randomness with fair odds (1, 4, 6, 4 and 1 in 16), never invented.

/// How the four lobes fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    open: u8,
}

impl Cast {
    /// # Errors
    ///
    /// If the system has no randomness to give.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut byte = [0];
        getrandom::fill(&mut byte)?;
        // Four fair bits, one a lobe.
        Ok(Self {
            open: u8::try_from((byte[0] & 0b1111).count_ones()).unwrap_or_default(),
        })
    }

    /// As it was stored; what is not 0 to 4 never was.
    #[must_use]
    pub fn stored(open: i16) -> Option<Self> {
        u8::try_from(open)
            .ok()
            .filter(|open| *open <= 4)
            .map(|open| Self { open })
    }

    /// How many lobes lie open, 0 to 4.
    #[must_use]
    pub fn open(self) -> u8 {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::Cast;

    #[test]
    fn fair_odds() {
        const DRAWS: u32 = 16_000;
        let mut seen = [0_u32; 5];
        for _ in 0..DRAWS {
            seen[usize::from(Cast::draw().unwrap().open())] += 1;
        }
        // Each count is within six standard deviations of its mean: a fair draw fails this
        // once in a hundred million runs, one with unfair lobes always.
        for (seen, sixteenths) in seen.into_iter().zip([1.0, 4.0, 6.0, 4.0, 1.0]) {
            let (n, p) = (f64::from(DRAWS), sixteenths / 16.0);
            let off = (f64::from(seen) - n * p).abs();
            assert!(
                off < 6.0 * (n * p * (1.0 - p)).sqrt(),
                "{seen} of {DRAWS}, expected {}",
                n * p
            );
        }
    }

    #[test]
    fn only_what_can_fall() {
        assert_eq!(Cast::stored(4).map(Cast::open), Some(4));
        assert_eq!(Cast::stored(5), None);
        assert_eq!(Cast::stored(-1), None);
    }
}

//! What an answer has cost: exact, in nano-dollars, or an estimate that says it is one.

use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

use crate::config::Prices;

const NANO: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// What no answer costs: a provider that reports more has made a mistake.
const ABSURD: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Bytes of UTF-8 a token stands for: OpenAI's rule of thumb of four characters, in bytes because
/// scripts other than the Latin one need more tokens a character.
/// <https://help.openai.com/en/articles/4936856>
const BYTES_A_TOKEN: usize = 4;

/// US dollars as JSON writes a number, in nano-dollars, half a one rounded up. It is the text
/// that is read: as a float, 0.1 would not be 0.1. None for what is no cost.
pub(super) fn nano(dollars: &str) -> Option<i64> {
    Decimal::from_str(dollars)
        .or_else(|_| Decimal::from_scientific(dollars))
        .ok()
        .filter(|dollars| (Decimal::ZERO..ABSURD).contains(dollars))?
        .checked_mul(NANO)?
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_i64()
}

/// The cost of so many tokens, rounded up; nothing without prices.
pub(super) fn cost(prices: Option<Prices>, input: i64, output: i64) -> i64 {
    let Some(prices) = prices else { return 0 };
    let millionths = i128::from(input) * i128::from(prices.input)
        + i128::from(output) * i128::from(prices.output);
    let tokens = (millionths + 999_999) / 1_000_000;
    i64::try_from(tokens + i128::from(prices.answer)).unwrap_or(i64::MAX)
}

/// How many tokens a text may be.
pub(super) fn tokens(bytes: usize) -> i64 {
    i64::try_from(bytes.div_ceil(BYTES_A_TOKEN)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Prices, cost, nano};

    #[test]
    fn a_cost_is_read_exactly() {
        for (text, expected) in [
            ("0", 0),
            ("0.1", 100_000_000),
            ("12345678.123456789", 12_345_678_123_456_789),
            ("1e-05", 10_000),
            ("1.5E-9", 2),
            ("0.0000000004999", 0),
            ("0.0000000005", 1),
            ("0.00512300000000000000000000000000000000001", 5_123_000),
            ("2e2", 200_000_000_000),
        ] {
            assert_eq!(nano(text), Some(expected), "{text}");
        }
        for text in [
            "-0.1", "-1e-3", "1e9", "1e300", "null", "true", "\"1\"", "NaN", "",
        ] {
            assert_eq!(nano(text), None, "{text}");
        }
    }

    #[test]
    fn tokens_have_their_price() {
        let prices = Prices {
            input: 150_000_000,
            output: 600_000_000,
            answer: 5,
        };
        assert_eq!(cost(Some(prices), 1000, 100), 210_005);
        assert_eq!(cost(Some(Prices { input: 1, ..prices }), 1, 0), 6);
        assert_eq!(cost(None, 1000, 100), 0);
    }
}

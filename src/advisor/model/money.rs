//! The cost of an answer: exact, in nano-dollars, or an estimate marked as one.

use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

use crate::config::Prices;

const NANO: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Dollars that no answer costs, as no setting names more: a provider that reports them has made
/// a mistake.
const ABSURD: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// The most an answer is taken to cost, in nano-dollars, whatever tokens are reported.
const MOST: i64 = 1_000_000_000_000_000;

/// Bytes of UTF-8 a token stands for: OpenAI's rule of thumb of four characters, in bytes because
/// scripts other than the Latin one need more tokens a character.
/// <https://help.openai.com/en/articles/4936856>
const BYTES_A_TOKEN: usize = 4;

/// US dollars as JSON writes a number, in nano-dollars, half a one rounded up. It is the text
/// that is read: as a float, 0.1 would not be 0.1. None for what is no cost.
pub(super) fn parse_nano_usd(dollars: &str) -> Option<i64> {
    Decimal::from_str(dollars)
        .or_else(|_| Decimal::from_scientific(dollars))
        .ok()
        .filter(|dollars| (Decimal::ZERO..ABSURD).contains(dollars))?
        .checked_mul(NANO)?
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_i64()
}

/// The cost of so many tokens, rounded up; nothing without prices, and a million dollars at most.
pub(super) fn cost(prices: Option<Prices>, input: i64, output: i64) -> i64 {
    let Some(prices) = prices else { return 0 };
    let millionths = i128::from(input) * i128::from(prices.input)
        + i128::from(output) * i128::from(prices.output);
    let tokens = (millionths + 999_999) / 1_000_000;
    i64::try_from(tokens + i128::from(prices.answer)).map_or(MOST, |cost| cost.min(MOST))
}

/// How many tokens a text may be.
pub(super) fn tokens(bytes: usize) -> i64 {
    i64::try_from(bytes.div_ceil(BYTES_A_TOKEN)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::{MOST, Prices, cost, parse_nano_usd};

    #[test]
    fn a_cost_is_read_exactly() {
        for (text, expected) in [
            ("0", 0),
            ("0.1", 100_000_000),
            ("123456.123456789", 123_456_123_456_789),
            ("999999.999999999", 999_999_999_999_999),
            ("1e-05", 10_000),
            ("1.5E-9", 2),
            ("0.0000000004999", 0),
            ("0.0000000005", 1),
            ("0.00512300000000000000000000000000000000001", 5_123_000),
            ("2e2", 200_000_000_000),
        ] {
            assert_eq!(parse_nano_usd(text), Some(expected), "{text}");
        }
        for text in [
            "-0.1", "-1e-3", "1e6", "1e300", "null", "true", "\"1\"", "NaN", "",
        ] {
            assert_eq!(parse_nano_usd(text), None, "{text}");
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

    fn prices() -> impl Strategy<Value = Prices> {
        let price = || prop_oneof![0..10_000_000_000_i64, 0..=MOST];
        (price(), price(), price()).prop_map(|(input, output, answer)| Prices {
            input,
            output,
            answer,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_exactly_is_read_exactly(amount in 0..MOST) {
            let dollars = Decimal::new(amount, 9);
            for text in [dollars.to_string(), dollars.normalize().to_string(), format!("{amount}e-9")] {
                prop_assert_eq!(parse_nano_usd(&text), Some(amount), "{}", text);
            }
        }

        #[test]
        fn what_is_finer_is_rounded_half_up(amount in 0..MOST - 1, digit in 0..10_i64) {
            let finer = Decimal::from_i128_with_scale(i128::from(amount) * 10 + i128::from(digit), 10);
            prop_assert_eq!(parse_nano_usd(&finer.to_string()), Some(amount + i64::from(digit >= 5)));
        }

        #[test]
        fn whatever_is_reported_is_a_sane_cost_or_none(text in prop_oneof![any::<String>(), "[-+0-9.eE]{0,40}"]) {
            if let Some(nano) = parse_nano_usd(&text) {
                prop_assert!((0..=MOST).contains(&nano), "{}", text);
            }
        }

        #[test]
        fn a_cost_is_exact_and_bounded(
            prices in prices(),
            input in prop_oneof![0..1_000_000_i64, 0..=i64::MAX],
            output in prop_oneof![0..1_000_000_i64, 0..=i64::MAX],
        ) {
            let paid = cost(Some(prices), input, output);
            let exact = |tokens: i64, price: i64| Decimal::from(tokens)
                .checked_mul(Decimal::new(price, 6));
            let whole = exact(input, prices.input)
                .zip(exact(output, prices.output))
                .map(|(read, written)| (read + written).ceil() + Decimal::from(prices.answer));
            // What even a decimal does not hold is more than the most.
            let expected = whole.map_or(MOST.into(), |whole| whole.min(MOST.into()));
            prop_assert_eq!(Decimal::from(paid), expected);
            // More tokens never cost less.
            prop_assert!(cost(Some(prices), input.saturating_add(1), output) >= paid);
        }
    }
}

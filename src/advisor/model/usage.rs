//! The tokens and the cost of an answer, as a provider reports them, in every spelling in use. Zeros
//! that cannot be true count as not reported.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{super::engine::TokenUsage, money, wire::clip};
use crate::config::Prices;

/// The figures of an answer, as far as the provider reports them. None is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    pub input: Option<i64>,
    pub output: Option<i64>,
    pub total: Option<i64>,
    /// Tokens of the input that the provider had in its cache.
    pub cached: Option<i64>,
    /// Tokens of the output that are thinking.
    pub reasoning: Option<i64>,
    /// Nano-dollars.
    pub cost: Option<i64>,
}

type Raw<'a> = Option<&'a RawValue>;

/// Some gateways send both spellings in one object, one of them as 0.
#[derive(Deserialize)]
struct Spelt<'a> {
    #[serde(borrow)]
    prompt_tokens: Raw<'a>,
    #[serde(borrow)]
    input_tokens: Raw<'a>,
    #[serde(borrow, rename = "promptTokens")]
    prompt_tokens_camel: Raw<'a>,
    #[serde(borrow, rename = "inputTokens")]
    input_tokens_camel: Raw<'a>,
    #[serde(borrow)]
    completion_tokens: Raw<'a>,
    #[serde(borrow)]
    output_tokens: Raw<'a>,
    #[serde(borrow, rename = "completionTokens")]
    completion_tokens_camel: Raw<'a>,
    #[serde(borrow, rename = "outputTokens")]
    output_tokens_camel: Raw<'a>,
    #[serde(borrow)]
    total_tokens: Raw<'a>,
    #[serde(borrow, rename = "totalTokens")]
    total_tokens_camel: Raw<'a>,
    #[serde(borrow)]
    prompt_tokens_details: Raw<'a>,
    #[serde(borrow)]
    input_tokens_details: Raw<'a>,
    #[serde(borrow)]
    completion_tokens_details: Raw<'a>,
    #[serde(borrow)]
    output_tokens_details: Raw<'a>,
    /// `DeepSeek`'s.
    #[serde(borrow)]
    prompt_cache_hit_tokens: Raw<'a>,
    /// Anthropic's.
    #[serde(borrow)]
    cache_read_input_tokens: Raw<'a>,
    #[serde(borrow)]
    reasoning_tokens: Raw<'a>,
    #[serde(borrow)]
    cost: Raw<'a>,
    #[serde(borrow)]
    total_cost: Raw<'a>,
}

#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    cached_tokens: Raw<'a>,
    #[serde(borrow)]
    reasoning_tokens: Raw<'a>,
}

#[derive(Deserialize)]
struct Cost<'a> {
    #[serde(borrow)]
    total_cost: Raw<'a>,
}

impl Reported {
    pub(super) fn read(usage: &RawValue) -> Option<Self> {
        let usage: Spelt = serde_json::from_str(usage.get()).ok()?;
        let details = |raw: Raw<'_>, of: fn(Details<'_>) -> Option<i64>| {
            of(serde_json::from_str(raw?.get()).ok()?)
        };
        let cached = |details: Details<'_>| count(details.cached_tokens);
        let reasoning = |details: Details<'_>| count(details.reasoning_tokens);
        Some(Self {
            input: largest([
                count(usage.prompt_tokens),
                count(usage.input_tokens),
                count(usage.prompt_tokens_camel),
                count(usage.input_tokens_camel),
            ]),
            output: largest([
                count(usage.completion_tokens),
                count(usage.output_tokens),
                count(usage.completion_tokens_camel),
                count(usage.output_tokens_camel),
            ]),
            total: largest([count(usage.total_tokens), count(usage.total_tokens_camel)]),
            cached: largest([
                details(usage.prompt_tokens_details, cached),
                details(usage.input_tokens_details, cached),
                count(usage.prompt_cache_hit_tokens),
                count(usage.cache_read_input_tokens),
            ]),
            reasoning: largest([
                details(usage.completion_tokens_details, reasoning),
                details(usage.output_tokens_details, reasoning),
                count(usage.reasoning_tokens),
            ]),
            cost: cost(usage.cost.or(usage.total_cost)),
        })
    }

    /// The figures to store, with the configured prices where the provider names no cost, and with
    /// an estimate of input and output where it reports none.
    pub(super) fn usage(self, prices: Option<Prices>, guess: (i64, i64)) -> TokenUsage {
        // A prompt is never empty, and this is asked for answers that have text.
        let some = |tokens: Option<i64>| tokens.filter(|tokens| *tokens > 0);
        let (input, output) = (
            some(self.input),
            some(self.output).or((guess.1 == 0).then_some(0)),
        );
        let total =
            some(self.total).filter(|total| *total > input.unwrap_or(0) || output.is_some());
        let known = match (input, output, total) {
            (Some(input), Some(output), _) => Some((input, output)),
            (Some(input), None, Some(total)) => Some((input, (total - input).max(0))),
            (None, Some(output), Some(total)) => Some(((total - output).max(0), output)),
            _ => None,
        };
        let (input, output) = known.unwrap_or_else(|| match total {
            Some(total) => (guess.0.min(total), (total - guess.0).max(0)),
            None => (input.unwrap_or(guess.0), output.unwrap_or(guess.1)),
        });
        let tokens = total.unwrap_or_else(|| input.saturating_add(output));
        let whole = |tokens: i64| i32::try_from(tokens).unwrap_or(i32::MAX);
        TokenUsage {
            tokens: whole(tokens),
            cached_tokens: whole(self.cached.unwrap_or(0)),
            reasoning_tokens: whole(self.reasoning.unwrap_or(0)),
            cost: self
                .cost
                .unwrap_or_else(|| money::cost(prices, input, output)),
            is_estimated: known.is_none()
                && (total.is_none() || (self.cost.is_none() && prices.is_some())),
        }
    }

    /// A later report replaces an earlier one, except with zeros.
    pub(super) fn update(&mut self, later: Self) {
        let replace = |known: &mut Option<i64>, later: Option<i64>| {
            if later.is_some_and(|later| later > 0) || known.is_none() {
                *known = later;
            }
        };
        replace(&mut self.input, later.input);
        replace(&mut self.output, later.output);
        replace(&mut self.total, later.total);
        replace(&mut self.cached, later.cached);
        replace(&mut self.reasoning, later.reasoning);
        replace(&mut self.cost, later.cost);
    }
}

fn largest<const N: usize>(counts: [Option<i64>; N]) -> Option<i64> {
    counts.into_iter().flatten().max()
}

/// A number of tokens: `12`, `12.0` or `"12"`.
fn count(tokens: Raw<'_>) -> Option<i64> {
    let text = tokens?.get().trim_matches('"');
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.parse().ok().filter(|tokens| *tokens >= 0)
}

fn cost(cost: Raw<'_>) -> Option<i64> {
    let cost = cost?;
    let cost = match serde_json::from_str::<Cost>(cost.get()) {
        Ok(cost) => cost.total_cost?,
        Err(_) => cost,
    };
    if cost.get() == "null" {
        return None;
    }
    let nano = money::parse_nano_usd(cost.get().trim_matches('"'));
    if nano.is_none() {
        tracing::warn!(cost = %clip(cost.get(), 40), "the model's server reports an invalid cost");
    }
    nano
}

#[cfg(test)]
mod tests {
    use super::{Prices, RawValue, Reported};

    fn reported(json: &str) -> Option<Reported> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        Reported::read(raw)
    }

    #[test]
    fn usage_is_read_from_every_provider() {
        let perplexity = r#"{"prompt_tokens": 14, "completion_tokens": 70, "total_tokens": 84,
            "search_context_size": "low", "cost": {"input_tokens_cost": 0.000014,
            "request_cost": 0.005, "total_cost": 0.005084123456789}}"#;
        let expected = Reported {
            input: Some(14),
            output: Some(70),
            total: Some(84),
            cost: Some(5_084_123),
            ..Reported::default()
        };
        assert_eq!(reported(perplexity), Some(expected));
        for (json, cost) in [
            (r#"{"cost": 0.1}"#, Some(100_000_000)),
            (r#"{"cost": "0.1"}"#, Some(100_000_000)),
            (r#"{"cost": 1e-05}"#, Some(10_000)),
            (r#"{"cost": -1}"#, None),
            (r#"{"cost": null}"#, None),
            (r#"{"cost": {}}"#, None),
            (r#"{"cost": []}"#, None),
            (
                r#"{"input_tokens": -3, "output_tokens": "many", "total_tokens": 1.5}"#,
                None,
            ),
        ] {
            let expected = Reported {
                cost,
                ..Reported::default()
            };
            assert_eq!(reported(json), Some(expected), "{json}");
        }
        assert_eq!(reported("12"), None);
    }

    #[test]
    fn both_spellings_at_once_lose_nothing() {
        for json in [
            r#"{"prompt_tokens": 14, "completion_tokens": 7, "input_tokens": 0, "output_tokens": 0}"#,
            r#"{"input_tokens": 14, "output_tokens": 7, "prompt_tokens": 0, "completion_tokens": 0}"#,
            r#"{"inputTokens": 14.0, "outputTokens": "7"}"#,
        ] {
            let reported = reported(json).unwrap();
            assert_eq!(
                (reported.input, reported.output),
                (Some(14), Some(7)),
                "{json}"
            );
        }
        let details = r#"{"prompt_tokens": 14, "completion_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 12},
            "completion_tokens_details": {"reasoning_tokens": 5}}"#;
        let usage = reported(details).unwrap().usage(None, (1, 1));
        assert_eq!((usage.cached_tokens, usage.reasoning_tokens), (12, 5));
    }

    #[test]
    fn a_zero_beside_text_is_not_trusted() {
        let prices = Prices {
            input: 1_000_000,
            output: 2_000_000,
            answer: 0,
        };
        let none = r#"{"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}"#;
        let usage = reported(none).unwrap().usage(Some(prices), (100, 10));
        assert_eq!(
            (usage.tokens, usage.cost, usage.is_estimated),
            (110, 120, true)
        );
        let half = r#"{"prompt_tokens": 90, "completion_tokens": 0, "total_tokens": 90}"#;
        let usage = reported(half).unwrap().usage(Some(prices), (100, 10));
        assert_eq!(
            (usage.tokens, usage.cost, usage.is_estimated),
            (100, 110, true)
        );

        let mut all = reported(r#"{"prompt_tokens": 9, "completion_tokens": 3}"#).unwrap();
        all.update(reported(none).unwrap());
        assert_eq!((all.input, all.output), (Some(9), Some(3)));
    }
}

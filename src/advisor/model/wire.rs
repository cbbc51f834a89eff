//! What both dialects have in common on the wire. Providers differ in all that is not the text
//! itself: what is not as expected is passed over rather than refused.

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    super::engine::{Failure, Usage},
    money,
};
use crate::{config::Prices, entity::Source};

/// Characters of what is kept of a web page, at most.
const TITLE: usize = 200;
const EXCERPT: usize = 300;
const URL: usize = 2000;

/// What a provider tells, whatever its dialect.
#[derive(Debug)]
pub(super) enum Part {
    /// The provider's name for the response.
    Id(String),
    Model(String),
    Text(String),
    /// The text from its beginning: news only if nothing of it came before.
    Whole(String),
    Web(Vec<Source>),
    Usage(Reported),
    /// The answer is whole.
    Finished,
    /// There will be no more; with what the provider says of it.
    Failed(Failure, String),
}

/// Of an answer, as far as the provider says; none is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    pub input: Option<i64>,
    pub output: Option<i64>,
    pub total: Option<i64>,
    /// Nano-dollars.
    pub cost: Option<i64>,
}

impl Reported {
    pub(super) fn read(usage: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Usage<'a> {
            #[serde(borrow, alias = "prompt_tokens")]
            input_tokens: Option<&'a RawValue>,
            #[serde(borrow, alias = "completion_tokens")]
            output_tokens: Option<&'a RawValue>,
            #[serde(borrow)]
            total_tokens: Option<&'a RawValue>,
            #[serde(borrow)]
            cost: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Cost<'a> {
            #[serde(borrow)]
            total_cost: Option<&'a RawValue>,
        }
        let usage: Usage = serde_json::from_str(usage.get()).ok()?;
        let count = |tokens: Option<&RawValue>| {
            let tokens: i64 = tokens?.get().parse().ok()?;
            (tokens >= 0).then_some(tokens)
        };
        let cost = usage
            .cost
            .and_then(|cost| match serde_json::from_str::<Cost>(cost.get()) {
                Ok(cost) => cost.total_cost,
                Err(_) => Some(cost),
            });
        let cost = cost.and_then(|cost| {
            let nano = money::nano(cost.get().trim_matches('"'));
            if nano.is_none() {
                tracing::warn!(cost = %clip(cost.get(), 40), "the model's server reports a cost that is none");
            }
            nano
        });
        Some(Self {
            input: count(usage.input_tokens),
            output: count(usage.output_tokens),
            total: count(usage.total_tokens),
            cost,
        })
    }

    /// What it comes to, with the configured prices where the provider names no cost, and with a
    /// guess of what was read and written where it does not say so.
    pub(super) fn usage(self, prices: Option<Prices>, guess: (i64, i64)) -> Usage {
        let known = match (self.input, self.output, self.total) {
            (Some(input), Some(output), _) => Some((input, output)),
            (Some(input), None, Some(total)) => Some((input, (total - input).max(0))),
            (None, Some(output), Some(total)) => Some(((total - output).max(0), output)),
            _ => None,
        };
        let (input, output) = known.unwrap_or_else(|| match self.total {
            Some(total) => (guess.0.min(total), (total - guess.0).max(0)),
            None => guess,
        });
        let tokens = self.total.unwrap_or_else(|| input.saturating_add(output));
        Usage {
            tokens: i32::try_from(tokens).unwrap_or(i32::MAX),
            cost: self
                .cost
                .unwrap_or_else(|| money::cost(prices, input, output)),
            is_estimated: known.is_none()
                && (self.total.is_none() || (self.cost.is_none() && prices.is_some())),
        }
    }

    /// What is said later holds.
    pub(super) fn update(&mut self, later: Self) {
        self.input = later.input.or(self.input);
        self.output = later.output.or(self.output);
        self.total = later.total.or(self.total);
        self.cost = later.cost.or(self.cost);
    }
}

/// Web pages, as addresses or as objects that have one.
pub(super) fn web(pages: &Value) -> Vec<Source> {
    let pages = pages.as_array().map(Vec::as_slice).unwrap_or_default();
    pages.iter().filter_map(page).collect()
}

pub(super) fn page(page: &Value) -> Option<Source> {
    let url = page.as_str().or_else(|| page["url"].as_str())?;
    let parsed = Url::parse(url).ok()?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.as_str().len() > URL {
        return None;
    }
    let text = |name: &str, limit| {
        let text: String = page[name]
            .as_str()?
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let text = clip(text.trim(), limit);
        (!text.is_empty()).then_some(text)
    };
    Some(Source {
        title: text("title", TITLE).unwrap_or_else(|| clip(parsed.as_str(), TITLE)),
        excerpt: text("snippet", EXCERPT),
        url: Some(parsed.into()),
    })
}

/// What a provider's error comes to, and what it says of it: `{message, type, code}`, or a text.
pub(super) fn fault(error: &Value) -> (Failure, String) {
    let word = |name: &str| match &error[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let (code, kind) = (word("code"), word("type"));
    let is_busy = [&code, &kind]
        .into_iter()
        .any(|word| word == "429" || word.contains("rate_limit") || word.contains("overloaded"));
    let failure = if is_busy {
        Failure::Busy
    } else {
        Failure::Failed
    };
    let message = error
        .as_str()
        .map_or_else(|| word("message"), str::to_owned);
    (failure, [kind, code, message].join(" ").trim().to_owned())
}

/// What the body of a refusal says: `{"error": …}`, or `{"detail": …}` with a text or a list of
/// what is wrong. Nothing of a body that is not JSON.
pub(super) fn refusal(body: &str) -> String {
    let Ok(body) = serde_json::from_str::<Value>(body) else {
        return String::new();
    };
    match &body["detail"] {
        Value::String(detail) => detail.clone(),
        // Beside `msg`, an entry repeats what was sent.
        Value::Array(details) => {
            let said = details.iter().map(|detail| {
                let place = &detail["loc"];
                format!("{} {place}", detail["msg"].as_str().unwrap_or_default())
            });
            said.collect::<Vec<_>>().join("; ")
        }
        _ => fault(&body["error"]).1,
    }
}

/// The beginning of a text.
pub(super) fn clip(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, RawValue, Reported, fault, page, refusal};
    use serde_json::json;

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
    fn only_the_web_is_a_web_source() {
        let title = |value| page(&value).map(|source| source.title);
        assert_eq!(
            title(json!("https://a.example/x")).as_deref(),
            Some("https://a.example/x")
        );
        assert_eq!(
            title(json!({"url": "http://a.example", "title": " A\n"})).as_deref(),
            Some("A")
        );
        for none in [
            json!("javascript:alert(1)"),
            json!({"url": "file:///etc/passwd", "title": "A"}),
            json!({"title": "A"}),
            json!("/relative"),
            json!(7),
            json!(format!("https://a.example/{}", "x".repeat(3000))),
        ] {
            assert_eq!(page(&none), None);
        }
    }

    #[test]
    fn an_error_is_read_in_every_form() {
        for (error, failure, says) in [
            (
                json!({"message": "Slow down", "type": "x", "code": 429}),
                Failure::Busy,
                "x 429 Slow down",
            ),
            (
                json!({"message": "No", "code": "rate_limit_exceeded"}),
                Failure::Busy,
                "rate_limit_exceeded No",
            ),
            (
                json!({"message": "No", "code": null}),
                Failure::Failed,
                "No",
            ),
            (json!("broken"), Failure::Failed, "broken"),
            (json!(null), Failure::Failed, ""),
        ] {
            let (found, said) = fault(&error);
            assert_eq!(found, failure);
            assert_eq!(said.trim(), says);
        }
        assert_eq!(refusal(r#"{"detail": "Not Found"}"#), "Not Found");
        assert_eq!(refusal("<html>"), "");
        assert_eq!(
            refusal(
                r#"{"detail": [{"loc": ["body", "x"], "msg": "Extra", "input": "a question"}]}"#
            ),
            r#"Extra ["body","x"]"#
        );
        assert!(
            refusal(r#"{"error": {"message": "Bad key", "code": 401}}"#).contains("401 Bad key")
        );
    }
}

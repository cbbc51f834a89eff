//! The parts of an answer, whatever its dialect. Providers differ in everything beside the text:
//! unknown members are ignored rather than refused.

use reqwest::Url;
use serde_json::Value;

use super::{super::engine::Failure, fault::Fault, usage::Reported};
use crate::entity::Source;

/// Characters of what is kept of a web page, at most.
const TITLE: usize = 200;
const EXCERPT: usize = 300;
const URL: usize = 2000;

/// A part of an answer.
#[derive(Debug)]
pub(super) enum StreamEvent {
    /// The provider's name for the response.
    Id(String),
    Model(String),
    Text(String),
    /// The text from its beginning: new only if nothing of it came before.
    Whole(String),
    /// The model thinks. Its thoughts are not shown.
    Thought {
        /// Nothing more may come before its first word.
        is_silent: bool,
    },
    Web(Vec<Source>),
    Usage(Reported),
    /// The model declines to answer.
    Declined,
    /// The answer has ended.
    Finish(Finish),
    /// Nothing more comes.
    Fault(Fault),
}

/// How an answer ended, in its provider's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    Complete,
    /// At the limit of tokens.
    Truncated,
    Failed(Failure),
}

impl Finish {
    /// Of a finish reason, a stop reason, or the reason of an incomplete response.
    pub(super) fn of(reason: &str) -> Self {
        match reason.to_ascii_lowercase().as_str() {
            "length"
            | "max_tokens"
            | "max_output_tokens"
            | "model_length"
            | "token_limit"
            | "max_length"
            | "model_context_window_exceeded" => Self::Truncated,
            "content_filter"
            | "content_filtered"
            | "safety"
            | "recitation"
            | "blocklist"
            | "prohibited_content"
            | "spii"
            | "guardrail_intervened"
            | "sensitive" => Self::Failed(Failure::AnswerFiltered),
            "refusal" => Self::Failed(Failure::Declined),
            "tool_calls" | "tool_call" | "tool_use" | "function_call" => {
                Self::Failed(Failure::ToolCall)
            }
            "error"
            | "failed"
            | "network_error"
            | "insufficient_system_resource"
            | "repetition"
            | "malformed_function_call" => Self::Failed(Failure::Failed),
            "abort" | "aborted" | "cancelled" | "canceled" => Self::Failed(Failure::Cut),
            _ => Self::Complete,
        }
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

/// The beginning of a text.
pub(super) fn clip(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// As much of a text as has room, up to the end of a word if it can be.
pub(super) fn beginning(text: &str, room: usize) -> &str {
    let text = &text[..text.floor_char_boundary(room)];
    text.rfind(char::is_whitespace)
        .map_or(text, |space| &text[..space])
}

#[cfg(test)]
mod tests {
    use super::page;
    use serde_json::json;

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
}

//! The dialect of `/responses`: OpenAI, and Perplexity's Agent API.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    super::engine::Failure,
    fault::Fault,
    prompt::Prompt,
    usage::Reported,
    wire::{self, Finish, StreamEvent},
};
use crate::config::ModelSettings;

pub(super) fn request(settings: &ModelSettings, prompt: &Prompt) -> Value {
    let mut body = json!({
        "model": settings.name,
        "instructions": prompt.instructions,
        "input": [{ "type": "message", "role": "user", "content": prompt.input }],
        "stream": true,
        // By default a provider keeps what it is asked. Only what is to be taken up again needs that.
        "store": settings.background,
        "max_output_tokens": settings.max_tokens,
    });
    if settings.background {
        body["background"] = true.into();
    }
    if settings.web_search {
        body["tools"] = json!([{ "type": "web_search" }]);
    }
    body
}

#[derive(Deserialize)]
struct ResponsesEvent<'a> {
    r#type: Option<String>,
    sequence_number: Option<i64>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(default)]
    delta: Value,
    #[serde(default)]
    annotation: Value,
    /// Perplexity's, while it searches.
    #[serde(default)]
    results: Value,
    #[serde(default)]
    item: Value,
}

#[derive(Deserialize)]
struct Response<'a> {
    id: Option<String>,
    model: Option<String>,
    status: Option<String>,
    #[serde(default)]
    output: Value,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    incomplete_details: Value,
}

/// Reads an event of the stream, with its number. Unknown kinds are ignored.
pub(super) fn read(json: &str) -> serde_json::Result<(Option<i64>, Vec<StreamEvent>)> {
    let event: ResponsesEvent = match serde_json::from_str(json) {
        Ok(event) => event,
        Err(error) => return fault(json).map(|parts| (None, parts)).ok_or(error),
    };
    let kind = event.r#type.as_deref().unwrap_or_default();
    let parts = match (kind, event.response) {
        ("response.output_text.delta", _) => {
            let text = event.delta.as_str().unwrap_or_default();
            vec![StreamEvent::Text(text.to_owned())]
        }
        ("response.output_text.annotation.added", _) => {
            vec![StreamEvent::Web(
                wire::page(&event.annotation).into_iter().collect(),
            )]
        }
        ("response.refusal.delta" | "response.refusal.done", _) => vec![StreamEvent::Declined],
        ("response.output_item.added", _) if event.item["type"] == "reasoning" => {
            vec![StreamEvent::Thought { is_silent: true }]
        }
        (kind, _) if kind.starts_with("response.reasoning") => {
            vec![StreamEvent::Thought { is_silent: false }]
        }
        (kind, Some(response)) if kind != "error" => {
            let ended = match kind {
                "response.completed" | "response.done" => Some("completed"),
                "response.incomplete" => Some("incomplete"),
                "response.failed" => Some("failed"),
                "response.cancelled" => Some("cancelled"),
                _ => None,
            };
            state(serde_json::from_str(response.get())?, ended)
        }
        _ => fault(json).unwrap_or_else(|| vec![StreamEvent::Web(wire::web(&event.results))]),
    };
    Ok((event.sequence_number, parts))
}

/// Reads a response that is not streamed.
pub(super) fn read_whole(json: &str) -> serde_json::Result<Vec<StreamEvent>> {
    let response: Response = match serde_json::from_str(json) {
        Ok(response) => response,
        Err(error) => return fault(json).ok_or(error),
    };
    match response.status {
        None => Ok(fault(json).unwrap_or_else(|| state(response, None))),
        Some(_) => Ok(state(response, None)),
    }
}

fn fault(json: &str) -> Option<Vec<StreamEvent>> {
    let json: Value = serde_json::from_str(json).ok()?;
    Fault::find(&json).map(|fault| vec![StreamEvent::Fault(fault)])
}

/// A response as it stands; ended by the event's own word, or else by its status.
fn state(response: Response, ended: Option<&str>) -> Vec<StreamEvent> {
    let mut parts = Vec::new();
    parts.extend(response.id.map(StreamEvent::Id));
    parts.extend(response.model.map(StreamEvent::Model));
    let mut text = String::new();
    let mut calls_tool = false;
    for item in members(&response.output) {
        let kind = item["type"].as_str().unwrap_or_default();
        // A search is the provider's own to carry out.
        calls_tool |= matches!(kind, "function_call" | "custom_tool_call");
        parts.push(StreamEvent::Web(wire::web(&item["results"])));
        if kind == "reasoning" {
            continue;
        }
        for content in members(&item["content"]) {
            text.push_str(content["text"].as_str().unwrap_or_default());
            parts.push(StreamEvent::Web(wire::web(&content["annotations"])));
            if content["type"] == "refusal" {
                parts.push(StreamEvent::Declined);
            }
        }
    }
    parts.push(StreamEvent::Whole(text));
    parts.extend(
        response
            .usage
            .and_then(Reported::read)
            .map(StreamEvent::Usage),
    );
    // A body with HTTP status 200 can hold a failure.
    let end = match ended.or(response.status.as_deref()) {
        Some("completed") if calls_tool => {
            Some(StreamEvent::Finish(Finish::Failed(Failure::ToolCall)))
        }
        Some("completed") => Some(StreamEvent::Finish(Finish::Complete)),
        Some("incomplete") => {
            let reason = response.incomplete_details["reason"].as_str();
            Some(StreamEvent::Finish(
                match Finish::of(reason.unwrap_or("length")) {
                    Finish::Complete => Finish::Truncated,
                    other => other,
                },
            ))
        }
        Some("failed") => Some(StreamEvent::Fault(Fault::of(&response.error))),
        Some("cancelled") => Some(StreamEvent::Finish(Finish::Failed(Failure::Cut))),
        _ => None,
    };
    parts.extend(end);
    parts
}

fn members(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

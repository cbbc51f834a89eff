//! The dialect of `/responses`: OpenAI, and Perplexity's Agent API.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    super::engine::Failure,
    prompt::Prompt,
    wire::{self, Part, Reported},
};
use crate::config::Model as Settings;

pub(super) fn request(settings: &Settings, prompt: &Prompt) -> Value {
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
struct Event<'a> {
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
    error: Value,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    code: Value,
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

/// Reads an event of the stream, with its number. What kinds are not known say nothing.
pub(super) fn read(json: &str) -> serde_json::Result<(Option<i64>, Vec<Part>)> {
    let event: Event = serde_json::from_str(json)?;
    let parts = match (event.r#type.as_deref(), event.response) {
        (Some("response.output_text.delta"), _) => {
            let text = event.delta.as_str().unwrap_or_default();
            vec![Part::Text(text.to_owned())]
        }
        (Some("response.output_text.annotation.added"), _) => {
            vec![Part::Web(
                wire::page(&event.annotation).into_iter().collect(),
            )]
        }
        (Some("response.refusal.delta" | "response.refusal.done"), _) => {
            vec![Part::Failed(Failure::Rejected, "refusal".to_owned())]
        }
        (Some("error"), _) => {
            let error = match event.error {
                Value::Null => json!({ "message": event.message, "code": event.code }),
                error => error,
            };
            let (failure, said) = wire::fault(&error);
            vec![Part::Failed(failure, said)]
        }
        (Some(kind), Some(response)) => {
            let ended = match kind {
                "response.completed" | "response.done" => Some("completed"),
                "response.incomplete" => Some("incomplete"),
                "response.failed" => Some("failed"),
                "response.cancelled" => Some("cancelled"),
                _ => None,
            };
            state(serde_json::from_str(response.get())?, ended)
        }
        _ if !event.error.is_null() => {
            let (failure, said) = wire::fault(&event.error);
            vec![Part::Failed(failure, said)]
        }
        _ => vec![Part::Web(wire::web(&event.results))],
    };
    Ok((event.sequence_number, parts))
}

/// Reads a response that is not streamed.
pub(super) fn read_whole(json: &str) -> serde_json::Result<Vec<Part>> {
    let response: Response = serde_json::from_str(json)?;
    if response.status.is_none() && !response.error.is_null() {
        let (failure, said) = wire::fault(&response.error);
        return Ok(vec![Part::Failed(failure, said)]);
    }
    Ok(state(response, None))
}

/// A response as it stands; ended by the event's own word, or else by its status.
fn state(response: Response, ended: Option<&str>) -> Vec<Part> {
    let mut parts = Vec::new();
    parts.extend(response.id.map(Part::Id));
    parts.extend(response.model.map(Part::Model));
    let mut text = String::new();
    for item in response
        .output
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        parts.push(Part::Web(wire::web(&item["results"])));
        for content in item["content"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            text.push_str(content["text"].as_str().unwrap_or_default());
            parts.push(Part::Web(wire::web(&content["annotations"])));
            if content["type"] == "refusal" {
                parts.push(Part::Failed(Failure::Rejected, "refusal".to_owned()));
            }
        }
    }
    parts.push(Part::Whole(text));
    parts.extend(response.usage.and_then(Reported::read).map(Part::Usage));
    // A body with HTTP status 200 can hold a failure.
    let end = match ended.or(response.status.as_deref()) {
        Some("completed") => Some(Part::Finished),
        Some("incomplete") => match response.incomplete_details["reason"].as_str() {
            Some(reason @ "content_filter") => {
                Some(Part::Failed(Failure::Rejected, reason.to_owned()))
            }
            // The limit of tokens: as long as it was to become.
            _ => Some(Part::Finished),
        },
        Some("failed") => {
            let (failure, said) = wire::fault(&response.error);
            Some(Part::Failed(failure, said))
        }
        Some(status @ "cancelled") => Some(Part::Failed(Failure::Cut, status.to_owned())),
        _ => None,
    };
    parts.extend(end);
    parts
}

//! The dialect of `/chat/completions`: OpenAI, Ollama, llama.cpp, vLLM, LiteLLM and others.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    fault::Fault,
    prompt::Prompt,
    usage::Reported,
    wire::{self, Finish, StreamEvent},
};
use crate::config::ModelSettings;

/// A server that refuses one of these parameters is asked without it.
pub(super) fn request(settings: &ModelSettings, prompt: &Prompt) -> Value {
    json!({
        "model": settings.name,
        "messages": [
            { "role": "system", "content": prompt.instructions },
            { "role": "user", "content": prompt.input },
        ],
        "stream": true,
        "stream_options": { "include_usage": true },
        "max_tokens": settings.max_tokens,
    })
}

#[derive(Deserialize)]
struct Chunk<'a> {
    id: Option<String>,
    model: Option<String>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    /// Groq's, which holds the usage.
    #[serde(borrow)]
    x_groq: Option<Place<'a>>,
    /// Perplexity's, as addresses.
    #[serde(default)]
    citations: Value,
    /// Perplexity's, with titles.
    #[serde(default)]
    search_results: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Place<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    delta: Option<Message>,
    /// Instead of `delta` where the answer is not streamed. Perplexity's chunks have both: this
    /// is then all the text so far.
    message: Option<Message>,
    finish_reason: Option<String>,
    /// Moonshot's place for it.
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Value,
    refusal: Option<String>,
    #[serde(default)]
    reasoning_content: Value,
    #[serde(default)]
    reasoning: Value,
    #[serde(default)]
    reasoning_details: Value,
    #[serde(default)]
    thinking: Value,
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts
                .iter()
                .filter(|part| !is_thought(part))
                .filter_map(|part| part["text"].as_str())
                .collect(),
            _ => String::new(),
        }
    }

    fn is_thought(&self) -> bool {
        let parts = self.content.as_array().map(Vec::as_slice);
        let is_something = |value: &Value| match value {
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Object(_) => true,
            _ => false,
        };
        [
            &self.reasoning_content,
            &self.reasoning,
            &self.reasoning_details,
            &self.thinking,
        ]
        .into_iter()
        .any(is_something)
            || parts.unwrap_or_default().iter().any(is_thought)
    }
}

/// Whether a part of a content is hidden from users, such as Mistral's `thinking`.
fn is_thought(part: &Value) -> bool {
    let kind = part["type"].as_str().unwrap_or_default();
    kind.contains("think") || kind.contains("reason")
}

/// Reads a chunk of the stream, or a whole answer that is not streamed.
pub(super) fn read(json: &str) -> serde_json::Result<Vec<StreamEvent>> {
    let chunk: Chunk = match serde_json::from_str(json) {
        Ok(chunk) => chunk,
        Err(error) => return fault(json).ok_or(error),
    };
    let choices = chunk.choices.as_deref().unwrap_or_default();
    if (chunk.choices.is_none() || !chunk.error.is_null())
        && let Some(parts) = fault(json)
    {
        return Ok(parts);
    }
    if let Some(choice) = choices.first().filter(|choice| !choice.error.is_null()) {
        return Ok(vec![StreamEvent::Fault(Fault::of(&choice.error))]);
    }
    let mut parts = Vec::new();
    parts.extend(chunk.id.map(StreamEvent::Id));
    parts.extend(chunk.model.map(StreamEvent::Model));
    parts.push(StreamEvent::Web(wire::web(&chunk.search_results)));
    parts.push(StreamEvent::Web(wire::web(&chunk.citations)));
    let usages = [
        chunk.usage,
        chunk.x_groq.and_then(|groq| groq.usage),
        choices.first().and_then(|choice| choice.usage),
    ];
    let usages = usages.into_iter().flatten().filter_map(Reported::read);
    // Never more than one is asked for.
    if let Some(choice) = chunk.choices.and_then(|all| all.into_iter().next()) {
        let is_whole = choice.delta.is_none() && choice.message.is_some();
        if let Some(message) = choice.delta.or(choice.message) {
            if message
                .refusal
                .as_deref()
                .is_some_and(|text| !text.is_empty())
            {
                parts.push(StreamEvent::Declined);
            }
            if message.is_thought() {
                parts.push(StreamEvent::Thought { is_silent: false });
            }
            parts.push(StreamEvent::Text(message.text()));
        }
        parts.extend(usages.map(StreamEvent::Usage));
        match choice.finish_reason.as_deref() {
            // Some servers send an empty one where others send null.
            Some("") | None => {
                parts.extend(is_whole.then_some(StreamEvent::Finish(Finish::Complete)));
            }
            Some(reason) => parts.push(StreamEvent::Finish(Finish::of(reason))),
        }
    } else {
        parts.extend(usages.map(StreamEvent::Usage));
    }
    Ok(parts)
}

fn fault(json: &str) -> Option<Vec<StreamEvent>> {
    let json: Value = serde_json::from_str(json).ok()?;
    Fault::find(&json).map(|fault| vec![StreamEvent::Fault(fault)])
}

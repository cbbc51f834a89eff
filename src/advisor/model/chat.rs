//! The dialect of `/chat/completions`: OpenAI, Ollama, llama.cpp, vLLM, LiteLLM and others.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    super::engine::Failure,
    prompt::Prompt,
    wire::{self, Part, Reported},
};
use crate::config::Model as Settings;

/// Nothing but what every server of this dialect takes: some refuse a field they do not know.
pub(super) fn request(settings: &Settings, prompt: &Prompt) -> Value {
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
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
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
struct Choice {
    delta: Option<Message>,
    /// Instead of `delta` where the answer is not streamed. Perplexity's chunks have both: this
    /// is then all the text so far.
    message: Option<Message>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Value,
    refusal: Option<String>,
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts
                .iter()
                .filter_map(|part| part["text"].as_str())
                .collect(),
            _ => String::new(),
        }
    }
}

/// Reads a chunk of the stream, or a whole answer that is not streamed.
pub(super) fn read(json: &str) -> serde_json::Result<Vec<Part>> {
    let chunk: Chunk = serde_json::from_str(json)?;
    let mut parts = Vec::new();
    if !chunk.error.is_null() {
        let (failure, said) = wire::fault(&chunk.error);
        return Ok(vec![Part::Failed(failure, said)]);
    }
    parts.extend(chunk.model.map(Part::Model));
    parts.push(Part::Web(wire::web(&chunk.search_results)));
    parts.push(Part::Web(wire::web(&chunk.citations)));
    // Never more than one is asked for.
    let choice = chunk.choices.and_then(|choices| choices.into_iter().next());
    let is_whole = choice
        .as_ref()
        .is_some_and(|choice| choice.delta.is_none() && choice.message.is_some());
    let mut finish = None;
    if let Some(choice) = choice {
        if let Some(message) = choice.delta.or(choice.message) {
            if message
                .refusal
                .as_ref()
                .is_some_and(|text| !text.is_empty())
            {
                finish = Some("refusal".to_owned());
            }
            parts.push(Part::Text(message.text()));
        }
        finish = finish.or(choice.finish_reason);
    }
    parts.extend(chunk.usage.and_then(Reported::read).map(Part::Usage));
    match finish.as_deref() {
        Some(reason @ ("content_filter" | "refusal")) => {
            parts.push(Part::Failed(Failure::Rejected, reason.to_owned()));
        }
        Some(reason @ "error") => parts.push(Part::Failed(Failure::Failed, reason.to_owned())),
        // Some servers send an empty one where others send null.
        Some("") | None if !is_whole => {}
        _ => parts.push(Part::Finished),
    }
    Ok(parts)
}

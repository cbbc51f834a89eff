//! Parameters that a server refuses. A refusal costs nothing: the named parameter is renamed or
//! dropped, or the instructions move into the user's message, and the request is sent again. What is
//! learnt holds for this server and model until the process ends.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::fault::Fault;

/// Changes of one request at most. Each needs a refusal that names something new.
pub(super) const MOST: usize = 8;

/// Names that servers give to the same parameter.
const NAMES: [(&str, &str); 3] = [
    ("max_tokens", "max_completion_tokens"),
    ("max_completion_tokens", "max_tokens"),
    ("max_output_tokens", "max_tokens"),
];

/// Without these there is no question.
const REQUIRED: [&str; 3] = ["model", "messages", "input"];

/// Names that are words of every message: they count only where they are quoted.
const WORDS: [&str; 6] = [
    "stream",
    "store",
    "tools",
    "background",
    "instructions",
    "system",
];

/// How servers say that they do not accept a parameter.
const REFUSALS: [&str; 15] = [
    "support",
    "unrecognized",
    "unknown",
    "unexpected",
    "not permitted",
    "not allowed",
    "not valid",
    "invalid",
    "extra",
    "deprecated",
    "cannot find field",
    "no such",
    "forbidden",
    "not enabled",
    "instead",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Renamed(&'static str, &'static str),
    Dropped(String),
    /// The instructions stand in the user's message.
    Folded,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Renamed(from, to) => write!(f, "{to} instead of {from}"),
            Self::Dropped(name) => write!(f, "no {name}"),
            Self::Folded => f.write_str("the instructions in the user's message"),
        }
    }
}

/// The changes learnt for one server and model.
#[derive(Debug, Default)]
pub(super) struct Adaptation(Mutex<Vec<Change>>);

impl Adaptation {
    pub(super) fn changes(&self) -> Vec<Change> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Remembers a change. Returns whether it is new.
    pub(super) fn learn(&self, change: &Change) -> bool {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !changes.contains(change);
        if is_new {
            changes.push(change.clone());
        }
        is_new
    }
}

impl Change {
    /// The change that would answer a refusal of this request, if it names anything in it.
    pub(super) fn answering(fault: &Fault, body: &Value) -> Option<Self> {
        let members = body.as_object()?;
        let said = fault.words.to_ascii_lowercase();
        if has_instructions(members) && refuses_instructions(&said) {
            return Some(Self::Folded);
        }
        let named = fault
            .parameters
            .iter()
            .find(|name| members.contains_key(*name))
            .or_else(|| {
                let refuses = REFUSALS.iter().any(|word| said.contains(word));
                let mut names: Vec<_> = members.keys().filter(|_| refuses).collect();
                // `max_tokens` is part of other names.
                names.sort_by_key(|name| std::cmp::Reverse(name.len()));
                names.into_iter().find(|name| mentions(&said, name))
            })?;
        if named == "instructions" {
            return Some(Self::Folded);
        }
        if REQUIRED.contains(&named.as_str()) {
            return None;
        }
        // The newer name is given up only for the older one.
        let is_newer = named == "max_completion_tokens" && !said.contains("max_tokens");
        let other = NAMES.iter().find(|(from, _)| named == from && !is_newer);
        Some(other.map_or_else(
            || Self::Dropped(named.clone()),
            |(from, to)| Self::Renamed(from, to),
        ))
    }

    pub(super) fn apply(&self, body: &mut Value) {
        let Some(members) = body.as_object_mut() else {
            return;
        };
        match self {
            Self::Renamed(from, to) => {
                if let Some(value) = members.remove(*from) {
                    members.insert((*to).to_owned(), value);
                }
            }
            Self::Dropped(name) => {
                members.remove(name);
            }
            Self::Folded => fold(members),
        }
    }
}

fn has_instructions(members: &Map<String, Value>) -> bool {
    let messages = members.get("messages");
    members.contains_key("instructions")
        || messages.is_some_and(|messages| messages[0]["role"] == "system")
}

/// Gemma's and Mistral's chat templates, as llama.cpp, vLLM, Ollama and Gemini report it.
fn refuses_instructions(said: &str) -> bool {
    let is_about = [
        "system role",
        "role system",
        "system message",
        "system prompt",
        "system instruction",
        "developer instruction",
        "role 'system'",
        "role \"system\"",
        "role `system`",
    ]
    .iter()
    .any(|words| said.contains(words));
    let refuses = REFUSALS.iter().any(|word| said.contains(word));
    (is_about && refuses)
        || said.contains("roles must alternate")
        || said.contains("only user and assistant roles")
}

/// Whether a text names a parameter.
fn mentions(said: &str, name: &str) -> bool {
    let is_word = WORDS.contains(&name) || !name.contains('_') && name != "temperature";
    let mut rest = 0;
    while let Some(at) = said[rest..].find(name) {
        let (start, end) = (rest + at, rest + at + name.len());
        let before = said[..start].chars().next_back();
        let after = said[end..].chars().next();
        let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let quote = |c: Option<char>| matches!(c, Some('\'' | '"' | '`'));
        let is_quoted = quote(before) && quote(after);
        if !is_part(before) && !is_part(after) && (is_quoted || !is_word) {
            return true;
        }
        rest = end;
    }
    false
}

/// Moves the instructions in front of the question, in both dialects.
fn fold(members: &mut Map<String, Value>) {
    if let Some(Value::String(instructions)) = members.remove("instructions") {
        if let Some(content) = members
            .get_mut("input")
            .and_then(|input| input.get_mut(0)?.get_mut("content"))
        {
            prepend(&instructions, content);
        }
        return;
    }
    let Some(Value::Array(messages)) = members.get_mut("messages") else {
        return;
    };
    if messages.len() < 2 || messages[0]["role"] != "system" {
        return;
    }
    let system = messages.remove(0);
    if let Some(instructions) = system["content"].as_str() {
        prepend(instructions, &mut messages[0]["content"]);
    }
}

fn prepend(instructions: &str, content: &mut Value) {
    let question = content.as_str().unwrap_or_default();
    *content = format!("{instructions}\n\n{question}").into();
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Change, Fault};

    fn body() -> Value {
        json!({
            "model": "m",
            "messages": [
                { "role": "system", "content": "Be kind." },
                { "role": "user", "content": "Which way?" },
            ],
            "stream": true,
            "stream_options": { "include_usage": true },
            "max_tokens": 5,
        })
    }

    #[test]
    fn a_refusal_says_what_to_change() {
        let dropped = |name: &str| Some(Change::Dropped(name.to_owned()));
        let renamed = Some(Change::Renamed("max_tokens", "max_completion_tokens"));
        for (error, change) in [
            (
                json!({ "error": { "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "param": "max_tokens", "code": "unsupported_parameter" } }),
                renamed.clone(),
            ),
            (
                json!({ "error": { "message": "Unsupported parameter: 'max_tokens'" } }),
                renamed,
            ),
            (
                json!({ "detail": [{ "type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted" }] }),
                dropped("stream_options"),
            ),
            (
                json!([{ "error": { "message": "Invalid JSON payload received. Unknown name \"stream_options\": Cannot find field." } }]),
                dropped("stream_options"),
            ),
            (
                json!({ "error": "property 'stream_options' is unsupported" }),
                dropped("stream_options"),
            ),
            (
                json!({ "error": { "message": "Streaming is not supported", "param": "stream" } }),
                dropped("stream"),
            ),
            (
                json!({ "error": { "message": "System role not supported" } }),
                Some(Change::Folded),
            ),
            (
                json!({ "error": { "message": "Conversation roles must alternate user/assistant/user/assistant/..." } }),
                Some(Change::Folded),
            ),
            (
                json!({ "error": { "message": "Developer instruction is not enabled for models/gemma-3-27b-it" } }),
                Some(Change::Folded),
            ),
            (
                json!({ "error": { "message": "This model does not support stream" } }),
                None,
            ),
            (
                json!({ "error": { "message": "messages: invalid", "param": "messages" } }),
                None,
            ),
            (
                json!({ "error": { "message": "Unknown parameter 'top_p'" } }),
                None,
            ),
            (json!({ "error": { "message": "No" } }), None),
        ] {
            let fault = Fault::of(&error);
            assert_eq!(Change::answering(&fault, &body()), change, "{error}");
        }
    }

    #[test]
    fn a_changed_request_asks_the_same() {
        let mut changed = body();
        for change in [
            Change::Folded,
            Change::Renamed("max_tokens", "max_completion_tokens"),
            Change::Dropped("stream_options".to_owned()),
        ] {
            change.apply(&mut changed);
        }
        assert_eq!(
            changed,
            json!({
                "model": "m",
                "messages": [{ "role": "user", "content": "Be kind.\n\nWhich way?" }],
                "stream": true,
                "max_completion_tokens": 5,
            })
        );
        // A server may refuse more than one thing.
        let again = json!({ "error": { "message": "System role not supported" } });
        assert_eq!(Change::answering(&Fault::of(&again), &changed), None);
        let mut responses = json!({ "instructions": "Be kind.", "input": [{ "role": "user", "content": "Which way?" }] });
        Change::Folded.apply(&mut responses);
        assert_eq!(
            responses,
            json!({ "input": [{ "role": "user", "content": "Be kind.\n\nWhich way?" }] })
        );
        assert_eq!(Change::answering(&Fault::of(&again), &responses), None);
    }
}

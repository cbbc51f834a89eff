//! Errors of a model's server, in every shape in use: `{"error": {…}}`, `{"error": "text"}`,
//! `{"detail": …}`, a flat `{"object": "error", "message": …}`, and an array that holds one of these.

use reqwest::StatusCode;
use serde_json::Value;

use super::super::engine::Failure;

/// Members of an error that say something about it. Others may repeat the prompt.
const TELLING: [&str; 15] = [
    "type", "code", "status", "param", "loc", "msg", "message", "detail", "details", "error",
    "errors", "reason", "title", "raw", "metadata",
];

/// Nested errors deeper than this are not read.
const DEPTH: usize = 6;

/// An error as its server words it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// Type, code, message and the like, in one line.
    pub words: String,
    /// Parameters of the request that it names in a member of their own.
    pub parameters: Vec<String>,
}

impl Fault {
    /// The body of a response whose status is an error. Empty for a page of HTML.
    pub(super) fn of_body(body: &str) -> Self {
        let body = body.trim();
        match serde_json::from_str::<Value>(body) {
            Ok(json) => Self::find(&json).unwrap_or_else(|| Self::of(&json)),
            Err(_) if body.starts_with('<') => Self::default(),
            Err(_) => Self::of(&Value::String(body.to_owned())),
        }
    }

    /// The error in an event of a stream, or in a body with status 200, if it is one.
    pub(super) fn find(json: &Value) -> Option<Self> {
        if let Value::Array(list) = json {
            return list.iter().find_map(Self::find);
        }
        let is = |name: &str, value: &str| json[name] == value;
        let has_text = |name: &str| json[name].as_str().is_some_and(|text| !text.is_empty());
        let is_answer = ["choices", "output", "response", "delta"]
            .iter()
            .any(|name| !json[*name].is_null());
        if is_some(&json["error"]) || is("object", "error") || is("type", "error") {
            return Some(Self::of(json));
        }
        let is_flat = has_text("message") || is_some(&json["detail"]) || is_some(&json["errors"]);
        let is_event = json["type"]
            .as_str()
            .is_some_and(|kind| kind.starts_with("response."));
        (is_flat && !is_answer && !is_event).then(|| Self::of(json))
    }

    /// The text of an error, with its kinds and codes.
    pub(super) fn of(error: &Value) -> Self {
        let mut fault = Self::default();
        let mut words = Vec::new();
        fault.read(error, &mut words, DEPTH);
        fault.words = words.join(" ");
        fault
    }

    fn read(&mut self, value: &Value, words: &mut Vec<String>, depth: usize) {
        if depth == 0 {
            return;
        }
        match value {
            Value::String(text) => {
                // Some gateways put the error of the server behind them into a text.
                let nested = text.trim_start().starts_with(['{', '[']);
                match nested.then(|| serde_json::from_str::<Value>(text)) {
                    Some(Ok(json)) if json.is_object() || json.is_array() => {
                        self.read(&json, words, depth - 1);
                    }
                    _ => words.push(text.trim().to_owned()),
                }
            }
            Value::Number(number) => words.push(number.to_string()),
            Value::Array(list) => list
                .iter()
                .for_each(|value| self.read(value, words, depth - 1)),
            Value::Object(members) => {
                for name in TELLING {
                    let Some(member) = members.get(name) else {
                        continue;
                    };
                    match (name, member) {
                        ("param", Value::String(name)) => self.name(name),
                        ("loc", Value::Array(path)) => {
                            path.iter().filter_map(Value::as_str).for_each(|name| {
                                self.name(name);
                            });
                        }
                        _ => {}
                    }
                    self.read(member, words, depth - 1);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Of `stream_options.include_usage` the parameter is `stream_options`.
    fn name(&mut self, path: &str) {
        let name = path.split(['.', '[']).next().unwrap_or_default();
        if !name.is_empty() && name != "body" {
            self.parameters.push(name.to_owned());
        }
    }

    /// The failure of the answer. `status` is that of the response; None within a stream.
    pub(super) fn failure(&self, status: Option<StatusCode>) -> Failure {
        let words = self.words.to_ascii_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
        let code = status.map_or(0, |status| status.as_u16());
        if says(&TOO_LONG) {
            return Failure::ContextTooLong;
        }
        if says(&FILTERED) {
            return Failure::QuestionFiltered;
        }
        if code == 402 || says(&NO_CREDIT) {
            return Failure::NoCredit;
        }
        if matches!(code, 401 | 403) || says(&KEY) {
            return Failure::KeyRejected;
        }
        if says(&UNKNOWN_MODEL) || (code == 404 && words.contains("model")) {
            return Failure::UnknownModel;
        }
        if code == 429 || says(&RATE_LIMIT) {
            return Failure::Busy;
        }
        if says(&NO_SUCH_PATH) {
            return Failure::WrongAddress;
        }
        match status {
            Some(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => Failure::WrongAddress,
            Some(status) if status.is_server_error() => Failure::Unavailable,
            Some(StatusCode::REQUEST_TIMEOUT) => Failure::Unavailable,
            Some(status) if status.is_client_error() => Failure::Rejected,
            Some(_) => Failure::Malformed,
            None if says(&OVERLOADED) => Failure::Unavailable,
            None => Failure::Failed,
        }
    }
}

/// Null, false and empty members say that there is no error.
fn is_some(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Number(_) => true,
    }
}

/// OpenAI, vLLM, llama.cpp, Anthropic, Gemini, Text Generation Inference, Ollama.
const TOO_LONG: [&str; 13] = [
    "context_length",
    "context length",
    "context window",
    "context size",
    "context_size",
    "maximum context",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "input length exceeds",
    "input token count",
    "too many input tokens",
    "`max_new_tokens` must be",
];

const FILTERED: [&str; 9] = [
    "content_filter",
    "content filter",
    "content_policy",
    "content policy",
    "content management policy",
    "responsibleaipolicyviolation",
    "requires moderation",
    "safety system",
    "data_inspection_failed",
];

const NO_CREDIT: [&str; 6] = [
    "insufficient_quota",
    "insufficient quota",
    "insufficient credit",
    "insufficient balance",
    "credit balance is too low",
    "billing_not_active",
];

const KEY: [&str; 9] = [
    "invalid_api_key",
    "invalid api key",
    "incorrect api key",
    "api key not valid",
    "no api key",
    "authentication_error",
    "permission_error",
    "permission_denied",
    "unauthorized",
];

const UNKNOWN_MODEL: [&str; 10] = [
    "model_not_found",
    "model not found",
    "model_not_exist",
    "model not exist",
    "unknown model",
    "invalid model",
    "invalid_model",
    "no endpoints found",
    "is not a valid model",
    "no such model",
];

const RATE_LIMIT: [&str; 6] = [
    "429",
    "rate_limit",
    "rate limit",
    "ratelimit",
    "too many requests",
    "resource_exhausted",
];

const OVERLOADED: [&str; 5] = ["overloaded", "503", "529", "at capacity", "unavailable"];

const NO_SUCH_PATH: [&str; 2] = ["unexpected endpoint", "page not found"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Failure, Fault, StatusCode};

    #[test]
    fn an_error_is_found_in_every_shape() {
        for (json, words) in [
            (
                json!({ "error": { "message": "Slow down", "type": "x", "code": 429 } }),
                "x 429 Slow down",
            ),
            (json!({ "error": "broken" }), "broken"),
            (json!({ "detail": "Not Found" }), "Not Found"),
            (
                json!({ "object": "error", "message": "CUDA OOM", "type": "server_error", "code": 500 }),
                "server_error 500 CUDA OOM",
            ),
            (
                json!([{ "error": { "code": 400, "message": "No", "status": "INVALID_ARGUMENT" } }]),
                "400 INVALID_ARGUMENT No",
            ),
            (
                json!({ "type": "error", "code": "server_error", "message": "No" }),
                "error server_error No",
            ),
            (json!({ "message": "No", "code": null }), "No"),
            (
                json!({ "error": { "message": "Provider returned error", "metadata": { "raw": "{\"detail\": \"Down\"}" } } }),
                "Provider returned error Down",
            ),
            (
                json!({ "detail": [{ "loc": ["body", "x"], "msg": "Extra", "input": "a question" }] }),
                "body x Extra",
            ),
        ] {
            let fault = Fault::find(&json).expect("an error");
            assert_eq!(fault.words, words, "{json}");
        }
        for none in [
            json!({ "choices": [], "error": null }),
            json!({ "choices": [{ "delta": { "content": "error" } }], "error": "" }),
            json!({ "type": "response.created", "message": "x" }),
            json!({ "id": "x" }),
            json!("error"),
        ] {
            assert_eq!(Fault::find(&none), None, "{none}");
        }
        assert_eq!(Fault::of_body("<html>").words, "");
        assert_eq!(
            Fault::of_body("404 page not found\n").words,
            "404 page not found"
        );
    }

    #[test]
    fn it_names_the_parameters_that_were_refused() {
        for json in [
            json!({ "error": { "message": "x", "param": "stream_options.include_usage" } }),
            json!({ "detail": [{ "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted" }] }),
            json!({ "object": "error", "message": { "detail": [{ "loc": ["body", "stream_options"], "msg": "x" }] } }),
        ] {
            assert_eq!(Fault::of(&json).parameters, ["stream_options"], "{json}");
        }
    }

    #[test]
    fn its_cause_is_told_from_others() {
        let long = "This model's maximum context length is 4096 tokens.";
        for (status, message, failure) in [
            (401, "No", Failure::KeyRejected),
            (403, "No", Failure::KeyRejected),
            (
                403,
                "Your chosen model requires moderation",
                Failure::QuestionFiltered,
            ),
            (
                400,
                "API key not valid. Please pass a valid API key.",
                Failure::KeyRejected,
            ),
            (402, "Insufficient credits", Failure::NoCredit),
            (429, "insufficient_quota", Failure::NoCredit),
            (429, "Slow down", Failure::Busy),
            (404, "The model `m` does not exist", Failure::UnknownModel),
            (400, "m is not a valid model ID", Failure::UnknownModel),
            (404, "404 page not found", Failure::WrongAddress),
            (405, "", Failure::WrongAddress),
            (400, long, Failure::ContextTooLong),
            (500, long, Failure::ContextTooLong),
            (400, "No", Failure::Rejected),
            (413, "", Failure::Rejected),
            (500, "No", Failure::Unavailable),
            (529, "Overloaded", Failure::Unavailable),
            (302, "", Failure::Malformed),
        ] {
            let fault = Fault::of(&json!({ "error": { "message": message } }));
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(fault.failure(Some(status)), failure, "{status} {message}");
        }
        for (words, failure) in [
            ("429 Slow down", Failure::Busy),
            ("rate_limit_exceeded No", Failure::Busy),
            ("overloaded_error Overloaded", Failure::Unavailable),
            ("CUDA OOM", Failure::Failed),
        ] {
            assert_eq!(Fault::of(&json!(words)).failure(None), failure, "{words}");
        }
    }
}

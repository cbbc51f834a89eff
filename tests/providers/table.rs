//! The table of behaviours: each by name, with its source and the frames it comes in, in each dialect
//! that has it.

use mula::advisor::engine::Failure;
use serde_json::{Value, json};

use crate::support::{chunk, deltas, finish, state};

/// Events of an answer, and what becomes of them.
pub struct Behaviour {
    pub name: &'static str,
    pub source: &'static str,
    pub chat: Vec<Value>,
    /// Empty where only the other dialect has it.
    pub responses: Vec<Value>,
    pub text: &'static str,
    pub failure: Option<Failure>,
    pub is_truncated: bool,
    /// None where it has to be an estimate.
    pub tokens: Option<i32>,
}

impl Behaviour {
    fn new(name: &'static str, source: &'static str) -> Self {
        Self {
            name,
            source,
            chat: Vec::new(),
            responses: Vec::new(),
            text: "Yes.",
            failure: None,
            is_truncated: false,
            tokens: None,
        }
    }

    fn chat(mut self, events: impl IntoIterator<Item = Value>) -> Self {
        self.chat = events.into_iter().collect();
        self
    }

    fn responses(mut self, events: impl IntoIterator<Item = Value>) -> Self {
        let created = state(0, "response.created", &json!({ "status": "in_progress" }));
        self.responses = [created].into_iter().chain(events).collect();
        self
    }

    fn becomes(mut self, text: &'static str, failure: Option<Failure>) -> Self {
        self.text = text;
        self.failure = failure;
        self
    }

    fn truncated(mut self) -> Self {
        self.is_truncated = true;
        self
    }

    fn tokens(mut self, tokens: i32) -> Self {
        self.tokens = Some(tokens);
        self
    }
}

pub fn done() -> Value {
    json!("[DONE]")
}

/// A delta with a member beside its content.
pub fn delta(delta: &Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
}

fn ended(words: &[&str], kind: &str, response: &Value) -> Vec<Value> {
    let end = state(90, kind, response);
    deltas(1, words).chain([end]).collect()
}

pub fn completed(words: &[&str]) -> Vec<Value> {
    ended(
        words,
        "response.completed",
        &json!({ "status": "completed" }),
    )
}

pub fn words(words: &[&str]) -> Vec<Value> {
    let chunks = words.iter().map(|word| chunk(word));
    chunks.chain([finish("stop"), done()]).collect()
}

pub fn endings() -> Vec<Behaviour> {
    let error = json!({ "object": "error", "message": "CUDA out of memory", "type": "internal_error", "code": 500 });
    let length =
        json!({ "status": "incomplete", "incomplete_details": { "reason": "max_output_tokens" } });
    let stop = |text: &str| json!({ "choices": [{ "delta": { "content": text }, "finish_reason": "stop" }] });
    vec![
        Behaviour::new("a flat error within the stream, then [DONE]", "vLLM")
            .chat([chunk("So far"), error.clone(), done()])
            .responses(deltas(1, &["So far"]).chain([error]))
            .becomes("So far", Some(Failure::Failed)),
        Behaviour::new("a nested error within the stream, then [DONE]", "Ollama")
            .chat([chunk("So far"), json!({ "error": { "message": "runner process has terminated" } }), done()])
            .responses(deltas(1, &["So far"]).chain([json!({ "error": "broken" }), done()]))
            .becomes("So far", Some(Failure::Failed)),
        Behaviour::new("an error in a list", "Gemini's compatible endpoint")
            .chat([chunk("So far"), json!([{ "error": { "code": 503, "message": "The model is overloaded." } }])])
            .becomes("So far", Some(Failure::Unavailable)),
        Behaviour::new("an error of a choice", "OpenRouter, errors within streams")
            .chat([chunk("So far"), json!({ "choices": [{ "delta": {}, "finish_reason": "error", "error": { "code": 429, "message": "Slow down" } }] })])
            .becomes("So far", Some(Failure::Busy)),
        Behaviour::new("an error beside a finish with text", "llama.cpp")
            .chat([stop("So far"), json!({ "error": "broken" }), done()])
            .becomes("So far", Some(Failure::Failed)),
        Behaviour::new("text cut at the limit of tokens", "all")
            .chat([chunk("Yes."), finish("length"), done()])
            .responses(ended(&["Yes."], "response.incomplete", &length))
            .truncated(),
        Behaviour::new("all tokens spent on thinking", "OpenAI o-series, DeepSeek")
            .chat([delta(&json!({ "reasoning_content": "Hm." })), finish("length"), done()])
            .responses(ended(&[], "response.incomplete", &length))
            .becomes("", Some(Failure::TokenLimit)),
        Behaviour::new("stop with every word", "text-generation-webui")
            .chat([stop("Y"), stop("es"), stop("."), done()]),
        Behaviour::new("no reason to the end, then [DONE]", "Ollama's early versions")
            .chat([chunk("Yes."), delta(&json!({})), done()]),
        Behaviour::new("no [DONE]", "LiteLLM")
            .chat([chunk("Yes."), finish("stop")])
            .responses(completed(&["Yes."])),
        Behaviour::new("no end at all", "any proxy that restarts")
            .chat([chunk("So far")])
            .responses(deltas(1, &["So far"]))
            .becomes("So far", Some(Failure::Cut)),
        Behaviour::new("a call of a tool", "vLLM")
            .chat([delta(&json!({ "tool_calls": [{ "index": 0, "function": { "name": "search" } }] })), finish("tool_calls"), done()])
            .responses(ended(&[], "response.completed", &json!({ "status": "completed", "output": [{ "type": "function_call", "name": "search" }] })))
            .becomes("", Some(Failure::ToolCall)),
        Behaviour::new("a content filter", "Azure OpenAI")
            .chat([chunk("So far"), finish("content_filter"), done()])
            .responses(ended(&["So far"], "response.incomplete", &json!({ "status": "incomplete", "incomplete_details": { "reason": "content_filter" } })))
            .becomes("So far", Some(Failure::AnswerFiltered)),
        Behaviour::new("a refusal", "OpenAI")
            .chat([delta(&json!({ "refusal": "I cannot" })), finish("stop"), done()])
            .responses([json!({ "type": "response.refusal.delta", "delta": "I cannot" })].into_iter().chain(completed(&[])))
            .becomes("", Some(Failure::Declined)),
        Behaviour::new("a blank answer", "small models")
            .chat(words(&["  ", " \n\n"]))
            .responses(completed(&["  ", " \n\n"]))
            .becomes("", Some(Failure::Empty)),
    ]
}

pub fn thoughts() -> Vec<Behaviour> {
    let both = |name, source, told: &[&str]| {
        Behaviour::new(name, source)
            .chat(words(told))
            .responses(completed(told))
    };
    vec![
        both("thoughts in tags", "Qwen 3, DeepSeek R1", &["<think>", "They ask [S1].", "</think>", "\n\nYes."]),
        both("tags in pieces", "vLLM, Qwen 3", &["<th", "ink>Hm", ".</", "thi", "nk>Yes."]),
        both("only a closing tag", "DeepSeek R1's template", &["Okay, they ask [S1]", ".\n</think>", "\n\nYes."]),
        both("only a closing tag, after words that may be an answer", "vLLM without a reasoning parser", &[
            "Doors [S1] are what", " this is about.\n</think>", "\n\nYes.",
        ]).becomes("", Some(Failure::Malformed)),
        both("thoughts without an end", "Qwen 3 at its limit", &["<think>", "Hm"]).becomes("", Some(Failure::Empty)),
        both("the channels of gpt-oss", "llama.cpp", &[
            "<|channel|>analysis<|mess", "age|>Hm.<|end|>", "<|start|>assistant<|channel|>final<|message|>Ye", "s.<|return|>",
        ]),
        both("a stop token, and the next turn", "llama.cpp", &["Yes.<|im_", "end|>\n<|im_start|>user\nMore"]),
        Behaviour::new("thoughts in a field of their own", "DeepSeek, vLLM, OpenRouter, Ollama")
            .chat([
                delta(&json!({ "reasoning_content": "Hm [S1]." })),
                delta(&json!({ "reasoning": "Hm.", "content": "" })),
                delta(&json!({ "content": [{ "type": "thinking", "thinking": [{ "type": "text", "text": "Hm." }] }] })),
                chunk("Yes."),
                finish("stop"),
                done(),
            ])
            .responses(
                [
                    json!({ "type": "response.output_item.added", "item": { "type": "reasoning" } }),
                    json!({ "type": "response.reasoning_summary_text.delta", "delta": "Hm [S1]." }),
                ]
                .into_iter()
                .chain(completed(&["Yes."])),
            ),
    ]
}

pub fn contents() -> Vec<Behaviour> {
    let dropped = &["\u{feff}Y\u{0}e", "\u{1b}[2J\u{7}s\u{202e}", "\u{200b}."];
    vec![
        Behaviour::new("content in parts", "Mistral")
            .chat([
                delta(&json!({ "content": [{ "type": "text", "text": "Ye" }] })),
                delta(&json!({ "content": [{ "type": "text", "text": "s" }, { "type": "text", "text": "." }] })),
                finish("stop"),
                done(),
            ]),
        Behaviour::new("NUL, control characters, overrides of direction", "llama.cpp, small models")
            .chat(words(dropped))
            .responses(completed(dropped)),
    ]
}

pub fn usages() -> Vec<Behaviour> {
    let with = |name, source, usage: Value| {
        let response = json!({ "status": "completed", "usage": usage });
        Behaviour::new(name, source)
            .chat([
                chunk("Yes."),
                finish("stop"),
                json!({ "choices": [], "usage": usage }),
                done(),
            ])
            .responses(ended(&["Yes."], "response.completed", &response))
    };
    vec![
        with("both spellings", "one-api, new-api", json!({ "prompt_tokens": 9, "completion_tokens": 3, "input_tokens": 0, "output_tokens": 0 })).tokens(12),
        with("the other spelling", "Anthropic's names", json!({ "input_tokens": 9, "output_tokens": 3 })).tokens(12),
        with("nothing but zeros", "LiteLLM", json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 })),
        Behaviour::new("no usage", "llama-cpp-python").chat(words(&["Yes."])).responses(completed(&["Yes."])),
        Behaviour::new("usage of a choice", "Moonshot").chat([
            chunk("Yes."),
            json!({ "choices": [{ "delta": {}, "finish_reason": "stop", "usage": { "prompt_tokens": 9, "completion_tokens": 3 } }] }),
        ]).tokens(12),
        Behaviour::new("usage of Groq", "Groq").chat([
            chunk("Yes."),
            json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "x_groq": { "usage": { "prompt_tokens": 9, "completion_tokens": 3 } } }),
        ]).tokens(12),
        Behaviour::new("the usage of thoughts that reached the limit", "OpenAI o-series, DeepSeek")
            .chat([
                delta(&json!({ "reasoning_content": "Hm." })),
                finish("length"),
                json!({ "choices": [], "usage": { "prompt_tokens": 9, "completion_tokens": 3 } }),
                done(),
            ])
            .responses(ended(&[], "response.incomplete", &json!({
                "status": "incomplete",
                "incomplete_details": { "reason": "max_output_tokens" },
                "usage": { "input_tokens": 9, "output_tokens": 3 },
            })))
            .becomes("", Some(Failure::TokenLimit))
            .tokens(12),
        Behaviour::new("zeros after the figures", "vLLM's continuous usage").chat([
            json!({ "choices": [{ "delta": { "content": "Yes." } }], "usage": { "prompt_tokens": 9, "completion_tokens": 3 } }),
            finish("stop"),
            json!({ "choices": [], "usage": { "prompt_tokens": 0, "completion_tokens": 0 } }),
        ]).tokens(12),
    ]
}

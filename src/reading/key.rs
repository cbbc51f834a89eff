//! Digests of questions: for the cache, and for idempotency keys.

use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use crate::{advisor::engine::EngineInput, digest, entity::reading::Advisor};

/// A digest of all that decides an answer. `version` is that of whatever writes it.
pub(super) fn cache_key(asked: &EngineInput, in_reply_to: Option<Uuid>, version: &str) -> String {
    let question = normalised(&asked.question);
    let mut parts = vec![advisor_name(asked.advisor), &question, version];
    // What is remembered changes with every question; whether anything may be does not.
    if asked.memory.is_some() {
        parts.push("memory");
    }
    let parent = in_reply_to.map(|id| id.to_string());
    if let Some(parent) = &parent {
        parts.push(parent);
        parts.extend(asked.thread.texts());
    }
    digest::hash_parts(parts)
}

/// A digest of a question as it was sent.
pub(super) fn request(advisor: Advisor, question: &str, in_reply_to: Option<Uuid>) -> String {
    let parent = in_reply_to.map(|id| id.to_string());
    let parts = ["ask", advisor_name(advisor), question];
    digest::hash_parts(parts.into_iter().chain(parent.as_deref()))
}

/// As it is stored.
fn advisor_name(advisor: Advisor) -> &'static str {
    match advisor {
        Advisor::Legba => "LEGBA",
        Advisor::Oshun => "OSHUN",
        Advisor::Shango => "SHANGO",
        Advisor::Yemaya => "YEMAYA",
    }
}

/// One form for what is one question: case, spaces and closing marks do not make it another.
fn normalised(question: &str) -> String {
    let folded = question.nfkc().collect::<String>().to_lowercase();
    let words: Vec<_> = folded.split_whitespace().collect();
    words
        .join(" ")
        .trim_end_matches(|c: char| c.is_ascii_punctuation() || c == '…')
        .to_owned()
}

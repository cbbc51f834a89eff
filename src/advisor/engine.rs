//! What the engines have in common: what they are asked, what they tell while they write, and
//! how they fail.

use super::obi::Cast;
use crate::entity::{Source, reading::Advisor};

/// What an answer is to be written to.
#[derive(Clone, Debug)]
pub struct Asked {
    pub advisor: Advisor,
    pub question: String,
    pub cast: Cast,
}

/// What had been written, and stored, when an answer is taken up again; at first nothing.
#[derive(Clone, Debug, Default)]
pub struct Begun {
    pub text: String,
    pub sources: Vec<Source>,
    pub position: Option<Position>,
}

/// A place in a provider's response from which it can be taken up again, on any instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The provider's name for its response.
    pub response_id: String,
    /// The last of its events that is in the text.
    pub sequence: i64,
}

/// What an engine tells while it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The text goes on, up to this position if there is one. The text may be empty: then only
    /// the position is news.
    Text {
        text: String,
        position: Option<Position>,
    },
    /// The answer rests on this, too; it stands after those told of before.
    Source(Source),
    /// What the model calls itself.
    Model(String),
    /// What it has cost so far, as the provider reports it: the last one holds.
    Usage(Usage),
}

/// What an answer has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read and written.
    pub tokens: i32,
    /// Nano-dollars.
    pub cost: i64,
    /// Whether one of them is our own estimate, the provider having said nothing.
    pub is_estimated: bool,
}

/// Why an answer is not whole. What a provider said of it is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("The language model cannot be reached. Ask again later.")]
    Unavailable,
    #[error("The language model is asked too much at the moment. Ask again later.")]
    Busy,
    #[error("The language model refused to answer.")]
    Rejected,
    #[error("The language model took too long.")]
    Timeout,
    #[error("The language model broke off. What it had written is here.")]
    Cut,
    #[error("The language model failed. What it had written is here.")]
    Failed,
    #[error("The language model answered in a way we do not understand.")]
    Malformed,
    /// Whoever wrote it was stopped, and nobody could go on.
    #[error("The writing was interrupted. What had been written is here; ask for a new answer.")]
    Interrupted,
}

impl Failure {
    /// For programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "PROVIDER_UNAVAILABLE",
            Self::Busy => "PROVIDER_BUSY",
            Self::Rejected => "PROVIDER_REJECTED",
            Self::Timeout => "PROVIDER_TIMEOUT",
            Self::Cut => "PROVIDER_CUT",
            Self::Failed => "PROVIDER_FAILED",
            Self::Malformed => "PROVIDER_MALFORMED",
            Self::Interrupted => "INTERRUPTED",
        }
    }
}

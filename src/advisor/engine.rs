//! The interface of the engines: their input, the events of an answer, and their failures.

use super::{history::History, obi::Cast, thread::Thread};
use crate::entity::{
    Source,
    reading::{Advisor, FailureCode},
};

/// The input of an answer.
#[derive(Clone, Debug)]
pub struct EngineInput {
    pub advisor: Advisor,
    pub question: String,
    pub cast: Cast,
    /// The user's recent readings, which the built-in engine does not repeat.
    pub history: History,
    /// The conversation that the question goes on with.
    pub thread: Thread,
    /// The user's earlier questions, newest first, if a model may be told of them.
    pub memory: Option<Vec<String>>,
}

/// The part of an answer that is already stored when an engine takes it up again; empty at first.
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

/// An event of an answer that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineEvent {
    /// The text goes on, up to this position if there is one. The text may be empty: then only
    /// the position is news.
    Text {
        text: String,
        position: Option<Position>,
    },
    /// A further source of the answer, after those before.
    Source(Source),
    /// The model's name, as its server reports it.
    Model(String),
    /// The usage so far, as the provider reports it. The last one counts.
    Usage(TokenUsage),
    /// The model thinks, or has begun to write.
    Thinking(bool),
    /// The answer ends here, though not by itself: at a limit.
    Truncated,
    /// All text and sources so far were no answer, and are not to be kept.
    Retracted,
}

/// The usage of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// Read and written.
    pub tokens: i32,
    /// Those of them that the provider had in its cache, and those that were thinking, where it
    /// reports them.
    pub cached_tokens: i32,
    pub reasoning_tokens: i32,
    /// Nano-dollars.
    pub cost: i64,
    /// Whether one of them is our own estimate, the provider having said nothing.
    pub is_estimated: bool,
}

/// Why an answer is not complete. The log has the provider's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("The language model cannot be reached. Ask again later.")]
    Unavailable,
    #[error("The language model receives too many requests at the moment. Ask again later.")]
    Busy,
    #[error(
        "The language model's server rejected the API key. The operator of this service has to check it."
    )]
    KeyRejected,
    #[error(
        "The language model's server does not have the configured model. The operator of this \
         service has to check its name."
    )]
    UnknownModel,
    #[error(
        "The language model's server has nothing at the configured address. The operator of this \
         service has to check it."
    )]
    WrongAddress,
    #[error(
        "The account with the language model's provider has no credit left. The operator of this \
         service has to top it up."
    )]
    NoCredit,
    #[error("The language model's server rejected the request.")]
    Rejected,
    #[error("The language model declined to answer this question.")]
    Declined,
    /// Rejected for its content before anything was written.
    #[error("The content filter of the language model's provider rejected this question.")]
    QuestionFiltered,
    #[error("The content filter of the language model's provider stopped the answer.")]
    AnswerFiltered,
    #[error(
        "The question and its sources are too long for the language model. The operator of this \
         service can lower MODEL_CONTEXT_TOKENS."
    )]
    ContextTooLong,
    #[error(
        "The language model used up its tokens before the first word of the answer. The operator \
         of this service can raise MODEL_MAX_TOKENS."
    )]
    TokenLimit,
    #[error("The language model took too long.")]
    Timeout,
    #[error("The language model's answer broke off. The text before the break is kept.")]
    Cut,
    #[error("The language model failed. Any text before the failure is kept.")]
    Failed,
    #[error("The language model gave an empty answer. Ask again.")]
    Empty,
    #[error("The language model asked for a tool that it does not have. Ask again.")]
    ToolCall,
    #[error("The language model's server sent an answer in an unknown format.")]
    Malformed,
    /// Its writer was stopped, and no other could continue.
    #[error("The writing was interrupted. What had been written is here; ask for a new answer.")]
    Interrupted,
}

impl Failure {
    /// For programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.kind().as_str()
    }

    fn kind(self) -> FailureCode {
        match self {
            Self::Unavailable => FailureCode::ProviderUnavailable,
            Self::Busy => FailureCode::ProviderBusy,
            Self::KeyRejected | Self::UnknownModel | Self::WrongAddress | Self::NoCredit => {
                FailureCode::ProviderMisconfigured
            }
            Self::Rejected | Self::Declined => FailureCode::ProviderRejected,
            Self::QuestionFiltered | Self::AnswerFiltered => FailureCode::ContentFiltered,
            Self::ContextTooLong => FailureCode::ContextTooLong,
            Self::TokenLimit => FailureCode::TokenLimit,
            Self::Timeout => FailureCode::ProviderTimeout,
            Self::Cut => FailureCode::ProviderCut,
            Self::Failed | Self::Empty | Self::ToolCall => FailureCode::ProviderFailed,
            Self::Malformed => FailureCode::ProviderMalformed,
            Self::Interrupted => FailureCode::Interrupted,
        }
    }

    /// Whether the provider refused the request before it did anything for it: nothing is charged.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Unavailable
                | Self::Busy
                | Self::KeyRejected
                | Self::UnknownModel
                | Self::WrongAddress
                | Self::NoCredit
                | Self::Rejected
                | Self::QuestionFiltered
                | Self::ContextTooLong
        )
    }

    /// The setting to check, where only the operator can help.
    #[must_use]
    pub fn setting(self) -> Option<&'static str> {
        match self {
            Self::KeyRejected | Self::NoCredit => {
                Some("MODEL_API_KEY, OPENAI_API_KEY or PERPLEXITY_API_KEY")
            }
            Self::UnknownModel => Some("MODEL_NAME"),
            Self::WrongAddress => Some("MODEL_BASE_URL"),
            Self::ContextTooLong => Some("MODEL_CONTEXT_TOKENS"),
            Self::TokenLimit => Some("MODEL_MAX_TOKENS"),
            _ => None,
        }
    }
}

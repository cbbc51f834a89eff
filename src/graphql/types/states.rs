//! The states of a reading.

use async_graphql::Enum;

use crate::entity::reading;

/// The state of an answer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reading::Status")]
pub(in crate::graphql) enum ReadingStatus {
    /// Stored and queued.
    Pending,
    /// Being written.
    Writing,
    /// The answer is complete.
    Completed,
    /// Stopped by the user. The text written so far is kept.
    Cancelled,
    /// Ended by an error. The text written so far is kept.
    Failed,
}

/// The engine that writes an answer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reading::Engine")]
pub(in crate::graphql) enum Engine {
    /// The built-in engine: a library of passages and a cast, without a language model.
    Embedded,
    /// A language model.
    Model,
    /// A fixed reply that says where to find help.
    Care,
}

/// How an answer was handled with regard to the asker's safety.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reading::Care")]
pub(in crate::graphql) enum Care {
    /// No special handling.
    None,
    /// Probably serious: the answer begins with where to find help.
    Soft,
    /// The fixed reply; `engine` is `CARE`.
    Crisis,
}

/// A user's judgement of an answer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reading::Rating")]
pub(in crate::graphql) enum Rating {
    /// The answer helped.
    Helpful,
    /// The answer did not help.
    NotHelpful,
}

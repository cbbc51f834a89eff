//! The failure of an answer.

use async_graphql::SimpleObject;

use crate::{entity::reading, graphql::ReadingFailureCode};

/// The reason for a failed answer.
#[derive(SimpleObject)]
pub(super) struct ReadingFailure {
    /// For programs.
    code: ReadingFailureCode,
    /// A message for people.
    message: String,
}

impl ReadingFailure {
    pub(super) fn new(code: Option<&String>, message: Option<&String>) -> Option<Self> {
        Some(Self {
            code: reading::FailureCode::of(code?).into(),
            message: message.cloned().unwrap_or_default(),
        })
    }
}

//! One answer among those to a question.

use async_graphql::Object;

use super::reading::{Engine, ReadingFailure, ReadingStatus, Source};
use crate::{
    entity::generation,
    graphql::scalar::{DateTime, Decimal},
};

/// One answer among those to a question: `regenerateReading` adds another.
pub(in crate::graphql) struct Generation(pub generation::Model);

/// One answer among those to a question: `regenerateReading` adds another.
#[Object]
impl Generation {
    /// How far this answer is, or how it ended.
    async fn status(&self) -> ReadingStatus {
        self.0.status.into()
    }

    /// The text; null before it has ended, and where it ended before its first word.
    async fn response(&self) -> Option<&str> {
        self.0.response.as_deref()
    }

    /// What wrote it.
    async fn engine(&self) -> Engine {
        self.0.engine.into()
    }

    /// The model's own name, when a model wrote it.
    async fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// What it rests on, in the order it cites them.
    async fn sources(&self) -> Vec<Source> {
        self.0.sources.0.iter().cloned().map(Source::from).collect()
    }

    /// Tokens it took; 0 where no model wrote.
    async fn tokens_used(&self) -> i32 {
        self.0.tokens_used
    }

    /// What it cost, in US dollars.
    async fn cost(&self) -> Decimal {
        Decimal::dollars(self.0.cost)
    }

    /// Whether tokensUsed or cost are estimates, the model's provider having reported none.
    async fn is_estimated(&self) -> bool {
        self.0.is_estimated
    }

    /// Why it is not whole, when status is FAILED.
    async fn failure(&self) -> Option<ReadingFailure> {
        ReadingFailure::new(
            self.0.failure_code.as_ref(),
            self.0.failure_message.as_ref(),
        )
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it ended, however it did.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }
}

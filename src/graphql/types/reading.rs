//! A reading.

use async_graphql::{Context, Enum, ID, InputObject, Object, SelectionField, SimpleObject};

use super::{Advisor, generation::Generation};
use crate::{
    entity::{Source as SourceRow, reading},
    graphql::{
        ApiError,
        caller::ContextExt,
        id::Kind,
        scalar::{DateTime, Decimal},
    },
};

/// A question to an advisor, and the answer.
#[derive(Clone)]
pub(in crate::graphql) struct Reading(pub reading::Model);

/// What a [`reading::Summary`] is enough for.
const SUMMARY: [&str; 7] = [
    "__typename",
    "id",
    "advisor",
    "question",
    "status",
    "response",
    "createdAt",
];

impl Reading {
    /// Whether a connection's field asks for no more than summaries of its readings.
    pub(in crate::graphql) fn are_summaries(connection: SelectionField<'_>) -> bool {
        connection.selection_set().all(|field| match field.name() {
            "nodes" => Self::is_summary(field),
            "edges" => field
                .selection_set()
                .filter(|field| field.name() == "node")
                .all(Self::is_summary),
            _ => true,
        })
    }

    fn is_summary(reading: SelectionField<'_>) -> bool {
        reading
            .selection_set()
            .all(|field| SUMMARY.contains(&field.name()))
    }
}

/// A question to an advisor, and the answer.
#[Object]
impl Reading {
    /// Names the reading.
    pub(super) async fn id(&self) -> ID {
        Kind::Reading.id(self.0.id)
    }

    /// Who was asked.
    async fn advisor(&self) -> Advisor {
        self.0.advisor.into()
    }

    /// What was asked.
    async fn question(&self) -> &str {
        &self.0.question
    }

    /// How far the answer is.
    async fn status(&self) -> ReadingStatus {
        self.0.status.into()
    }

    /// The answer so far; null before its first word.
    async fn response(&self, ctx: &Context<'_>) -> Result<Option<String>, ApiError> {
        Ok(ctx.services().readings.text_so_far(&self.0).await?)
    }

    /// What writes, or wrote, the answer.
    async fn engine(&self) -> Engine {
        self.0.engine.into()
    }

    /// The model's own name, when a model answered.
    async fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// What the answer rests on, in the order it cites them: its mark 1 is the first.
    async fn sources(&self) -> Vec<Source> {
        self.0.sources.0.iter().cloned().map(Source::from).collect()
    }

    /// Tokens the answer took; 0 where no model wrote.
    async fn tokens_used(&self) -> i32 {
        self.0.tokens_used
    }

    /// What the answer cost, in US dollars.
    async fn cost(&self) -> Decimal {
        Decimal::dollars(self.0.cost)
    }

    /// Whether tokensUsed or cost are estimates, the model's provider having reported none.
    async fn is_estimated(&self) -> bool {
        self.0.is_estimated
    }

    /// Whether an earlier answer to the same question was reused, at no cost.
    async fn is_cached(&self) -> bool {
        self.0.is_cached
    }

    /// Why there is no whole answer, when status is FAILED.
    async fn failure(&self) -> Option<ReadingFailure> {
        ReadingFailure::new(
            self.0.failure_code.as_ref(),
            self.0.failure_message.as_ref(),
        )
    }

    /// When it was asked.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the answer ended, however it did.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }

    /// Every answer that was written, or begun, to the question; newest first.
    async fn generations(&self, ctx: &Context<'_>) -> Result<Vec<Generation>, ApiError> {
        let generations = ctx.services().readings.generations(&self.0).await?;
        Ok(generations.into_iter().map(Generation).collect())
    }
}

/// How far an answer is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reading::Status")]
pub(in crate::graphql) enum ReadingStatus {
    /// Stored, and waiting to be written.
    Pending,
    /// Being written.
    Writing,
    /// Whole.
    Completed,
    /// Stopped by its reader; what had been written stays.
    Cancelled,
    /// Broken off by a fault; what had been written stays.
    Failed,
}

/// What writes an answer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reading::Engine")]
pub(super) enum Engine {
    /// Built in: the library and the cast, no AI model.
    Embedded,
    /// A language model behind an API.
    Model,
    /// A fixed reply with where to find help.
    Care,
}

/// Something an answer rests on.
#[derive(SimpleObject)]
pub(super) struct Source {
    /// What it is: the passage, and the work it comes from.
    title: String,
    /// How it begins.
    excerpt: Option<String>,
    /// Where it is on the web.
    url: Option<String>,
}

impl From<SourceRow> for Source {
    fn from(
        SourceRow {
            title,
            excerpt,
            url,
        }: SourceRow,
    ) -> Self {
        Self {
            title,
            excerpt,
            url,
        }
    }
}

/// Why there is no whole answer.
#[derive(SimpleObject)]
pub(super) struct ReadingFailure {
    /// For programs: `INTERRUPTED`, for example.
    code: String,
    /// For people.
    message: String,
}

impl ReadingFailure {
    pub(super) fn new(code: Option<&String>, message: Option<&String>) -> Option<Self> {
        Some(Self {
            code: code?.clone(),
            message: message.cloned().unwrap_or_default(),
        })
    }
}

/// Which readings.
#[derive(InputObject)]
pub(in crate::graphql) struct ReadingFilter {
    /// Only those of this advisor.
    pub advisor: Option<Advisor>,
}

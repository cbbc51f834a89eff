//! One answer among those to a question.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, ID, Object};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{
    Reading,
    failure::ReadingFailure,
    parents::Parents,
    reading::{SOURCES, Source},
    states::{Engine, ReadingStatus},
};
use crate::{
    entity::{generation, reading},
    graphql::{
        ApiError,
        caller::ContextExt,
        id::NodeKind,
        limits::{Price, Prices},
        scalar::{DateTime, Decimal},
    },
};

/// One of the answers to a question. `regenerateReading` adds another.
#[derive(Clone)]
pub(in crate::graphql) struct Generation {
    row: Arc<generation::Model>,
    /// Where the text stands of its latest answer; none where the row has it in any case.
    reading: Option<Arc<reading::Model>>,
}

/// The generations of all readings of a page, and the readings that these reply to. They are fetched in one statement, as soon as one
/// reading's are asked for; the present ones by themselves.
#[derive(Default)]
pub(super) struct Generations {
    readings: Vec<Arc<reading::Model>>,
    present: OnceCell<Result<ById, ApiError>>,
    with_texts: OnceCell<Result<ByReading, ApiError>>,
    without_texts: OnceCell<Result<ByReading, ApiError>>,
    parents: Parents,
}

type ById = HashMap<Uuid, Arc<generation::Model>>;
type ByReading = HashMap<Uuid, Vec<Arc<generation::Model>>>;

impl Generations {
    pub(super) fn of(readings: Vec<Arc<reading::Model>>) -> Self {
        Self {
            readings,
            ..Self::default()
        }
    }

    /// One reading's, newest first.
    pub(super) async fn find(
        &self,
        ctx: &Context<'_>,
        reading: &Arc<reading::Model>,
    ) -> Result<Vec<Generation>, ApiError> {
        let texts = ctx.look_ahead().field("response").exists();
        let cell = if texts {
            &self.with_texts
        } else {
            &self.without_texts
        };
        let found = cell.get_or_init(|| self.fetch(ctx, texts)).await;
        ctx.caller().turn.give_way().await;
        let rows = found.as_ref().map_err(Clone::clone)?.get(&reading.id);
        let rows = rows.into_iter().flatten().map(|row| Generation {
            row: row.clone(),
            reading: Some(reading.clone()),
        });
        Ok(rows.collect())
    }

    /// The reading that one replies to.
    pub(super) async fn parent(
        &self,
        ctx: &Context<'_>,
        reading: &reading::Model,
    ) -> Result<Option<Reading>, ApiError> {
        self.parents.find(ctx, &self.readings, reading).await
    }

    /// The one that writes, or wrote, a reading's answer.
    pub(super) async fn present(
        &self,
        ctx: &Context<'_>,
        reading: &Arc<reading::Model>,
    ) -> Result<Generation, ApiError> {
        let found = self.present.get_or_init(async || {
            let readings = &ctx.services().readings;
            let rows = readings.present_generations(&self.readings).await?;
            Ok(rows
                .into_iter()
                .map(|row| (row.id, Arc::new(row)))
                .collect())
        });
        let found = found.await.as_ref().map_err(Clone::clone)?;
        ctx.caller().turn.give_way().await;
        // Deleted since the reading was read, where there is none.
        let row = found.get(&reading.generation_id);
        Ok(Generation {
            row: row.ok_or_else(|| ApiError::not_found("reading"))?.clone(),
            reading: Some(reading.clone()),
        })
    }

    async fn fetch(&self, ctx: &Context<'_>, texts: bool) -> Result<ByReading, ApiError> {
        let mut fetching = ctx.caller().budget.fetch().await?;
        let most = texts.then(|| fetching.left());
        let readings = &ctx.services().readings;
        let rows = readings.generations(&self.readings, most).await?;
        fetching.note(
            rows.iter()
                .filter_map(|row| row.response.as_ref())
                .map(String::len)
                .sum(),
        );
        let mut found = ByReading::new();
        for row in rows {
            found.entry(row.reading_id).or_default().push(Arc::new(row));
        }
        Ok(found)
    }
}

impl Generation {
    pub(in crate::graphql) const PRICES: Prices = &[("sources", Price::list(SOURCES))];

    /// One with its text, if that is asked for.
    pub(super) fn with_text(row: generation::Model) -> Self {
        Self {
            row: Arc::new(row),
            reading: None,
        }
    }

    pub(super) fn row(&self) -> &generation::Model {
        &self.row
    }
}

/// One of the answers to a question. `regenerateReading` adds another.
#[Object]
impl Generation {
    /// A globally unique, permanent identifier.
    pub(super) async fn id(&self) -> ID {
        NodeKind::Generation.id(self.row.id)
    }

    /// Number of its last piece so far; 0 before the first.
    async fn sequence(&self) -> i32 {
        self.row.last_piece()
    }

    /// The state of this answer.
    async fn status(&self) -> ReadingStatus {
        self.row.status.into()
    }

    /// The text. Null until the answer ends, and if it ended before its first word.
    async fn response(&self, ctx: &Context<'_>) -> Option<&str> {
        // The latest one's text stands in the reading.
        let text = match &self.reading {
            Some(reading) if reading.generation_id == self.row.id => &reading.response,
            _ => &self.row.response,
        };
        let budget = &ctx.caller().budget;
        text.as_deref().filter(|text| budget.draw(text.len()))
    }

    /// The engine that wrote the answer.
    async fn engine(&self) -> Engine {
        self.row.engine.into()
    }

    /// The model's name, if a language model wrote the answer.
    async fn model(&self) -> Option<&str> {
        self.row.model.as_deref()
    }

    /// The cited sources, in the order of their citation marks.
    async fn sources(&self, ctx: &Context<'_>) -> Vec<Source> {
        Source::all(ctx, &self.row.sources)
    }

    /// Tokens used. 0 if no language model was called.
    async fn tokens_used(&self) -> i32 {
        self.row.tokens_used
    }

    /// The cost in US dollars.
    async fn cost(&self) -> Decimal {
        Decimal::dollars(self.row.cost)
    }

    /// Whether `tokensUsed` or `cost` are estimates because the model provider reported none.
    async fn is_estimated(&self) -> bool {
        self.row.is_estimated
    }

    /// Whether the text was cut off at a limit.
    async fn is_truncated(&self) -> bool {
        self.row.is_truncated
    }

    /// The reason for the failure, if `status` is `FAILED`.
    async fn failure(&self) -> Option<ReadingFailure> {
        ReadingFailure::new(
            self.row.failure_code.as_ref(),
            self.row.failure_message.as_ref(),
        )
    }

    /// The time of the request.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// The time at which the answer was completed, failed or was cancelled.
    async fn completed_at(&self) -> Option<DateTime> {
        self.row.completed_at.map(DateTime)
    }
}

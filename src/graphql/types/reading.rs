//! A reading.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SelectionField, SimpleObject};
use tokio::sync::OnceCell;

use super::{
    Advisor, excerpt,
    failure::ReadingFailure,
    generation::{Generation, Generations},
    share::Share,
    states::{Care, Engine, Rating, ReadingStatus},
};
use crate::{
    entity::{Source as SourceRow, Sources, reading},
    generation::Progress,
    graphql::{
        ApiError,
        caller::ContextExt,
        connection::{self, PageArgs, ReadingConnection},
        id::NodeKind,
        limits::{Price, Prices},
        scalar::{DateTime, Decimal},
    },
    reading::{Filter, GENERATIONS, Texts},
};

/// Sources of an answer that a price counts with; few have more.
pub(super) const SOURCES: usize = 3;

/// A question to an advisor, and the answer. Clones share what is fetched for it.
#[derive(Clone)]
pub(in crate::graphql) struct Reading(Arc<Fetched>);

struct Fetched {
    row: Arc<reading::Model>,
    /// Those of its page.
    generations: Arc<Generations>,
    /// While the answer is being written.
    progress: OnceCell<Result<Progress, ApiError>>,
}

/// Fields for which a [`reading::Summary`] is enough.
const SUMMARY: [&str; 10] = [
    "__typename",
    "id",
    "advisor",
    "question",
    "status",
    "response",
    "excerpt",
    "sequence",
    "generation",
    "createdAt",
];

impl Reading {
    pub(in crate::graphql) const PRICES: Prices = &[
        ("sources", Price::list(SOURCES)),
        ("sequence", Price::SHARED),
        ("generation", Price::SHARED),
        ("generations", Price::shared_rows(GENERATIONS)),
        ("inReplyTo", Price::SHARED),
        ("replies", Price::PAGE),
    ];

    /// A reading by itself.
    pub(in crate::graphql) fn new(row: impl Into<Arc<reading::Model>>) -> Self {
        let row = row.into();
        let page = Arc::new(Generations::of(vec![row.clone()]));
        Self::on(&page, row)
    }

    /// Readings that are shown together.
    pub(in crate::graphql) fn page(rows: Vec<reading::Model>) -> impl Iterator<Item = Self> {
        let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
        let page = Arc::new(Generations::of(rows.clone()));
        rows.into_iter().map(move |row| Self::on(&page, row))
    }

    fn on(page: &Arc<Generations>, row: Arc<reading::Model>) -> Self {
        Self(Arc::new(Fetched {
            row,
            generations: page.clone(),
            progress: OnceCell::new(),
        }))
    }

    pub(in crate::graphql) fn row(&self) -> &reading::Model {
        &self.0.row
    }

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

    /// How much a field asks for of the texts of answers.
    pub(in crate::graphql) fn texts(field: SelectionField<'_>) -> Texts {
        let mut texts = Texts::None;
        for field in field.selection_set() {
            let of_field = match field.name() {
                "response" => Texts::All,
                "excerpt" => Texts::Beginnings,
                // Theirs are others.
                "sources" => continue,
                _ => Self::texts(field),
            };
            match of_field {
                Texts::All => return of_field,
                Texts::Beginnings => texts = of_field,
                Texts::None => {}
            }
        }
        texts
    }

    /// The answer so far; all of it or its beginning, as it was asked for.
    async fn text(&self, ctx: &Context<'_>) -> Result<Option<&str>, ApiError> {
        let row = &self.0.row;
        if row.status.is_final() {
            return Ok(row.response.as_deref());
        }
        Ok(self.progress(ctx).await?.text.as_deref())
    }

    /// How far the answer is, while it is written.
    async fn progress(&self, ctx: &Context<'_>) -> Result<&Progress, ApiError> {
        let Fetched { row, progress, .. } = &*self.0;
        let generations = &ctx.services().generations;
        let progress = progress
            .get_or_init(async || generations.progress(row).await.map_err(ApiError::from))
            .await;
        progress.as_ref().map_err(Clone::clone)
    }
}

/// A question and its answer.
#[Object]
impl Reading {
    /// A globally unique, permanent identifier.
    pub(super) async fn id(&self) -> ID {
        NodeKind::Reading.id(self.0.row.id)
    }

    /// The advisor.
    async fn advisor(&self) -> Advisor {
        self.0.row.advisor.into()
    }

    /// The question.
    async fn question(&self, ctx: &Context<'_>) -> &str {
        let question = &self.0.row.question;
        if ctx.caller().budget.draw(question.len()) {
            question
        } else {
            ""
        }
    }

    /// The state of the answer.
    async fn status(&self) -> ReadingStatus {
        self.0.row.status.into()
    }

    /// The answer so far, as Markdown without links, images or HTML: paragraphs, emphasis, lists. Null before its first
    /// word.
    async fn response(&self, ctx: &Context<'_>) -> Result<Option<&str>, ApiError> {
        let text = self.text(ctx).await?;
        let budget = &ctx.caller().budget;
        Ok(text.filter(|text| budget.draw(text.len())))
    }

    /// The beginning of the answer so far as plain text on one line, for lists. Null before its first word.
    async fn excerpt(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many characters at most: between 1 and 500; default 140.",
            default = 140
        )]
        length: i32,
    ) -> Result<Option<String>, ApiError> {
        let length = excerpt::length(length)?;
        let text = self.text(ctx).await?;
        let excerpt = text.map(|text| excerpt::of(text, length));
        let budget = &ctx.caller().budget;
        Ok(excerpt.filter(|text| budget.draw(text.len())))
    }

    /// Number of the last piece that `response` contains; 0 before the first. A client that shows `response` goes on
    /// with `readingUpdates` after it.
    async fn sequence(&self, ctx: &Context<'_>) -> Result<i32, ApiError> {
        let Fetched {
            row, generations, ..
        } = &*self.0;
        if row.status.is_final() {
            return Ok(generations.present(ctx, row).await?.row().last_piece());
        }
        Ok(self.progress(ctx).await?.sequence)
    }

    /// The answer that `response` shows.
    async fn generation(&self, ctx: &Context<'_>) -> Result<Generation, ApiError> {
        self.0.generations.present(ctx, &self.0.row).await
    }

    /// Whether the question was taken for a cry for help. A client shows any value but `NONE` apart,
    /// and calmly.
    async fn care(&self) -> Care {
        self.0.row.care.into()
    }

    /// The engine that writes the answer.
    async fn engine(&self) -> Engine {
        self.0.row.engine.into()
    }

    /// The model's name, if a language model writes the answer.
    async fn model(&self) -> Option<&str> {
        self.0.row.model.as_deref()
    }

    /// The cited sources, in the order of their citation marks: mark 1 is the first.
    async fn sources(&self, ctx: &Context<'_>) -> Vec<Source> {
        Source::all(ctx, &self.0.row.sources)
    }

    /// Tokens used by the answer. 0 if no language model was called.
    async fn tokens_used(&self) -> i32 {
        self.0.row.tokens_used
    }

    /// The cost of the answer in US dollars.
    async fn cost(&self) -> Decimal {
        Decimal::dollars(self.0.row.cost)
    }

    /// Whether `tokensUsed` or `cost` are estimates because the model provider reported none.
    async fn is_estimated(&self) -> bool {
        self.0.row.is_estimated
    }

    /// Whether a cached answer to the same question was reused, at no cost.
    async fn is_cached(&self) -> bool {
        self.0.row.is_cached
    }

    /// Whether the answer was cut off at a limit. Such an answer is not cached.
    async fn is_truncated(&self) -> bool {
        self.0.row.is_truncated
    }

    /// The reason for the failure, if `status` is `FAILED`.
    async fn failure(&self) -> Option<ReadingFailure> {
        ReadingFailure::new(
            self.0.row.failure_code.as_ref(),
            self.0.row.failure_message.as_ref(),
        )
    }

    /// The time at which the question was asked.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row.created_at)
    }

    /// The time at which the answer was completed, failed or was cancelled.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.row.completed_at.map(DateTime)
    }

    /// The reading that the question goes on with. Null also if that has been deleted.
    async fn in_reply_to(&self, ctx: &Context<'_>) -> Result<Option<Self>, ApiError> {
        self.0.generations.parent(ctx, &self.0.row).await
    }

    /// The readings that go on with this one, newest first.
    async fn replies(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The number of items from the start. Between 1 and 100; default 20 if `last` is absent."
        )]
        first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end. Between 1 and 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<ReadingConnection, ApiError> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let filter = Filter {
            in_reply_to: Some(self.0.row.id),
            ..Filter::default()
        };
        connection::readings(ctx, self.0.row.user_id, args, filter).await
    }

    /// Whether the user has marked it as a favourite.
    async fn is_favourite(&self) -> bool {
        self.0.row.is_favourite
    }

    /// The user's own note.
    async fn note(&self, ctx: &Context<'_>) -> Option<&str> {
        let note = self.0.row.note.as_deref();
        note.filter(|note| ctx.caller().budget.draw(note.len()))
    }

    /// The user's rating of the answer that `response` shows.
    async fn rating(&self) -> Option<Rating> {
        self.0.row.rating.map(Rating::from)
    }

    /// Whether `shareReading` accepts it: the service shares readings, and the answer is complete and not the fixed
    /// reply to a cry for help.
    async fn is_shareable(&self, ctx: &Context<'_>) -> bool {
        ctx.services().readings.is_shareable(&self.0.row)
    }

    /// The link that shows it to anyone. Null without one, and once it has expired.
    async fn share(&self, ctx: &Context<'_>) -> Option<Share> {
        let link = ctx.services().readings.link_of(&self.0.row);
        link.map(Share::from)
    }

    /// The answers to the question, newest first; at most the newest 20.
    async fn generations(&self, ctx: &Context<'_>) -> Result<Vec<Generation>, ApiError> {
        self.0.generations.find(ctx, &self.0.row).await
    }
}

/// A source of an answer.
#[derive(SimpleObject)]
pub(super) struct Source {
    /// The title of the passage and of the work it comes from.
    title: String,
    /// The beginning of the text.
    excerpt: Option<String>,
    /// The address of the source on the web.
    url: Option<String>,
}

impl Source {
    /// None of them where the response has no room for all.
    pub(super) fn all(ctx: &Context<'_>, sources: &Sources) -> Vec<Self> {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let bytes = sources
            .0
            .iter()
            .map(|one| one.title.len() + length(&one.excerpt) + length(&one.url));
        if ctx.caller().budget.draw(bytes.sum()) {
            sources.0.iter().cloned().map(Self::from).collect()
        } else {
            Vec::new()
        }
    }
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

//! The end of a generation: its state, the reading's text and figures, and its cost. Only the statement
//! that finds it unended ends it, so each is paid for once.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, UpdateMany, sea_query::Expr,
};
use uuid::Uuid;

use super::spending::settle;
use crate::{
    advisor::engine::{Failure, TokenUsage},
    entity::{
        PieceEnds, Source, Sources, chunk, generation,
        reading::{self, Engine, Status},
    },
};

/// Characters of a text per token, roughly.
const CHARACTERS_PER_TOKEN: usize = 4;

/// A generation that ends or is deleted, as far as its end needs it.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    pub id: Uuid,
    pub reading_id: Uuid,
    pub user_id: Uuid,
    pub created_at: DateTime<Utc>,
}

impl Ending {
    pub fn of(generation: &generation::Model) -> Self {
        Self {
            id: generation.id,
            reading_id: generation.reading_id,
            user_id: generation.user_id,
            created_at: generation.created_at,
        }
    }
}

/// How a generation ends.
pub struct Outcome {
    pub status: Status,
    pub engine: Engine,
    pub model: Option<String>,
    pub text: String,
    pub piece_ends: Vec<usize>,
    pub sources: Vec<Source>,
    pub usage: TokenUsage,
    pub is_truncated: bool,
    pub failure: Option<Failure>,
}

/// A generation that is to be settled: the columns that decide its cost without its writer or a model. None of them
/// holds JSON: a row that cannot be read in full is settled all the same.
#[derive(FromQueryResult)]
pub struct Unsettled {
    id: Uuid,
    reading_id: Uuid,
    user_id: Uuid,
    pub engine: Engine,
    sent_at: Option<DateTime<Utc>>,
    reserved: i64,
    tokens_used: i32,
    cost: i64,
    is_estimated: bool,
    created_at: DateTime<Utc>,
}

impl Unsettled {
    pub fn ending(&self) -> Ending {
        Ending {
            id: self.id,
            reading_id: self.reading_id,
            user_id: self.user_id,
            created_at: self.created_at,
        }
    }

    /// The cost as it was reported, or else the most it can be: the amount reserved for it.
    pub async fn usage(&self, tx: &impl ConnectionTrait) -> Result<TokenUsage, DbErr> {
        if self.tokens_used > 0 || self.cost > 0 {
            return Ok(TokenUsage {
                tokens: self.tokens_used,
                cost: self.cost,
                is_estimated: self.is_estimated,
                ..TokenUsage::default()
            });
        }
        if self.sent_at.is_none() || self.engine != Engine::Model {
            return Ok(TokenUsage::default());
        }
        let mut texts: Vec<String> = chunk::Entity::find()
            .filter(chunk::Column::GenerationId.eq(self.id))
            .select_only()
            .column(chunk::Column::Text)
            .into_tuple()
            .all(tx)
            .await?;
        let question = reading::Entity::find_by_id(self.reading_id)
            .select_only()
            .column(reading::Column::Question)
            .into_tuple()
            .one(tx)
            .await?;
        texts.extend(question);
        let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
        Ok(TokenUsage {
            tokens: i32::try_from(characters.div_ceil(CHARACTERS_PER_TOKEN)).unwrap_or(i32::MAX),
            cost: self.reserved,
            is_estimated: true,
            ..TokenUsage::default()
        })
    }
}

/// Ends a generation and settles it. The chunks go, and where they ended stays, so that a follower still
/// gets the same pieces. Returns whether there was anything left to end under the given condition.
pub async fn end(
    tx: &impl ConnectionTrait,
    condition: UpdateMany<generation::Entity>,
    generation: &Ending,
    outcome: &Outcome,
    prompt_version: Option<String>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let ended = with_values(condition, of_generation(outcome, now)).col_expr(
        generation::Column::PromptVersion,
        Expr::value(prompt_version),
    );
    if ended.exec(tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    with_values(reading::Entity::update_many(), of_reading(outcome, now))
        .filter(reading::Column::Id.eq(generation.reading_id))
        .filter(reading::Column::GenerationId.eq(generation.id))
        .exec(tx)
        .await?;
    chunk::Entity::delete_many()
        .filter(chunk::Column::GenerationId.eq(generation.id))
        .exec(tx)
        .await?;
    settle(tx, generation.user_id, generation.created_at, outcome.usage).await?;
    Ok(true)
}

/// Generations that a condition holds for, locked, by id, as far as settling needs them.
pub async fn lock_unsettled(
    tx: &impl ConnectionTrait,
    condition: Condition,
) -> Result<Vec<Unsettled>, DbErr> {
    generation::Entity::find()
        .filter(condition)
        .order_by_asc(generation::Column::Id)
        .lock_exclusive()
        .into_model()
        .all(tx)
        .await
}

fn with_values<E: EntityTrait>(
    update: UpdateMany<E>,
    values: impl IntoIterator<Item = (E::Column, Expr)>,
) -> UpdateMany<E> {
    let set = |update: UpdateMany<E>, (column, value)| update.col_expr(column, value);
    values.into_iter().fold(update, set)
}

/// The columns of a generation that has ended.
fn of_generation(outcome: &Outcome, now: DateTime<Utc>) -> [(generation::Column, Expr); 16] {
    use generation::Column;
    let usage = outcome.usage;
    let message = outcome.failure.map(|failure| failure.to_string());
    let piece_ends = PieceEnds(outcome.piece_ends.clone());
    [
        (Column::Status, Expr::value(outcome.status)),
        (Column::Owner, Expr::value(None::<Uuid>)),
        (Column::PieceEnds, Expr::value(piece_ends)),
        (Column::Engine, Expr::value(outcome.engine)),
        (Column::Model, Expr::value(outcome.model.clone())),
        (
            Column::Sources,
            Expr::value(Sources(outcome.sources.clone())),
        ),
        (Column::TokensUsed, Expr::value(usage.tokens)),
        (Column::CachedTokens, Expr::value(usage.cached_tokens)),
        (Column::ReasoningTokens, Expr::value(usage.reasoning_tokens)),
        (Column::Cost, Expr::value(usage.cost)),
        (Column::IsTruncated, Expr::value(outcome.is_truncated)),
        (Column::IsThinking, Expr::value(false)),
        (Column::IsEstimated, Expr::value(usage.is_estimated)),
        (
            Column::FailureCode,
            Expr::value(outcome.failure.map(Failure::code)),
        ),
        (Column::FailureMessage, Expr::value(message)),
        (Column::CompletedAt, Expr::value(now)),
    ]
}

/// Those of its reading, which has its text too.
fn of_reading(outcome: &Outcome, now: DateTime<Utc>) -> [(reading::Column, Expr); 12] {
    use reading::Column;
    let usage = outcome.usage;
    let message = outcome.failure.map(|failure| failure.to_string());
    let response = (!outcome.text.is_empty()).then_some(outcome.text.as_str());
    [
        (Column::Status, Expr::value(outcome.status)),
        (Column::Response, Expr::value(response)),
        (Column::Engine, Expr::value(outcome.engine)),
        (Column::Model, Expr::value(outcome.model.clone())),
        (
            Column::Sources,
            Expr::value(Sources(outcome.sources.clone())),
        ),
        (Column::TokensUsed, Expr::value(usage.tokens)),
        (Column::Cost, Expr::value(usage.cost)),
        (Column::IsTruncated, Expr::value(outcome.is_truncated)),
        (Column::IsEstimated, Expr::value(usage.is_estimated)),
        (
            Column::FailureCode,
            Expr::value(outcome.failure.map(Failure::code)),
        ),
        (Column::FailureMessage, Expr::value(message)),
        (Column::CompletedAt, Expr::value(now)),
    ]
}

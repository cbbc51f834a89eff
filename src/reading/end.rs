//! Ending a generation: in one transaction its state, the reading's text and figures, and what
//! it cost. Only who finds it unended ends it, so each is paid for once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Error, Readings,
    draft::Outcome,
    events::Change,
    lease::Lease,
    news::News,
    settle::{Account, settle},
};
use crate::{
    advisor::engine::{Failure, Usage},
    entity::{
        PieceEnds, Sources, chunk, generation,
        reading::{self, Status},
    },
    spans,
};

/// A generation that ends or is deleted, as far as its end needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub id: Uuid,
    pub reading_id: Uuid,
    pub user_id: Uuid,
    pub created_at: DateTime<Utc>,
}

impl Ending {
    pub(super) fn of(generation: &generation::Model) -> Self {
        Self {
            id: generation.id,
            reading_id: generation.reading_id,
            user_id: generation.user_id,
            created_at: generation.created_at,
        }
    }
}

impl Readings {
    /// Ends a generation whose lease is held. It is ended, and counted, also if the caller is
    /// dropped meanwhile.
    pub(super) async fn end(
        &self,
        lease: Lease,
        ending: Ending,
        outcome: Arc<Outcome>,
    ) -> Result<(), Error> {
        let this = self.clone();
        let end = async move {
            let tx = this.0.db.begin().await?;
            if !this
                .end_in(&tx, this.held(lease), &ending, &outcome)
                .await?
            {
                return Ok(tx.rollback().await?);
            }
            tx.commit().await?;
            this.say_ended(&ending, &outcome);
            Ok(())
        };
        self.0.db.detached(end).await
    }

    /// Says that it has ended, once that is committed.
    pub(super) fn say_ended(&self, ending: &Ending, outcome: &Outcome) {
        if let Some(failure) = outcome.failure {
            spans::fail_current(failure.code());
            tracing::error!(
                code = failure.code(),
                engine = ?outcome.engine,
                "an answer could not be written to its end"
            );
        }
        self.note_ended(ending, outcome);
    }

    fn note_ended(&self, ending: &Ending, outcome: &Outcome) {
        self.0.wake.tick(ending.reading_id);
        self.publish(ending.user_id, ending.reading_id, Change::Changed);
        self.0.wanted.ended.notify_one();
        let Usage { tokens, cost, .. } = outcome.usage;
        let code = outcome.failure.map(Failure::code);
        let metrics = &self.0.metrics;
        metrics.count_ended(outcome.status, outcome.engine, code, tokens, cost);
    }

    /// Ends a generation that cannot be written, nor ended as others are, because its data is at
    /// fault: FAILED, with the text that is stored. `usage` is its cost, if the writer knows it.
    pub(super) async fn abandon(
        &self,
        generation_id: Uuid,
        condition: UpdateMany<generation::Entity>,
        usage: Option<Usage>,
        cause: Error,
    ) -> Result<(), Error> {
        let this = self.clone();
        let abandon = async move {
            let tx = this.0.db.begin().await?;
            let account = generation::Entity::find_by_id(generation_id)
                .lock_exclusive()
                .into_model::<Account>()
                .one(&tx)
                .await?;
            let Some(account) = account else {
                return Ok(tx.rollback().await?);
            };
            let (text, piece_ends) = this
                .stored_text(&tx, generation_id)
                .await
                .unwrap_or_default();
            let outcome = Outcome {
                status: Status::Failed,
                engine: account.engine,
                model: None,
                text,
                piece_ends,
                sources: Vec::new(),
                usage: match usage {
                    Some(usage) => usage,
                    None => account.usage(&tx).await?,
                },
                is_truncated: false,
                failure: Some(Failure::Interrupted),
            };
            let ending = account.ending();
            if this.end_in(&tx, condition, &ending, &outcome).await? {
                tx.commit().await?;
                spans::fail_current(Failure::Interrupted.code());
                tracing::error!(
                    error = %cause,
                    "an answer cannot be written, whoever tries; it has failed"
                );
                this.note_ended(&ending, &outcome);
            }
            Ok(())
        };
        self.0.db.detached(abandon).await
    }

    /// Ends a generation. The chunks go, and where they ended stays, so that a follower still
    /// gets the same pieces. Returns whether there was anything left to end under the given
    /// condition.
    pub(super) async fn end_in(
        &self,
        tx: &impl ConnectionTrait,
        condition: UpdateMany<generation::Entity>,
        generation: &Ending,
        outcome: &Outcome,
    ) -> Result<bool, Error> {
        let now = self.0.clock.now();
        let Outcome {
            status,
            engine,
            model,
            text,
            usage,
            ..
        } = outcome;
        let sources = Sources(outcome.sources.clone());
        let code = outcome.failure.map(Failure::code);
        let message = outcome.failure.map(|failure| failure.to_string());
        let response = (!text.is_empty()).then_some(text.as_str());
        let ended = condition
            .col_expr(generation::Column::Status, Expr::value(*status))
            .col_expr(generation::Column::Owner, Expr::value(None::<Uuid>))
            .col_expr(
                generation::Column::PieceEnds,
                Expr::value(PieceEnds(outcome.piece_ends.clone())),
            )
            .col_expr(generation::Column::Engine, Expr::value(*engine))
            .col_expr(generation::Column::Model, Expr::value(model.clone()))
            .col_expr(generation::Column::Sources, Expr::value(sources.clone()))
            .col_expr(generation::Column::TokensUsed, Expr::value(usage.tokens))
            .col_expr(
                generation::Column::CachedTokens,
                Expr::value(usage.cached_tokens),
            )
            .col_expr(
                generation::Column::ReasoningTokens,
                Expr::value(usage.reasoning_tokens),
            )
            .col_expr(generation::Column::Cost, Expr::value(usage.cost))
            .col_expr(
                generation::Column::IsTruncated,
                Expr::value(outcome.is_truncated),
            )
            .col_expr(generation::Column::IsThinking, Expr::value(false))
            .col_expr(
                generation::Column::IsEstimated,
                Expr::value(usage.is_estimated),
            )
            .col_expr(generation::Column::FailureCode, Expr::value(code))
            .col_expr(
                generation::Column::FailureMessage,
                Expr::value(message.clone()),
            )
            .col_expr(generation::Column::CompletedAt, Expr::value(now))
            .col_expr(
                generation::Column::PromptVersion,
                Expr::value(self.0.advisors.prompt_version(*engine)),
            )
            .exec(tx)
            .await?;
        if ended.rows_affected == 0 {
            return Ok(false);
        }
        reading::Entity::update_many()
            .col_expr(reading::Column::Status, Expr::value(*status))
            .col_expr(reading::Column::Response, Expr::value(response))
            .col_expr(reading::Column::Engine, Expr::value(*engine))
            .col_expr(reading::Column::Model, Expr::value(model.clone()))
            .col_expr(reading::Column::Sources, Expr::value(sources))
            .col_expr(reading::Column::TokensUsed, Expr::value(usage.tokens))
            .col_expr(reading::Column::Cost, Expr::value(usage.cost))
            .col_expr(
                reading::Column::IsTruncated,
                Expr::value(outcome.is_truncated),
            )
            .col_expr(
                reading::Column::IsEstimated,
                Expr::value(usage.is_estimated),
            )
            .col_expr(reading::Column::FailureCode, Expr::value(code))
            .col_expr(reading::Column::FailureMessage, Expr::value(message))
            .col_expr(reading::Column::CompletedAt, Expr::value(now))
            .filter(reading::Column::Id.eq(generation.reading_id))
            .filter(reading::Column::GenerationId.eq(generation.id))
            .exec(tx)
            .await?;
        chunk::Entity::delete_many()
            .filter(chunk::Column::GenerationId.eq(generation.id))
            .exec(tx)
            .await?;
        settle(tx, generation.user_id, generation.created_at, *usage).await?;
        self.count_change(tx, generation.user_id).await?;
        let ids = (generation.user_id, generation.reading_id);
        self.notify_of(tx, ids, News::Ended, Change::Changed)
            .await?;
        Ok(true)
    }
}

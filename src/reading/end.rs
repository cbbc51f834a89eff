//! Ending a generation: in one transaction its state, the reading's text and figures, and what
//! it cost. Only who finds it unended ends it, so each is paid for once.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, UpdateMany, sea_query::Expr,
};
use uuid::Uuid;

use super::{Error, Readings, draft::Outcome, lease::Lease};
use crate::{
    advisor::engine::{Failure, Usage},
    entity::{PieceEnds, Sources, chunk, generation, reading},
};

impl Readings {
    /// Ends a generation whose lease is held.
    pub(super) async fn end(
        &self,
        lease: Lease,
        generation: &generation::Model,
        outcome: &Outcome,
    ) -> Result<(), Error> {
        let tx = self.0.db.begin().await?;
        if self
            .end_in(&tx, self.held(lease), generation, outcome)
            .await?
        {
            tx.commit().await?;
            self.say_ended(outcome);
        }
        Ok(())
    }

    /// Says that it has ended, once that is committed.
    pub(super) fn say_ended(&self, outcome: &Outcome) {
        if let Some(failure) = outcome.failure {
            tracing::error!(
                code = failure.code(),
                engine = ?outcome.engine,
                "an answer could not be written to its end"
            );
        }
        let Usage { tokens, cost, .. } = outcome.usage;
        let metrics = &self.0.metrics;
        metrics.count_ended(outcome.status, outcome.engine, tokens, cost);
    }

    /// Ends a generation. The chunks go, and where they ended stays, so that a follower still
    /// gets the same pieces. Returns whether there was anything left to end under the given
    /// condition.
    pub(super) async fn end_in(
        &self,
        tx: &impl ConnectionTrait,
        condition: UpdateMany<generation::Entity>,
        generation: &generation::Model,
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
            .col_expr(generation::Column::Cost, Expr::value(usage.cost))
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
        self.settle(tx, generation, *usage).await?;
        self.count_change(tx, generation.user_id).await?;
        self.notify(tx, generation.reading_id).await?;
        Ok(true)
    }
}

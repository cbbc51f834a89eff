//! Ending a generation in one transaction, also if the caller is dropped meanwhile.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, UpdateMany};

use super::{
    Error, Generations,
    events::Change,
    notice::News,
    store::{self, Ending, Lease, Outcome},
};
use crate::{
    advisor::engine::{Failure, TokenUsage},
    entity::{generation, reading::Status},
    spans,
};

impl Generations {
    /// Ends a generation whose lease is held.
    pub(super) async fn end(
        self: &Arc<Self>,
        lease: Lease,
        ending: Ending,
        outcome: Arc<Outcome>,
    ) -> Result<(), Error> {
        let this = self.clone();
        let end = async move {
            let tx = this.db.begin().await?;
            if !this.end_in(&tx, lease.held(), &ending, &outcome).await? {
                return Ok(tx.rollback().await?);
            }
            tx.commit().await?;
            this.ended(&ending, &outcome);
            Ok(())
        };
        self.db.detached(end).await
    }

    /// Ends a generation that cannot be written, nor ended as others are, because its data is at
    /// fault: FAILED, with the text that is stored. `usage` is its cost, if the writer knows it.
    pub(super) async fn abandon(
        self: &Arc<Self>,
        generation_id: uuid::Uuid,
        condition: UpdateMany<generation::Entity>,
        usage: Option<TokenUsage>,
        cause: Error,
    ) -> Result<(), Error> {
        let this = self.clone();
        let abandon = async move {
            let tx = this.db.begin().await?;
            let is_it = Condition::all().add(generation::Column::Id.eq(generation_id));
            let Some(unsettled) = store::lock_unsettled(&tx, is_it).await?.pop() else {
                return Ok(tx.rollback().await?);
            };
            let (text, piece_ends) = store::stored_text(&tx, generation_id)
                .await
                .unwrap_or_default();
            let outcome = Outcome {
                status: Status::Failed,
                engine: unsettled.engine,
                model: None,
                text,
                piece_ends,
                sources: Vec::new(),
                usage: match usage {
                    Some(usage) => usage,
                    None => unsettled.usage(&tx).await?,
                },
                is_truncated: false,
                failure: Some(Failure::Interrupted),
            };
            let ending = unsettled.ending();
            if this.end_in(&tx, condition, &ending, &outcome).await? {
                tx.commit().await?;
                spans::fail_current(Failure::Interrupted.code());
                tracing::error!(
                    error = %cause,
                    "an answer cannot be written by any instance; it has failed"
                );
                this.publish_end(&ending, &outcome);
            }
            Ok(())
        };
        self.db.detached(abandon).await
    }

    /// Ends and announces a generation in a transaction. Returns whether there was anything left to end
    /// under the given condition.
    pub(super) async fn end_in(
        &self,
        tx: &impl ConnectionTrait,
        condition: UpdateMany<generation::Entity>,
        ending: &Ending,
        outcome: &Outcome,
    ) -> Result<bool, Error> {
        let prompt_version = self.advisors.prompt_version(outcome.engine);
        let now = self.clock.now();
        if !store::end(tx, condition, ending, outcome, prompt_version, now).await? {
            return Ok(false);
        }
        let ids = (ending.user_id, ending.reading_id);
        self.announce(tx, ids, News::Ended, Change::Changed).await?;
        Ok(true)
    }

    /// Logs and publishes an end that is committed.
    pub(super) fn ended(&self, ending: &Ending, outcome: &Outcome) {
        if let Some(failure) = outcome.failure {
            spans::fail_current(failure.code());
            tracing::error!(
                code = failure.code(),
                engine = ?outcome.engine,
                "an answer could not be written to its end"
            );
        }
        self.publish_end(ending, outcome);
    }

    fn publish_end(&self, ending: &Ending, outcome: &Outcome) {
        self.notifier.wake(ending.reading_id);
        self.publish(ending.user_id, ending.reading_id, Change::Changed);
        self.any_ended.notify_one();
        let TokenUsage { tokens, cost, .. } = outcome.usage;
        let code = outcome.failure.map(Failure::code);
        let (status, engine) = (outcome.status, outcome.engine);
        self.metrics.count_ended(status, engine, code, tokens, cost);
    }
}

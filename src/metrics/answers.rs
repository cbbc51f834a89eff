//! Metrics of answers that have ended.

use prometheus::{Counter, IntCounter, IntCounterVec, Registry};
use sea_orm::ActiveEnum;

use super::{Metrics, counters, registered};
use crate::entity::{
    generation,
    reading::{Advisor, Rating},
};

/// The label of what an answer does not have.
const NONE: &str = "NONE";

/// Answers that have ended.
pub(super) struct Answers {
    pub(super) ended: IntCounterVec,
    pub(super) tokens: IntCounter,
    pub(super) cost: Counter,
    rated: IntCounterVec,
}

impl Answers {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            ended: counters(
                registry,
                "mula_generations_ended_total",
                "Answers that ended, by how, who wrote them, and the code of their failure or NONE.",
                &["status", "engine", "code"],
            ),
            tokens: registered(
                registry,
                IntCounter::new("mula_tokens_total", "Tokens of the answers that ended."),
            ),
            cost: registered(
                registry,
                Counter::new(
                    "mula_cost_dollars_total",
                    "US dollars that the answers cost that ended.",
                ),
            ),
            rated: counters(
                registry,
                "mula_ratings_total",
                "Ratings that users gave, by the advisor, and what wrote the answer.",
                &["rating", "advisor", "engine", "model", "prompt"],
            ),
        }
    }
}

impl Metrics {
    /// Counts a rating of an answer.
    pub fn count_rated(&self, rating: Rating, advisor: Advisor, of: &generation::Model) {
        let (rating, advisor) = (rating.to_value(), advisor.to_value());
        let labels = [
            rating.as_str(),
            &advisor,
            &of.engine.to_value(),
            of.model.as_deref().unwrap_or(NONE),
            of.prompt_version.as_deref().unwrap_or(NONE),
        ];
        self.0.answers.rated.with_label_values(&labels).inc();
    }
}

//! Metrics of answers that have ended.

use prometheus::{Counter, IntCounter, IntCounterVec, Registry};

use super::{counters, registered};

/// Answers that have ended.
pub(super) struct Answers {
    pub(super) ended: IntCounterVec,
    pub(super) tokens: IntCounter,
    pub(super) cost: Counter,
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
        }
    }
}

//! Answers that cannot be read, or do not go on.

use super::{super::engine::Failure, Model, Stop};

impl Model {
    pub(super) fn malformed(&self, error: &serde_json::Error) -> Stop {
        // Not the error itself, which may repeat what it could not read.
        let (kind, column) = (error.classify(), error.column());
        self.log_malformed(&format!(
            "unexpected JSON ({kind:?}, column {column}) from the model's server"
        ));
        Stop::Ended(Failure::Malformed)
    }

    pub(super) fn log_malformed(&self, what: &str) {
        let code = Failure::Malformed.code();
        tracing::warn!(code, model = self.settings.name, "{what}");
    }

    pub(super) fn log_silence(&self) {
        let code = Failure::Timeout.code();
        tracing::warn!(
            code,
            model = self.settings.name,
            "the model is silent for too long"
        );
    }

    /// Some servers begin a stream and end it at once where the prompt is too long for them.
    pub(super) fn log_early_end(&self, is_empty: bool) {
        tracing::warn!(
            code = Failure::Cut.code(),
            setting = is_empty.then_some("MODEL_CONTEXT_TOKENS"),
            model = self.settings.name,
            "the model's stream ended before the answer"
        );
    }
}

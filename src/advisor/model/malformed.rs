//! Answers that cannot be read, or do not go on.

use super::{super::engine::Failure, LanguageModel, Stop};

impl LanguageModel {
    pub(super) fn malformed(&self, error: &serde_json::Error) -> Stop {
        // Not the error itself, which may repeat what it could not read.
        let (kind, column) = (error.classify(), error.column());
        self.unexpected(&format!(
            "unexpected JSON ({kind:?}, column {column}) from the model's server"
        ))
    }

    pub(super) fn unexpected(&self, what: &str) -> Stop {
        let code = Failure::Malformed.code();
        tracing::warn!(code, model = self.settings.name, "{what}");
        Stop::Ended(Failure::Malformed)
    }

    pub(super) fn silence(&self) -> Stop {
        let code = Failure::Timeout.code();
        tracing::warn!(
            code,
            model = self.settings.name,
            "the model is silent for too long"
        );
        Stop::Broken(Failure::Timeout)
    }

    /// Some servers begin a stream and end it at once where the prompt is too long for them.
    pub(super) fn early_end(&self, is_empty: bool) -> Stop {
        tracing::warn!(
            code = Failure::Cut.code(),
            setting = is_empty.then_some("MODEL_CONTEXT_TOKENS"),
            model = self.settings.name,
            "the model's stream ended before the answer"
        );
        Stop::Broken(Failure::Cut)
    }
}

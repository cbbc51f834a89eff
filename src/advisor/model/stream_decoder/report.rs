//! The log lines and the span of an answer.

use super::{
    super::{super::engine::Failure, client, fault::Fault},
    Finish, StreamDecoder,
};
use crate::spans::Span;

impl StreamDecoder<'_> {
    /// Logs an error that came within the answer, in the provider's words.
    pub(super) fn failed(&self, fault: &Fault) -> Failure {
        let failure = match fault.failure(None) {
            // The text so far shows that the question itself was accepted.
            Failure::QuestionFiltered if self.received > 0 => Failure::AnswerFiltered,
            failure => failure,
        };
        tracing::warn!(
            // The error came after it.
            status = 200,
            code = failure.code(),
            said = client::clean(&fault.words, self.settings, Some(self.prompt)),
            model = self.settings.name,
            "the model's server reported an error within an answer"
        );
        failure
    }

    pub(super) fn log_useless(&self, failure: Failure) {
        tracing::warn!(
            code = failure.code(),
            setting = failure.setting(),
            model = self.settings.name,
            "the model's answer cannot be used"
        );
    }

    pub(super) fn log_cut(&self, limit: &'static str) {
        tracing::warn!(
            limit,
            model = self.settings.name,
            "the model's answer is cut off at a limit"
        );
    }

    /// Sets what the provider reported of the answer, by OpenTelemetry's names.
    pub(in super::super) fn describe(&self, span: &Span) {
        if !self.model.is_empty() {
            span.set("gen_ai.response.model", self.model.clone());
        }
        if let Some(id) = &self.response_id {
            span.set("gen_ai.response.id", id.clone());
        }
        if let Some(finish) = self.finish {
            span.set_list("gen_ai.response.finish_reasons", [reason(finish)]);
        }
        let reported = &self.reported;
        for (name, tokens) in [
            ("gen_ai.usage.input_tokens", reported.input),
            ("gen_ai.usage.output_tokens", reported.output),
            ("gen_ai.usage.cache_read.input_tokens", reported.cached),
            ("gen_ai.usage.reasoning.output_tokens", reported.reasoning),
        ] {
            if let Some(tokens) = tokens {
                span.set(name, tokens);
            }
        }
    }
}

fn reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Complete => "stop",
        Finish::Truncated => "length",
        Finish::Failed(Failure::AnswerFiltered) => "content_filter",
        Finish::Failed(Failure::ToolCall) => "tool_calls",
        Finish::Failed(_) => "error",
    }
}

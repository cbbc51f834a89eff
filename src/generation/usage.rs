//! The usage of an answer so far: as its provider reported it, or else estimated.

use sea_orm::ConnectionTrait;

use super::{Error, Generations, buffer::AnswerBuffer, input};
use crate::{
    advisor::engine::{EngineInput, Failure, TokenUsage},
    entity::{
        generation,
        reading::{self, Engine},
    },
};

impl Generations {
    /// The usage of an answer that no writer continues.
    pub(super) async fn spent_so_far(
        &self,
        db: &impl ConnectionTrait,
        generation: &generation::Model,
        reading: &reading::Model,
        buffer: &AnswerBuffer,
    ) -> Result<TokenUsage, Error> {
        if generation.sent_at.is_none() {
            return Ok(TokenUsage::default());
        }
        let asked = input::asked(db, &self.advisors, generation, reading).await?;
        Ok(self.spent(generation.engine, &asked, buffer, None))
    }

    /// The usage of an answer so far: as reported, or else estimated.
    pub(super) fn spent(
        &self,
        engine: Engine,
        asked: &EngineInput,
        buffer: &AnswerBuffer,
        failure: Option<Failure>,
    ) -> TokenUsage {
        if let Some(usage) = buffer.usage {
            return usage;
        }
        let Some(model) = self.advisors.model().filter(|_| engine == Engine::Model) else {
            return TokenUsage::default();
        };
        match failure {
            Some(failure) if failure.is_refusal() && buffer.is_empty() => TokenUsage::default(),
            _ => model.estimate(&self.advisors.prompt(asked), &buffer.whole_text()),
        }
    }
}

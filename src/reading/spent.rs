//! The usage of an answer so far: as its provider reported it, or else estimated.

use sea_orm::ConnectionTrait;

use super::{Error, Readings, draft::Draft, thread};
use crate::{
    advisor::engine::{Asked, Failure, Usage},
    entity::{
        generation,
        reading::{self, Engine},
    },
};

impl Readings {
    /// The usage of an answer that no writer continues.
    pub(super) async fn spent_so_far(
        &self,
        db: &impl ConnectionTrait,
        generation: &generation::Model,
        reading: &reading::Model,
        draft: &Draft,
    ) -> Result<Usage, Error> {
        if generation.sent_at.is_none() {
            return Ok(Usage::default());
        }
        let asked = thread::asked(db, generation, reading).await?;
        Ok(self.spent(generation.engine, &asked, draft, None))
    }

    /// The usage of an answer so far: as reported, or else estimated.
    pub(super) fn spent(
        &self,
        engine: Engine,
        asked: &Asked,
        draft: &Draft,
        failure: Option<Failure>,
    ) -> Usage {
        if let Some(usage) = draft.usage {
            return usage;
        }
        let Some(model) = self.0.advisors.model().filter(|_| engine == Engine::Model) else {
            return Usage::default();
        };
        match failure {
            Some(failure) if failure.is_refusal() && draft.is_empty() => Usage::default(),
            _ => model.estimate(&self.0.advisors.prompt(asked), &draft.whole_text()),
        }
    }
}

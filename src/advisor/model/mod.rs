//! The engine that asks a language model over HTTP.

mod money;
mod prompt;

use tokio::sync::mpsc;

use super::engine::{Begun, Event, Failure, Position, Usage};
use crate::{
    config::{Dialect, Model as Settings},
    digest,
};
pub(super) use prompt::PASSAGES;
pub use prompt::Prompt;

/// A language model that answers.
#[derive(Clone, Debug)]
pub struct Model {
    settings: std::sync::Arc<Settings>,
    version: String,
    client: reqwest::Client,
}

impl Model {
    pub fn new(settings: Settings) -> Result<Self, reqwest::Error> {
        let version = digest::hex([
            prompt::version().as_str(),
            &settings.url,
            &format!("{:?}", settings.dialect),
            &settings.name,
            &settings.max_tokens.to_string(),
            &settings.web_search.to_string(),
        ]);
        Ok(Self {
            settings: settings.into(),
            version,
            client: reqwest::Client::builder().build()?,
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    #[must_use]
    pub fn has_fallback(&self) -> bool {
        self.settings.fallback
    }

    #[must_use]
    pub fn version(&self) -> String {
        self.version.clone()
    }

    #[must_use]
    pub fn can_resume(&self) -> bool {
        self.settings.dialect == Dialect::Responses && self.settings.background
    }

    pub async fn write(
        &self,
        _prompt: &Prompt,
        _begun: Begun,
        _out: &mpsc::Sender<Event>,
    ) -> Result<(), Failure> {
        let _ = &self.client;
        todo!()
    }

    pub async fn cancel(&self, _position: &Position) {
        todo!()
    }

    #[must_use]
    pub fn estimate(&self, prompt: &Prompt, text: &str) -> Usage {
        let input = money::tokens(prompt.instructions.len() + prompt.input.len());
        let output = money::tokens(text.len());
        Usage {
            tokens: i32::try_from(input + output).unwrap_or(i32::MAX),
            cost: money::cost(self.settings.prices, input, output),
            is_estimated: true,
        }
    }

    #[must_use]
    pub fn most(&self, prompt: &Prompt) -> i64 {
        let input = money::tokens_at_most(prompt.instructions.len() + prompt.input.len());
        money::cost(self.settings.prices, input, self.settings.max_tokens.into())
    }
}

//! One short question to the model, for `mula doctor --ask`: what its server and itself do with it.

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};

use super::{Begun, Change, EngineEvent, Failure, LanguageModel, Prompt, TokenUsage};

/// How it went.
#[derive(Debug, Default)]
pub struct Trial {
    /// Where it was asked.
    pub url: String,
    /// How the request had to be changed.
    pub changes: Vec<Change>,
    pub text: String,
    /// The model's own name.
    pub model: Option<String>,
    pub usage: Option<TokenUsage>,
    pub has_thought: bool,
    /// From the request to the first visible word, and to the end.
    pub first_word: Option<Duration>,
    pub took: Duration,
    pub failure: Option<Failure>,
}

impl LanguageModel {
    /// Asks.
    pub async fn try_out(&self) -> Trial {
        let begun = Instant::now();
        let (out, mut told) = mpsc::channel(16);
        let prompt = Prompt::trial();
        let writing = async move { self.write(&prompt, Begun::default(), &out).await };
        let listening = async {
            let mut trial = Trial::default();
            while let Some(event) = told.recv().await {
                match event {
                    EngineEvent::Text { text, .. } if !text.is_empty() => {
                        trial.first_word.get_or_insert_with(|| begun.elapsed());
                        trial.text += &text;
                    }
                    EngineEvent::Model(name) => trial.model = Some(name),
                    EngineEvent::Usage(usage) => trial.usage = Some(usage),
                    EngineEvent::Thinking(is_thinking) => trial.has_thought |= is_thinking,
                    EngineEvent::Retracted => trial.text.clear(),
                    EngineEvent::Text { .. } | EngineEvent::Source(_) | EngineEvent::Truncated => {}
                }
            }
            trial
        };
        let (written, trial) = tokio::join!(writing, listening);
        Trial {
            url: self.server.url().to_string(),
            changes: self.changes(),
            took: begun.elapsed(),
            failure: written.err(),
            ..trial
        }
    }
}

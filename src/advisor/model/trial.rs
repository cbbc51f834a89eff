//! One short question to the model, for `mula doctor --ask`: what its server and itself do with it.

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};

use super::{Begun, Change, Event, Failure, Model, Prompt, Usage};

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
    pub usage: Option<Usage>,
    pub has_thought: bool,
    /// From the request to the first visible word, and to the end.
    pub first_word: Option<Duration>,
    pub took: Duration,
    pub failure: Option<Failure>,
}

impl Model {
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
                    Event::Text { text, .. } if !text.is_empty() => {
                        trial.first_word.get_or_insert_with(|| begun.elapsed());
                        trial.text += &text;
                    }
                    Event::Model(name) => trial.model = Some(name),
                    Event::Usage(usage) => trial.usage = Some(usage),
                    Event::Thinking(is_thinking) => trial.has_thought |= is_thinking,
                    Event::Retracted => trial.text.clear(),
                    Event::Text { .. } | Event::Source(_) | Event::Truncated => {}
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

//! The built-in engine: an answer composed from the library and the cast, sent as a model's would be.
//! No model writes here, and nothing here pretends that one does.

use std::time::Duration;

use tokio::sync::mpsc;

use super::engine::{Begun, EngineEvent, Failure};
use crate::entity::Source;

/// Stands first in an answer that a language model was to write.
pub(super) const NOTICE: &str = "The language model could not answer just now. These words come from the \
                      library and the cast alone.";

/// A whole answer, and what it rests on in the order it is cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub sources: Vec<Source>,
}

/// Tells an answer word by word, from where it was begun, with a pause before each; or at once,
/// if there is to be none.
pub(super) async fn tell(
    answer: &Answer,
    begun: &Begun,
    pause: Duration,
    out: &mpsc::Sender<EngineEvent>,
) -> Result<(), Failure> {
    // What another version of us began cannot be gone on with.
    let rest = answer
        .text
        .strip_prefix(&begun.text)
        .ok_or(Failure::Interrupted)?;
    let text = |text: &str| EngineEvent::Text {
        text: text.to_owned(),
        position: None,
    };
    let mut sources = answer.sources.iter().enumerate().skip(begun.sources.len());
    let mut next = sources.next();
    if !pause.is_zero() {
        for word in rest.split_inclusive(' ') {
            tokio::time::sleep(pause).await;
            while let Some((index, source)) = next
                && word.contains(&format!("[{}]", index + 1))
            {
                send(out, EngineEvent::Source(source.clone())).await?;
                next = sources.next();
            }
            send(out, text(word)).await?;
        }
    }
    for (_, source) in next.into_iter().chain(sources) {
        send(out, EngineEvent::Source(source.clone())).await?;
    }
    if pause.is_zero() {
        send(out, text(rest)).await?;
    }
    Ok(())
}

async fn send(out: &mpsc::Sender<EngineEvent>, event: EngineEvent) -> Result<(), Failure> {
    // The receiver is gone.
    out.send(event).await.map_err(|_| Failure::Interrupted)
}

//! The engine that asks a language model over HTTP, in either of the two dialects that cover the
//! field, and streams what it answers.
//!
//! An answer costs money: a request is sent again only where nothing can have been paid for, and
//! a response that can be taken up again is. May use: the settings, and what engines share.

mod chat;
mod citations;
mod draft;
mod events;
#[cfg(fuzzing)]
pub mod fuzzing;
mod money;
mod probe;
mod prompt;
mod responses;
mod server;
mod wire;

use std::{sync::Arc, time::Duration};

use reqwest::{Response, header::CONTENT_TYPE};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::engine::{Begun, Event, Failure, Position, Usage};
use crate::{
    config::{Dialect, Model as Settings},
    digest,
};
use draft::Draft;
use events::Events;
pub use probe::Probe;
pub(super) use prompt::PASSAGES;
pub use prompt::Prompt;
use server::Server;
use wire::{Part, Reported};

/// How often a broken stream is taken up again.
const REATTACHMENTS: u32 = 5;

/// How long after its end an answer's stream may still tell what it has cost.
const AFTERWORD: Duration = Duration::from_secs(2);

/// How long telling a provider to stop may take.
const CANCEL: Duration = Duration::from_secs(5);

/// A language model that answers. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Model {
    settings: Arc<Settings>,
    version: String,
    server: Server,
}

/// Why a stream is not read on.
enum Stop {
    /// It broke, or is silent: the response itself may go on.
    Broken(Failure),
    /// There is no more.
    Ended(Failure),
}

impl Model {
    /// # Errors
    ///
    /// If the system has no certificates to know a server by.
    pub fn new(settings: Settings) -> Result<Self, reqwest::Error> {
        let version = digest::hex([
            prompt::version().as_str(),
            &settings.url,
            &format!("{:?}", settings.dialect),
            &settings.name,
            &settings.max_tokens.to_string(),
            &settings.web_search.to_string(),
        ]);
        let settings = Arc::new(settings);
        Ok(Self {
            server: Server::new(settings.clone())?,
            settings,
            version,
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Whether the built-in advisor answers when this one cannot.
    #[must_use]
    pub fn has_fallback(&self) -> bool {
        self.settings.fallback
    }

    /// Changes whenever the same question could be answered otherwise.
    #[must_use]
    pub fn version(&self) -> String {
        self.version.clone()
    }

    /// Whether a response can be taken up again, also after a restart.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        self.settings.dialect == Dialect::Responses && self.settings.background
    }

    /// What an answer as far as `text` will have cost, nobody having reported it: a token for
    /// every four bytes, and the configured prices.
    #[must_use]
    pub fn estimate(&self, prompt: &Prompt, text: &str) -> Usage {
        let guess = (prompt.tokens(), money::tokens(text.len()));
        Reported::default().usage(self.settings.prices, guess)
    }

    /// The most an answer can cost, in nano-dollars, by the configured prices; 0 without them. The
    /// prompt is taken for twice as many tokens as it is likely to have.
    #[must_use]
    pub fn most(&self, prompt: &Prompt) -> i64 {
        let input = prompt.tokens() * 2;
        money::cost(self.settings.prices, input, self.settings.max_tokens.into())
    }

    /// Writes the answer, or the rest of one that was begun and has a position. All of it goes to
    /// `out`, and waits while that is full; once nobody listens there it stops. Dropping the
    /// future closes the connection.
    ///
    /// # Errors
    ///
    /// Why the answer is not whole. What there is of it has been told.
    pub async fn write(
        &self,
        prompt: &Prompt,
        begun: Begun,
        out: &mpsc::Sender<Event>,
    ) -> Result<(), Failure> {
        let mut draft = Draft::new(&self.settings, prompt, begun, out);
        tokio::select! {
            biased;
            () = out.closed() => Err(Failure::Cut),
            result = async {
                let result = self.write_to(&mut draft, prompt, out).await;
                draft.end().await?;
                result
            } => result,
        }
    }

    /// Asks, and takes a response that breaks up again where that can be done.
    async fn write_to(
        &self,
        draft: &mut Draft<'_>,
        prompt: &Prompt,
        out: &mpsc::Sender<Event>,
    ) -> Result<(), Failure> {
        let timeouts = self.settings.timeouts;
        let end = Instant::now() + timeouts.total;
        let first_word = || end.min(Instant::now() + timeouts.first_token);
        let mut by = first_word();
        let mut response = None;
        if draft.position().is_none() {
            let body = match self.settings.dialect {
                Dialect::Chat => chat::request(&self.settings, prompt),
                Dialect::Responses => responses::request(&self.settings, prompt),
            };
            let request = self.server.ask(&body);
            response = Some(self.server.send(&request, prompt, by).await?);
        }
        let mut failure = Failure::Cut;
        for attempt in 0.. {
            if let Some(response) = response.take() {
                match self.read(response, draft, by, end).await {
                    Ok(()) => return Ok(()),
                    Err(Stop::Ended(failure)) => return Err(failure),
                    Err(Stop::Broken(broken)) => failure = broken,
                }
            }
            let Some(position) = draft.position().filter(|_| self.can_resume()) else {
                break;
            };
            if attempt == REATTACHMENTS || out.is_closed() {
                break;
            }
            if attempt > 0 {
                let pause = server::backoff(attempt - 1);
                tokio::time::sleep_until(end.min(Instant::now() + pause)).await;
            }
            if Instant::now() >= end {
                return Err(Failure::Timeout);
            }
            by = first_word();
            tracing::info!(sequence = position.sequence, "taking a response up again");
            let request = self.server.rest(position);
            match self.server.send_once(request, Some(prompt), by).await {
                Ok(rest) => response = Some(rest),
                // It is gone.
                Err(refused) if refused.failure == Failure::Rejected => return Err(Failure::Cut),
                Err(_) => {}
            }
        }
        Err(failure)
    }

    /// Reads a response to its end. Its first word has to come `by` then, all of it by `end`.
    async fn read(
        &self,
        response: Response,
        draft: &mut Draft<'_>,
        mut by: Instant,
        end: Instant,
    ) -> Result<(), Stop> {
        let media_type = response.headers().get(CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
        if media_type.contains("json") {
            return self.read_whole(response, draft, by).await;
        }
        if media_type.contains("html") {
            tracing::warn!("the model's server answers with a page");
            return Err(Stop::Ended(Failure::Malformed));
        }
        let timeouts = self.settings.timeouts;
        let mut events = Events::of(response);
        loop {
            let data = match timeout_at(by, events.next()).await {
                Ok(Ok(Some(data))) => data,
                // A broken connection does not undo what is whole.
                _ if draft.is_finished() => return Ok(()),
                Ok(Ok(None) | Err(Failure::Cut)) => return Err(Stop::Broken(Failure::Cut)),
                Ok(Err(failure)) => return Err(Stop::Ended(failure)),
                Err(_) => {
                    tracing::warn!("the model is silent for too long");
                    return Err(Stop::Broken(Failure::Timeout));
                }
            };
            let is_last = data.trim() == "[DONE]";
            let read = match self.settings.dialect {
                // Some servers give no other reason to end.
                _ if is_last => Ok((None, vec![Part::Finished])),
                Dialect::Chat => chat::read(&data).map(|parts| (None, parts)),
                Dialect::Responses => responses::read(&data),
            };
            let (sequence, parts) = match read {
                Ok(read) => read,
                Err(_) if draft.is_finished() => return Ok(()),
                Err(error) => return Err(malformed(&error)),
            };
            let was_finished = draft.is_finished();
            let goes_on = match draft.take(sequence, parts).await {
                Ok(goes_on) => goes_on,
                Err(_) if was_finished => return Ok(()),
                Err(failure) => return Err(Stop::Ended(failure)),
            };
            if draft.is_finished() {
                if is_last || self.settings.dialect == Dialect::Responses {
                    events.leave();
                    return Ok(());
                }
                // Some servers tell the usage last.
                by = end.min(Instant::now() + timeouts.idle.min(AFTERWORD));
            } else if goes_on {
                by = end.min(Instant::now() + timeouts.idle);
            }
        }
    }

    /// Reads an answer that comes in one piece.
    async fn read_whole(
        &self,
        response: Response,
        draft: &mut Draft<'_>,
        by: Instant,
    ) -> Result<(), Stop> {
        if draft.position().is_some() {
            // Where the text that is known ends in it, nobody can say.
            return Err(Stop::Ended(Failure::Cut));
        }
        let body = match server::read(response, events::LONGEST, by).await {
            Ok(body) => String::from_utf8_lossy(&body).into_owned(),
            Err(failure) => return Err(Stop::Ended(failure)),
        };
        let parts = match self.settings.dialect {
            Dialect::Chat => chat::read(&body),
            Dialect::Responses => responses::read_whole(&body),
        };
        let parts = parts.map_err(|error| malformed(&error))?;
        draft.take(None, parts).await.map_err(Stop::Ended)?;
        if draft.is_finished() {
            return Ok(());
        }
        tracing::warn!("the model's server answers with something else");
        Err(Stop::Ended(Failure::Malformed))
    }

    /// Tells the provider to stop a response that would go on by itself. Does nothing where a
    /// closed connection is enough; what goes wrong is logged.
    pub async fn cancel(&self, position: &Position) {
        if self.can_resume() {
            let request = self.server.cancel(position);
            // Whatever becomes of it is in the log.
            let _ = self
                .server
                .send_once(request, None, Instant::now() + CANCEL)
                .await;
        }
    }
}

fn malformed(error: &serde_json::Error) -> Stop {
    // Not the error itself, which may repeat what it could not read.
    let (kind, column) = (error.classify(), error.column());
    tracing::warn!(
        ?kind,
        column,
        "the model's server sends JSON that is none we know"
    );
    Stop::Ended(Failure::Malformed)
}

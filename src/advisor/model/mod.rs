//! The engine that asks a language model over HTTP, in either of the two dialects that cover the
//! field, and streams what it answers.
//!
//! An answer costs money: a request is sent again only where nothing can have been paid for, and
//! a response that can be taken up again is.

mod adaptation;
mod address;
mod chat;
mod citations;
mod client;
mod deadlines;
mod events;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod malformed;
mod markup;
mod memory;
mod money;
mod opening;
mod pace;
mod plain;
mod probe;
mod prompt;
mod repetition;
mod responses;
mod stream_decoder;
mod template;
mod thinking;
mod tokens;
mod trial;
mod usage;
mod wire;

use std::{sync::Arc, time::Duration};

use reqwest::{Response, StatusCode, header::CONTENT_TYPE};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::engine::{Begun, EngineEvent, Failure, Position, TokenUsage};
use crate::{
    config::{Dialect, ModelSettings},
    digest,
};
pub use adaptation::Change;
use client::ProviderClient;
use deadlines::{Deadlines, Heard};
use events::Events;
use fault::Fault;
pub use probe::Probe;
pub use prompt::Prompt;
pub(super) use prompt::{PASSAGES, Parts};
use stream_decoder::StreamDecoder;
use thinking::Habits;
pub use trial::Trial;
use usage::Reported;
use wire::{Finish, StreamEvent};

/// How often a broken stream is taken up again.
const REATTACHMENTS: u32 = 5;

/// How long telling a provider to stop may take.
const CANCEL: Duration = Duration::from_secs(5);

/// A language model that answers. Clones share their connections.
#[derive(Clone, Debug)]
pub struct LanguageModel {
    settings: Arc<ModelSettings>,
    version: String,
    server: ProviderClient,
    habits: Arc<Habits>,
}

/// Why a stream is not read on.
enum Stop {
    /// It broke, or is silent: the response itself may go on.
    Broken(Failure),
    /// There is no more.
    Ended(Failure),
}

impl LanguageModel {
    /// # Errors
    ///
    /// If the system has no certificates to know a server by.
    pub fn new(settings: ModelSettings) -> Result<Self, reqwest::Error> {
        let version = digest::hash_parts([
            prompt::version().as_str(),
            &settings.url,
            &format!("{:?}", settings.dialect),
            &settings.name,
            &settings.max_tokens.to_string(),
            &settings.max_bytes.to_string(),
            &settings.context_tokens.to_string(),
            &settings.web_search.to_string(),
        ]);
        let settings = Arc::new(settings);
        Ok(Self {
            server: ProviderClient::new(settings.clone())?,
            habits: Arc::new(Habits::of(&settings.name)),
            settings,
            version,
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// How requests differ from the usual ones for this server, as far as it has shown.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        self.server.changes()
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

    /// An estimate of an answer's usage up to `text`, where the provider reported none: a token for
    /// every four bytes, at the configured prices.
    #[must_use]
    pub fn estimate(&self, prompt: &Prompt, text: &str) -> TokenUsage {
        let guess = (prompt.tokens(), money::tokens(text.len()));
        Reported::default().usage(self.settings.prices, guess)
    }

    /// Whether prices are configured.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.settings.prices.is_some()
    }

    /// The most an answer can cost, in nano-dollars, by the configured prices; 0 without them. The
    /// prompt is taken for twice as many tokens as it is likely to have.
    #[must_use]
    pub fn max_cost(&self, prompt: &Prompt) -> i64 {
        let input = prompt.tokens() * 2;
        money::cost(self.settings.prices, input, self.settings.max_tokens.into())
    }

    /// Writes the answer, or the rest of one that was begun and has a position. All of it goes to
    /// `out`, and waits while that is full; once its receiver is gone it stops. Dropping the
    /// future closes the connection.
    ///
    /// # Errors
    ///
    /// Why the answer is not complete. What there is of it has been sent.
    pub async fn write(
        &self,
        prompt: &Prompt,
        begun: Begun,
        out: &mpsc::Sender<EngineEvent>,
    ) -> Result<(), Failure> {
        let mut draft = StreamDecoder::new(&self.settings, prompt, &self.habits, begun, out);
        let span = self.server.span();
        let writing = async {
            let result = self.write_to(&mut draft, prompt, out).await;
            draft.describe(&span);
            draft.end(result).await
        };
        let result = tokio::select! {
            biased;
            () = out.closed() => Err(Failure::Cut),
            result = span.within(Box::pin(writing)) => result,
        };
        if let Err(failure) = result {
            span.fail(failure.code());
        }
        result
    }

    /// Asks, and takes a response that breaks up again where that can be done.
    async fn write_to(
        &self,
        draft: &mut StreamDecoder<'_>,
        prompt: &Prompt,
        out: &mpsc::Sender<EngineEvent>,
    ) -> Result<(), Failure> {
        let mut clock = Deadlines::new(self.settings.timeouts);
        let mut response = None;
        if draft.position().is_none() {
            response = Some(self.ask(prompt, clock.by()).await?);
        }
        let mut failure = Failure::Cut;
        let first = self.server.url().clone();
        for attempt in 0.. {
            if let Some(response) = response.take() {
                match self.read(response, draft, &mut clock).await {
                    Ok(()) => return Ok(()),
                    // LM Studio says so with status 200.
                    Err(Stop::Ended(Failure::WrongAddress))
                        if !draft.has_text() && self.server.other_address(&first) =>
                    {
                        return self.ask_elsewhere(draft, prompt, &mut clock).await;
                    }
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
                let pause = pace::backoff(attempt - 1);
                tokio::time::sleep_until(clock.end().min(Instant::now() + pause)).await;
            }
            if Instant::now() >= clock.end() {
                return Err(Failure::Timeout);
            }
            clock.begin();
            tracing::info!(sequence = position.sequence, "taking a response up again");
            let request = self.server.rest(position);
            match self.server.send_once(request, clock.by()).await {
                Ok(rest) => response = Some(rest),
                Err(refused) => {
                    self.server.log(&refused, Some(prompt));
                    // It is gone.
                    if refused.status.is_some_and(|status| {
                        status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
                    }) {
                        return Err(Failure::Cut);
                    }
                }
            }
        }
        Err(failure)
    }

    async fn ask(&self, prompt: &Prompt, by: Instant) -> Result<Response, Failure> {
        let body = match self.settings.dialect {
            Dialect::Chat => chat::request(&self.settings, prompt),
            Dialect::Responses => responses::request(&self.settings, prompt),
        };
        self.server.ask(&body, prompt, by).await
    }

    /// Asks at the address that was not tried yet.
    async fn ask_elsewhere(
        &self,
        draft: &mut StreamDecoder<'_>,
        prompt: &Prompt,
        clock: &mut Deadlines,
    ) -> Result<(), Failure> {
        let response = self.ask(prompt, clock.by()).await?;
        match self.read(response, draft, clock).await {
            Ok(()) => Ok(()),
            Err(Stop::Ended(failure) | Stop::Broken(failure)) => Err(failure),
        }
    }

    /// Reads a response to its end.
    async fn read(
        &self,
        response: Response,
        draft: &mut StreamDecoder<'_>,
        clock: &mut Deadlines,
    ) -> Result<(), Stop> {
        let media_type = media_type(&response);
        if media_type.contains("json") {
            return self.read_whole(response, draft, clock.by()).await;
        }
        if media_type.contains("html") {
            return Err(self.unexpected("the model's server answers with a page"));
        }
        let mut events = Events::of(response, self.settings.name.clone());
        let mut arrivals = events.arrivals();
        loop {
            let data = match timeout_at(clock.by(), events.next()).await {
                Ok(Ok(Some(data))) => data,
                // A broken connection does not undo what is complete.
                Ok(Ok(None)) if draft.is_finished() => return Ok(()),
                Ok(Err(_)) | Err(_) if draft.is_surely_finished() => return Ok(()),
                Err(_) if arrivals != events.arrivals() && clock.keep_alive() => {
                    arrivals = events.arrivals();
                    continue;
                }
                Ok(Ok(None)) => return Err(self.early_end(arrivals == 0)),
                Ok(Err(Failure::Cut)) => return Err(Stop::Broken(Failure::Cut)),
                Ok(Err(failure)) => return Err(Stop::Ended(failure)),
                Err(_) => return Err(self.silence()),
            };
            arrivals = events.arrivals();
            let is_done = data.text.trim() == "[DONE]";
            let is_responses = self.settings.dialect == Dialect::Responses;
            let read = match data.text.as_str() {
                // Some servers give no other reason to end.
                _ if is_done => Ok((None, vec![StreamEvent::Finish(Finish::Complete)])),
                body if data.is_error => Ok((None, vec![StreamEvent::Fault(Fault::of_body(body))])),
                event if is_responses => responses::read(event),
                event => chat::read(event).map(|parts| (None, parts)),
            };
            let (sequence, parts) = match read {
                Ok(read) => read,
                Err(_) if draft.is_surely_finished() => return Ok(()),
                Err(error) => return Err(self.malformed(&error)),
            };
            let was_finished = draft.is_surely_finished();
            let heard = match draft.take(sequence, parts).await {
                Ok(heard) => heard,
                Err(_) if was_finished => return Ok(()),
                Err(failure) => return Err(Stop::Ended(failure)),
            };
            if draft.is_enough() {
                return Ok(());
            }
            if is_done || (draft.is_finished() && is_responses) {
                events.leave();
                return Ok(());
            }
            if draft.is_surely_finished() {
                // Some servers tell the usage last.
                clock.afterword();
            } else if is_responses {
                clock.note(heard.max(Heard::Life));
            } else {
                clock.note(heard);
            }
        }
    }

    /// Reads an answer that comes in one piece.
    async fn read_whole(
        &self,
        response: Response,
        draft: &mut StreamDecoder<'_>,
        by: Instant,
    ) -> Result<(), Stop> {
        if draft.position().is_some() {
            // Where the stored text ends in it is unknown.
            return Err(Stop::Ended(Failure::Cut));
        }
        let body = match client::read(response, events::LONGEST, by).await {
            Ok(body) => String::from_utf8_lossy(&body).into_owned(),
            Err(failure) => return Err(Stop::Ended(failure)),
        };
        let parts = match self.settings.dialect {
            Dialect::Chat => chat::read(&body),
            Dialect::Responses => responses::read_whole(&body),
        };
        let parts = parts.map_err(|error| self.malformed(&error))?;
        draft.take(None, parts).await.map_err(Stop::Ended)?;
        if draft.is_finished() {
            return Ok(());
        }
        Err(self.unexpected("the model's server answers with something else"))
    }

    /// Tells the provider to stop a response that would go on by itself. Does nothing where a
    /// closed connection is enough; what goes wrong is logged.
    pub async fn cancel(&self, position: &Position) {
        if self.can_resume() {
            let request = self.server.cancel(position);
            let cancelled = self.server.send_once(request, Instant::now() + CANCEL);
            if let Err(refused) = cancelled.await {
                self.server.log(&refused, None);
            }
        }
    }
}

fn media_type(response: &Response) -> String {
    let media_type = response.headers().get(CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    media_type.unwrap_or_default().to_ascii_lowercase()
}

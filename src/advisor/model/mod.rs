//! The engine that asks a language model over HTTP, in either of the two dialects that cover the
//! field, and streams what it answers.
//!
//! An answer costs money: a request is sent again only where nothing can have been paid for, and
//! a response that can be taken up again is. May use: the settings, and what engines share.

mod adaptation;
mod address;
mod chat;
mod citations;
mod deadlines;
mod draft;
mod events;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod malformed;
mod markup;
mod money;
mod opening;
mod pace;
mod plain;
mod probe;
mod prompt;
mod repetition;
mod responses;
mod server;
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

use super::engine::{Begun, Event, Failure, Position, Usage};
use crate::{
    config::{Dialect, Model as Settings},
    digest,
};
pub use adaptation::Change;
use deadlines::{Deadlines, Heard};
use draft::Draft;
use events::Events;
use fault::Fault;
pub use probe::Probe;
pub(super) use prompt::PASSAGES;
pub use prompt::Prompt;
use server::Server;
use thinking::Habits;
pub use trial::Trial;
use usage::Reported;
use wire::{Finish, Part};

/// How often a broken stream is taken up again.
const REATTACHMENTS: u32 = 5;

/// How long telling a provider to stop may take.
const CANCEL: Duration = Duration::from_secs(5);

/// A language model that answers. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Model {
    settings: Arc<Settings>,
    version: String,
    server: Server,
    habits: Arc<Habits>,
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
            &settings.max_bytes.to_string(),
            &settings.context_tokens.to_string(),
            &settings.web_search.to_string(),
        ]);
        let settings = Arc::new(settings);
        Ok(Self {
            server: Server::new(settings.clone())?,
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

    /// Whether a prompt leaves room for the answer. Most servers refuse one that does not; some cut
    /// it from the front, where the instructions are.
    #[must_use]
    pub(super) fn fits(&self, prompt: &Prompt) -> bool {
        let most = i64::from(self.settings.context_tokens);
        prompt.most_tokens() + i64::from(self.settings.max_tokens) <= most
    }

    /// An estimate of an answer's usage up to `text`, where the provider reported none: a token for
    /// every four bytes, at the configured prices.
    #[must_use]
    pub fn estimate(&self, prompt: &Prompt, text: &str) -> Usage {
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
    /// Why the answer is not complete. What there is of it has been told.
    pub async fn write(
        &self,
        prompt: &Prompt,
        begun: Begun,
        out: &mpsc::Sender<Event>,
    ) -> Result<(), Failure> {
        let mut draft = Draft::new(&self.settings, prompt, &self.habits, begun, out);
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
        draft: &mut Draft<'_>,
        prompt: &Prompt,
        out: &mpsc::Sender<Event>,
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
        draft: &mut Draft<'_>,
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
        draft: &mut Draft<'_>,
        clock: &mut Deadlines,
    ) -> Result<(), Stop> {
        let media_type = response.headers().get(CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
        if media_type.contains("json") {
            return self.read_whole(response, draft, clock.by()).await;
        }
        if media_type.contains("html") {
            self.log_malformed("the model's server answers with a page");
            return Err(Stop::Ended(Failure::Malformed));
        }
        let mut events = Events::of(response, self.settings.name.clone());
        let mut arrivals = events.arrivals();
        loop {
            let data = match timeout_at(clock.by(), events.next()).await {
                Ok(Ok(Some(data))) => data,
                // A broken connection does not undo what is complete.
                Ok(Ok(None)) if draft.is_finished() => return Ok(()),
                Ok(Err(_)) | Err(_) if draft.is_surely_finished() => return Ok(()),
                Ok(Ok(None)) => {
                    self.log_early_end(arrivals == 0);
                    return Err(Stop::Broken(Failure::Cut));
                }
                Ok(Err(Failure::Cut)) => return Err(Stop::Broken(Failure::Cut)),
                Ok(Err(failure)) => return Err(Stop::Ended(failure)),
                Err(_) if arrivals != events.arrivals() && clock.keep_alive() => {
                    arrivals = events.arrivals();
                    continue;
                }
                Err(_) => {
                    self.log_silence();
                    return Err(Stop::Broken(Failure::Timeout));
                }
            };
            arrivals = events.arrivals();
            let is_done = data.text.trim() == "[DONE]";
            let read = match self.settings.dialect {
                // Some servers give no other reason to end.
                _ if is_done => Ok((None, vec![Part::Finish(Finish::Complete)])),
                _ if data.is_error => Ok((None, vec![Part::Fault(Fault::of_body(&data.text))])),
                Dialect::Chat => chat::read(&data.text).map(|parts| (None, parts)),
                Dialect::Responses => responses::read(&data.text),
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
            if is_done || (draft.is_finished() && self.settings.dialect == Dialect::Responses) {
                events.leave();
                return Ok(());
            }
            if draft.is_surely_finished() {
                // Some servers tell the usage last.
                clock.afterword();
            } else {
                let is_event = self.settings.dialect == Dialect::Responses;
                clock.note(if is_event {
                    heard.max(Heard::Life)
                } else {
                    heard
                });
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
        let parts = parts.map_err(|error| self.malformed(&error))?;
        draft.take(None, parts).await.map_err(Stop::Ended)?;
        if draft.is_finished() {
            return Ok(());
        }
        self.log_malformed("the model's server answers with something else");
        Err(Stop::Ended(Failure::Malformed))
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

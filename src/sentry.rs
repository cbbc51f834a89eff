//! Reports errors of ours to Sentry (<https://develop.sentry.dev/sdk/foundations/envelopes/>), or a server
//! with the same protocol: what is logged at the level ERROR, with the ids of its request, user, reading and
//! generation, which find the rest in the log. No other data of users is sent. The message of a panic may
//! repeat a user's text, and is left out.
//!
//! Sentry's own client would bring a second HTTP client; of its crates this is the protocol alone.

use std::{borrow::Cow, fmt, time::Duration};

use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use sentry_types::protocol::v7::{Envelope, Event, Level, User};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
};
use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Filter};

use crate::{error::root_cause, request_context};
pub use sentry_types::Dsn;

/// Queued events. In an incident there are many, and alike: the rest is in the log.
const QUEUE: usize = 100;

/// Time limits of sending an event, and of sending the rest when the service stops.
const TIMEOUT: Duration = Duration::from_secs(10);
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Pause after a response 429 without `Retry-After`.
const PAUSE: Duration = Duration::from_mins(1);

/// The target prefix of our own log events; libraries report to their callers.
const OURS: &str = "mula";

/// Queues an event for each error that is logged.
pub struct Layer {
    events: Sender<Event<'static>>,
    environment: &'static str,
}

/// Sends queued events until it is stopped.
pub struct Reporting {
    sending: JoinHandle<()>,
    stop: tokio_util::sync::CancellationToken,
}

/// Starts to send what the layer queues.
///
/// # Errors
///
/// If the HTTP client cannot be made.
pub fn start(dsn: Dsn, environment: &'static str) -> Result<(Layer, Reporting), reqwest::Error> {
    let http = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let (sender, events) = mpsc::channel(QUEUE);
    let stop = tokio_util::sync::CancellationToken::new();
    let sending = tokio::spawn(send(events, http, dsn, stop.clone()));
    let layer = Layer {
        events: sender,
        environment,
    };
    Ok((layer, Reporting { sending, stop }))
}

impl Reporting {
    /// Sends what is queued, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        // Events that cannot be sent in time are in the log.
        let _ = tokio::time::timeout(STOP_TIMEOUT, self.sending).await;
    }
}

/// Lets errors of ours through, and no library's.
pub struct Errors;

fn is_reported(of: &Metadata<'_>) -> bool {
    *of.level() == tracing::Level::ERROR
        && of.is_event()
        && of.target().split("::").next() == Some(OURS)
}

impl<S> Filter<S> for Errors {
    fn enabled(&self, of: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        is_reported(of)
    }

    fn callsite_enabled(&self, of: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        if is_reported(of) {
            tracing::subscriber::Interest::always()
        } else {
            tracing::subscriber::Interest::never()
        }
    }
}

impl<S: Subscriber> tracing_subscriber::Layer<S> for Layer {
    fn on_event(&self, logged: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut event = Event {
            level: Level::Error,
            logger: Some(logged.metadata().target().to_owned()),
            release: Some(Cow::Borrowed(concat!("mula@", env!("CARGO_PKG_VERSION")))),
            environment: Some(Cow::Borrowed(self.environment)),
            ..Event::default()
        };
        logged.record(&mut Fields(&mut event));
        let context = request_context::TaskContext::current();
        if let Some(id) = context.request_id() {
            event.tags.insert("request_id".to_owned(), id.to_owned());
        }
        for (name, id) in context.ids() {
            let Some(id) = id.map(|id| id.to_string()) else {
                continue;
            };
            if name == "user" {
                event.user = Some(User {
                    id: Some(id),
                    ..User::default()
                });
            } else {
                event.tags.insert(name.to_owned(), id);
            }
        }
        if let Some(request) = request_context::current() {
            event.transaction = request.operation().map(|operation| {
                let request_context::Operation { kind, field } = operation;
                format!("{kind} {field}")
            });
        }
        // Full: enough of them are on their way.
        let _ = self.events.try_send(event);
    }
}

/// Copies the fields of a logged event.
struct Fields<'a>(&'a mut Event<'static>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.0.message = Some(format!("{value:?}")),
            "panic" => {}
            name => {
                let text = format!("{value:?}");
                self.0.extra.insert(name.to_owned(), text.into());
            }
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

async fn send(
    mut events: Receiver<Event<'static>>,
    http: reqwest::Client,
    dsn: Dsn,
    stop: tokio_util::sync::CancellationToken,
) {
    loop {
        let next = tokio::select! {
            biased;
            event = events.recv() => event,
            () = stop.cancelled() => None,
        };
        let Some(event) = next else {
            return;
        };
        let pause = match post(&http, &dsn, event).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(error = %root_cause(&error), "cannot send an event to Sentry");
                None
            }
        };
        if let Some(pause) = pause {
            tracing::warn!(?pause, "Sentry limits the rate of events");
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return;
            }
        }
    }
}

/// Returns the pause that Sentry asks for.
async fn post(
    http: &reqwest::Client,
    dsn: &Dsn,
    event: Event<'static>,
) -> Result<Option<Duration>, reqwest::Error> {
    let mut envelope = Envelope::new();
    envelope.add_item(event);
    let mut body = Vec::new();
    envelope
        .to_writer(&mut body)
        .expect("what is written to memory is written");
    let client = concat!("mula/", env!("CARGO_PKG_VERSION"));
    let answer = http
        .post(dsn.envelope_api_url())
        .header("x-sentry-auth", dsn.to_auth(Some(client)).to_string())
        .header(CONTENT_TYPE, "application/x-sentry-envelope")
        .body(body)
        .send()
        .await?;
    if answer.status() != StatusCode::TOO_MANY_REQUESTS {
        answer.error_for_status()?;
        return Ok(None);
    }
    let after = answer.headers().get(RETRY_AFTER);
    let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
    Ok(Some(after.map_or(PAUSE, Duration::from_secs)))
}

//! Tells Sentry (<https://develop.sentry.dev/sdk/foundations/envelopes/>), or what speaks as it does,
//! of what is logged as an error: a fault of ours, with the ids of its request, user, reading and
//! generation, which find the rest in the log. Nothing else of users is told; what a panic says may
//! repeat a text of theirs, and stays here.
//!
//! Sentry's own client would bring another one of HTTP; of its crates this is the protocol alone.
//!
//! May use: `request` (whom an error is of), `cause`.

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

use crate::{cause, request};
pub use sentry_types::Dsn;

/// Events that wait to be sent. When something is wrong there are many, and alike: the rest is in
/// the log.
const QUEUE: usize = 100;

/// How long sending one may take, and the last of them when the service stops.
const TIMEOUT: Duration = Duration::from_secs(10);
const LAST: Duration = Duration::from_secs(2);

/// How long nothing is sent when that is asked for without a time.
const PAUSE: Duration = Duration::from_mins(1);

/// The target prefix of our own log events; libraries report to their callers.
const OURS: &str = "mula";

/// Hears what is logged.
pub struct Layer {
    events: Sender<Event<'static>>,
    environment: &'static str,
}

/// Sends what was heard, until it is stopped.
pub struct Reporting {
    sending: JoinHandle<()>,
    stop: tokio_util::sync::CancellationToken,
}

/// Starts to tell Sentry what the layer hears.
///
/// # Errors
///
/// If the client of HTTP cannot be made.
pub fn start(dsn: Dsn, environment: &'static str) -> Result<(Layer, Reporting), reqwest::Error> {
    let http = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let (events, heard) = mpsc::channel(QUEUE);
    let stop = tokio_util::sync::CancellationToken::new();
    let sending = tokio::spawn(send(heard, http, dsn, stop.clone()));
    let layer = Layer {
        events,
        environment,
    };
    Ok((layer, Reporting { sending, stop }))
}

impl Reporting {
    /// Sends what there is, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        // What cannot be told in time is in the log.
        let _ = tokio::time::timeout(LAST, self.sending).await;
    }
}

/// Lets errors of ours through.
pub struct Errors;

fn is_told(of: &Metadata<'_>) -> bool {
    *of.level() == tracing::Level::ERROR
        && of.is_event()
        && of.target().split("::").next() == Some(OURS)
}

impl<S> Filter<S> for Errors {
    fn enabled(&self, of: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        is_told(of)
    }

    fn callsite_enabled(&self, of: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        if is_told(of) {
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
        logged.record(&mut Words(&mut event));
        let known = request::Context::current();
        if let Some(id) = known.request_id() {
            event.tags.insert("request_id".to_owned(), id.to_owned());
        }
        for (name, id) in known.ids() {
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
        if let Some(request) = request::current() {
            event.transaction = request.operation().map(|operation| {
                let request::Operation { kind, field } = operation;
                format!("{kind} {field}")
            });
        }
        // Full: Sentry knows by now that something is wrong.
        let _ = self.events.try_send(event);
    }
}

/// Takes over what an event says.
struct Words<'a>(&'a mut Event<'static>);

impl Visit for Words<'_> {
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
    mut heard: Receiver<Event<'static>>,
    http: reqwest::Client,
    dsn: Dsn,
    stop: tokio_util::sync::CancellationToken,
) {
    loop {
        let next = tokio::select! {
            biased;
            event = heard.recv() => event,
            () = stop.cancelled() => None,
        };
        let Some(event) = next else {
            return;
        };
        let pause = match post(&http, &dsn, event).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(error = %cause::root(&error), "an error cannot be told to Sentry");
                None
            }
        };
        if let Some(pause) = pause {
            tracing::warn!(?pause, "Sentry wants to hear no more for now");
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

/// Returns how long Sentry wants to be left alone.
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

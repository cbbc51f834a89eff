//! Where log lines go (standard error), which, and in what form.
//!
//! At no level do they hold a password, a token, a secret, an email address or a question: of
//! what clients send only what `http::trace` lets through is written. Libraries that would say
//! more, such as the WebSocket's at trace, write to the `log` crate, from which nothing is taken.
//! `tests/logs.rs` looks for it all in the log of a full run.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{config::LogFormat, sentry};

/// Who logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    Server,
    /// Says itself which steps it applied, in better words.
    Command,
}

/// From here on, log lines are written, and errors told to Sentry if it wants to hear them.
pub fn start(who: For, format: LogFormat, level: &str, echo: bool, sentry: Option<sentry::Layer>) {
    // PostgreSQL says each time that the table of steps is there already.
    let mut directives = format!("sqlx::postgres::notice=warn,{level}");
    if echo {
        directives += ",sqlx::query=info";
    }
    if who == For::Command {
        directives += ",sea_orm_migration=warn";
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match format {
        LogFormat::Text => lines
            .compact()
            .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(EnvFilter::new(directives)))
        .with(sentry.map(|layer| layer.with_filter(sentry::Errors)))
        .init();
}

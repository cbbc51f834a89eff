//! Where log lines go (standard error), which, and in what form.
//!
//! At no level do they hold a password, a token, a secret, an email address or a question: of
//! what clients send only what `http::trace` lets through is written. Libraries that would say
//! more, such as the WebSocket's at trace, write to the `log` crate, from which nothing is taken.
//! `tests/logs.rs` looks for it all in the log of a full run.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{config::LogFormat, request, sentry};

/// The kind of program that logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    Server,
    /// Says itself which steps it applied, in better words.
    Command,
}

/// From here on, log lines are written, and errors told to Sentry if it wants to hear them.
pub fn start(who: For, format: LogFormat, level: &str, echo: bool, sentry: Option<sentry::Layer>) {
    // PostgreSQL says each time that the table of steps is there already.
    // Migrations are logged in a line of our own each, or listed by the command.
    let mut directives = format!("sqlx::postgres::notice=warn,sea_orm_migration=warn,{level}");
    if echo {
        directives += ",sqlx::query=info";
    }
    if who == For::Command {
        directives += ",mula::db::migrate=warn";
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = match format {
        LogFormat::Text => lines
            .with_ansi(colours)
            .map_event_format(|lines| InContext {
                lines: lines.compact().with_ansi(colours),
                end: "\n",
                field: |name, id| format!(" {name}={id}"),
            })
            .boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .map_event_format(|lines| InContext {
                lines,
                end: "}\n",
                field: |name, id| format!(",\"{name}\":\"{id}\""),
            })
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(EnvFilter::new(directives)))
        .with(sentry.map(|layer| layer.with_filter(sentry::Errors)))
        .init();
}

/// Lines that end with the ids of the request, user, reading and generation that they are about.
///
/// The library would have them from a span of its own around each request, at a sixteenth of what a
/// request takes.
struct InContext<F> {
    lines: F,
    /// The end of each line.
    end: &'static str,
    /// A field with an id, of letters, digits, `_` and `-`.
    field: fn(&str, &dyn fmt::Display) -> String,
}

impl<S, N, F> FormatEvent<S, N> for InContext<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let known = request::Context::current();
        if known.is_empty() {
            return self.lines.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.lines
            .format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(line.strip_suffix(self.end).unwrap_or(&line))?;
        if let Some(id) = known.request_id() {
            writer.write_str(&(self.field)("request_id", &id))?;
        }
        for (name, id) in known.ids() {
            // A line may name it itself.
            if let Some(id) = id
                && event.metadata().fields().field(name).is_none()
            {
                writer.write_str(&(self.field)(name, &id))?;
            }
        }
        writer.write_str(self.end)
    }
}

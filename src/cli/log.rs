//! Log lines: their level, their form, and the ids they end with. They go to standard error.
//!
//! At no level do they hold a password, a token, a secret, an email address or a question. Of what clients
//! send, only what `http::access_log` lets through is written. Libraries that would write more, such as the
//! WebSocket's at trace, use the `log` crate, which is not collected. `tests/logs.rs` searches the log of a
//! full run for all of these.

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

use crate::{config::LogFormat, request_context, sentry};

/// The kind of program that logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    Server,
    /// It prints itself which migrations it applied.
    Command,
}

/// Starts writing log lines, and reporting errors to Sentry if that is set up.
pub fn start(who: For, format: LogFormat, level: &str, echo: bool, sentry: Option<sentry::Layer>) {
    // PostgreSQL's notice that the table of migrations exists, at each start; and migrations, for each of
    // which there is a line of our own.
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
/// From a span of `tracing` around each request they would cost a sixteenth of the request's CPU.
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
        let task = request_context::TaskContext::current();
        if task.is_empty() {
            return self.lines.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.lines
            .format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(line.strip_suffix(self.end).unwrap_or(&line))?;
        if let Some(id) = task.request_id() {
            writer.write_str(&(self.field)("request_id", &id))?;
        }
        for (name, id) in task.ids() {
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

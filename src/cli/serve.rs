//! `mula serve`: from start to stop.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use super::{Error, generate::version, health::reachable, volume};
use crate::{
    clock::Clock,
    config::{ModelSettings, Settings},
    server::Server,
    spans,
};

/// The exit code of shells for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

pub async fn run(settings: Settings) -> Result<ExitCode, Error> {
    let mut signals = Signals::new().map_err(Error::Runtime)?;
    let exporting = spans::start()?;
    let database = settings.database.name();
    let pages = Pages {
        web: settings.web,
        graphiql: settings.graphiql,
    };
    let answers = answers(settings.model.as_ref());
    if let Some(warning) = volume::warning(&settings.database, settings.environment) {
        tracing::warn!("{warning}");
    }
    let server = tokio::select! {
        started = Server::start(settings, Clock::default()) => started?,
        () = signals.next() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    // To a closed output, serve all the same.
    let _ = announce(&server, &database, &answers, &pages);

    signals.next().await;
    tracing::info!("stopping: finishing what is in flight; a second signal stops at once");
    let stop = async {
        server.stop().await;
        if let Some(exporting) = exporting {
            exporting.stop().await;
        }
    };
    tokio::select! {
        () = stop => Ok(ExitCode::SUCCESS),
        () = signals.next() => Ok(ExitCode::from(INTERRUPTED)),
    }
}

/// The engine that answers, and the server that receives the questions.
fn answers(model: Option<&ModelSettings>) -> String {
    match model {
        Some(model) => format!("{} at {}", model.name, model.url),
        None => "built in; MODEL_BASE_URL has a language model answer".to_owned(),
    }
}

/// Which pages are served.
struct Pages {
    web: bool,
    graphiql: bool,
}

fn announce(server: &Server, database: &str, answers: &str, pages: &Pages) -> io::Result<()> {
    let url = format!("http://{}", reachable(server.address()));
    let page = |is_served, path: &str, setting| {
        if is_served {
            format!("{url}{path}")
        } else {
            format!("off; {setting}=true turns it on")
        }
    };
    let mut out = io::stdout().lock();
    writeln!(out, "Mula: The Root {}\n", version())?;
    writeln!(out, "  web       {}", page(pages.web, "/app", "WEB"))?;
    writeln!(out, "  GraphQL   {url}/graphql")?;
    writeln!(
        out,
        "  GraphiQL  {}",
        page(pages.graphiql, "/graphiql", "GRAPHIQL")
    )?;
    writeln!(out, "  database  {database}")?;
    writeln!(out, "  answers   {answers}")?;
    if let Some(address) = server.metrics_address() {
        let address = reachable(address);
        writeln!(out, "  metrics   http://{address}/metrics")?;
    }
    writeln!(out, "\nStop with Ctrl-C.")?;
    out.flush()
}

/// Ctrl-C and what service managers send.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

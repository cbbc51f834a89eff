//! `mula serve`: from start to stop.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use super::{Error, health::reachable, name};
use crate::{
    clock::Clock,
    config::{Model, Settings},
    server::Server,
    spans,
};

/// What shells give for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

pub async fn run(settings: Settings) -> Result<ExitCode, Error> {
    let mut signals = Signals::new().map_err(Error::Runtime)?;
    let exporting = spans::start()?;
    let database = name(&settings.database);
    let graphiql = settings.graphiql;
    let answers = answers(settings.model.as_ref());
    let server = tokio::select! {
        started = Server::start(settings, Clock::default()) => started?,
        () = signals.next() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    // To a closed output, serve all the same.
    let _ = announce(&server, &database, &answers, graphiql);

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

/// Who answers, and where a question goes for it.
fn answers(model: Option<&Model>) -> String {
    match model {
        Some(model) => format!("{} at {}", model.name, model.url),
        None => "built in; MODEL_BASE_URL has a language model answer".to_owned(),
    }
}

fn announce(server: &Server, database: &str, answers: &str, graphiql: bool) -> io::Result<()> {
    let url = format!("http://{}", reachable(server.address()));
    let graphiql = if graphiql {
        format!("{url}/")
    } else {
        "off; GRAPHIQL=true turns it on".to_owned()
    };
    let mut out = io::stdout().lock();
    writeln!(out, "Mula: The Root {}\n", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  GraphQL   {url}/graphql")?;
    writeln!(out, "  GraphiQL  {graphiql}")?;
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

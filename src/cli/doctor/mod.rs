//! `mula doctor`: looks at all that Mula needs, changes nothing, and says a line on each: what is
//! wrong, and what to do.

mod clock;
mod database;
mod disk;
mod files;
mod mail;
mod model;
mod port;
mod secret;

use std::{
    fmt::Display,
    io::{self, Write},
    net::IpAddr,
};

use serde_json::{Value, json};

use super::{Error, volume};
use crate::{
    advisor::Advisors,
    config::{Environment, RawSettings, Settings},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Ask the model a short question too, at its price
    #[arg(long)]
    pub ask: bool,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// The report, printed line by line: some checks wait for other machines.
struct Report {
    failed: u64,
    output: io::Result<()>,
    /// The lines, where they are printed together as JSON.
    lines: Option<Vec<Value>>,
}

impl Report {
    fn ok(&mut self, about: &str, said: impl Display) {
        self.line("ok", about, said);
    }

    /// It works, but may not for long, or not as meant.
    fn warn(&mut self, about: &str, said: impl Display) {
        self.line("warning", about, said);
    }

    /// It does not work.
    fn fail(&mut self, about: &str, said: impl Display) {
        self.failed += 1;
        self.line("failed", about, said);
    }

    fn line(&mut self, state: &str, about: &str, said: impl Display) {
        if let Some(lines) = &mut self.lines {
            lines.push(json!({ "state": state, "about": about, "message": said.to_string() }));
            return;
        }
        let line = writeln!(io::stdout(), "{state:<8} {about:<10} {said}");
        // Checking goes on, for the exit code.
        self.output = std::mem::replace(&mut self.output, Ok(())).and(line);
    }
}

/// `problems` and `warnings` are those of names and values in the environment.
pub async fn run(
    arguments: &Arguments,
    given: RawSettings,
    problems: &[String],
    warnings: &[String],
) -> Result<(), Error> {
    let mut report = Report {
        failed: 0,
        output: Ok(()),
        lines: arguments.json.then(Vec::new),
    };
    look(arguments, given, problems, warnings, &mut report).await;
    if let Some(lines) = report.lines {
        writeln!(io::stdout(), "{:#}", Value::from(lines))?;
    }
    report.output?;
    match report.failed {
        0 => Ok(()),
        failed => Err(Error::Unwell(failed)),
    }
}

async fn look(
    arguments: &Arguments,
    given: RawSettings,
    problems: &[String],
    warnings: &[String],
    report: &mut Report,
) {
    for problem in problems {
        report.fail("settings", problem);
    }
    for warning in warnings {
        report.warn("settings", warning);
    }
    let settings = match given.clone().check_without_a_trace() {
        Ok(settings) => {
            about_settings(&settings, report);
            secret::check(&given, &settings, report);
            if let Some(warning) = volume::warning(&settings.database, settings.environment) {
                report.warn("volume", warning);
            }
            Some(settings)
        }
        Err(problems) => {
            for problem in problems.0 {
                report.fail("settings", problem);
            }
            None
        }
    };
    // What does not depend on the settings that are wrong is looked at all the same.
    let command = given.check_for_command().ok();
    if let Some(command) = &command {
        // Before the database is opened, which tightens its files.
        files::check(&given, &command.database, report);
        let lease = settings.as_ref().map(|settings| settings.writing.lease);
        database::check(&command.database, lease, report).await;
    }
    match Advisors::load(given.knowledge_dir.as_deref(), None) {
        Ok(_) => report.ok("knowledge", "all of it can be read"),
        Err(errors) => {
            for error in errors.0 {
                report.fail("knowledge", error);
            }
        }
    }
    if let Some(settings) = settings {
        mail::check(settings.mail.as_ref(), report).await;
        model::check(settings.model, arguments.ask, report).await;
    }
    disk::check(&given, command.as_ref(), report);
    if let Some(command) = &command {
        port::check(command.address, report).await;
    }
}

fn about_settings(settings: &Settings, report: &mut Report) {
    let is_public = |ip: IpAddr| !ip.is_loopback();
    if settings.environment == Environment::Development && is_public(settings.host) {
        report.warn(
            "settings",
            format_args!(
                "HOST={} lets others in, while ENVIRONMENT=development is for this machine alone: \
                 set ENVIRONMENT=production",
                settings.host
            ),
        );
    } else {
        report.ok("settings", "all are right");
    }
}

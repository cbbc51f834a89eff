//! `mula doctor`: looks at all that Mula needs, changes nothing, and says a line on each: what is
//! wrong, and what to do.

mod clock;
mod database;
mod disk;
mod model;
mod port;
mod secret;

use std::{
    fmt::Display,
    io::{self, Write},
    net::IpAddr,
};

use super::Error;
use crate::{
    advisor::Advisors,
    config::{Environment, Given, Settings},
};

/// What there is to say, said as it comes: some checks wait for others' machines.
struct Report {
    failed: u64,
    warnings: u64,
    output: io::Result<()>,
}

impl Report {
    fn ok(&mut self, about: &str, said: impl Display) {
        self.line("ok", about, said);
    }

    /// It works, but may not for long, or not as meant.
    fn warn(&mut self, about: &str, said: impl Display) {
        self.warnings += 1;
        self.line("warning", about, said);
    }

    /// It does not work.
    fn fail(&mut self, about: &str, said: impl Display) {
        self.failed += 1;
        self.line("failed", about, said);
    }

    fn line(&mut self, state: &str, about: &str, said: impl Display) {
        let line = writeln!(io::stdout(), "{state:<8} {about:<10} {said}");
        // Checking goes on, for the exit code.
        self.output = std::mem::replace(&mut self.output, Ok(())).and(line);
    }
}

pub async fn run(given: Given) -> Result<(), Error> {
    let mut report = Report {
        failed: 0,
        warnings: 0,
        output: Ok(()),
    };
    let settings = match given.clone().check_without_a_trace() {
        Ok(settings) => {
            about_settings(&settings, &mut report);
            secret::check(&given, &settings, &mut report);
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
        let lease = settings.as_ref().map(|settings| settings.writing.lease);
        database::check(&command.database, lease, &mut report).await;
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
        model::check(settings.model, &mut report).await;
    }
    disk::check(&given, command.as_ref(), &mut report);
    if let Some(command) = &command {
        port::check(command.address, &mut report).await;
    }

    report.output?;
    match report.failed {
        0 => Ok(()),
        failed => Err(Error::Unwell(failed)),
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

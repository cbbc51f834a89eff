//! The command line: one file a command.

mod backup;
mod doctor;
mod env_file;
mod environment;
mod error;
mod export;
mod generate;
mod health;
mod import;
mod import_original;
mod library;
mod library_ratings;
mod log;
mod migrate;
mod new_file;
mod opened;
mod progress;
mod schema;
mod serve;
mod session;
mod table;
mod usage;
mod user;
mod user_change;
mod user_password;
mod user_quota;
mod user_show;
mod volume;

use std::{
    fmt::Display,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use serde_json::Value;

use self::{error::Error, opened::Opened};
use crate::{
    config::{LogFormat, RawSettings, SettingsErrors},
    sentry,
};

/// Mula: The Root. Ask one of four advisors a question and keep the readings: one GraphQL API
/// from one binary, on SQLite with nothing set, or on PostgreSQL.
#[derive(Debug, Parser)]
#[command(
    name = "mula",
    version,
    long_version = generate::version(),
    override_usage = "mula [SETTINGS] [COMMAND]",
    max_term_width = 100,
    after_help = "mula --help lists all settings, mula COMMAND --help what a command takes.",
    after_long_help = EXAMPLES
)]
struct Cli {
    #[command(flatten)]
    settings: RawSettings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API; what `mula` alone does
    Serve,
    /// Bring the database's tables up to date, take steps back, or list them
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Print the GraphQL schema; needs no database and no secret
    Schema,
    /// List, show, make, activate, deactivate and delete accounts; reset passwords
    #[command(subcommand)]
    User(user::Command),
    /// Delete expired sessions
    #[command(subcommand)]
    Session(session::Command),
    /// Copy a SQLite database, while a server writes to it, and check the copy
    Backup(backup::Arguments),
    /// Write all data, or one user's, as JSON Lines
    Export(export::Arguments),
    /// Read an export back: all of it, or nothing
    Import(import::Arguments),
    /// Take over the users and readings of the original service
    ImportOriginal(import_original::Arguments),
    /// Count answers, their cost and their ratings, by what wrote them
    Usage(usage::Arguments),
    /// See what the advisors know, what they find on a question, and what did not help
    #[command(subcommand)]
    Library(library::Command),
    /// Ask a running server whether it is ready: exit code 0 if so, 1 if not
    Health(health::Arguments),
    /// Check settings, database, clock, mail, model, disk and port, and say what to do
    Doctor(doctor::Arguments),
    /// Print a shell's completions for mula
    Completions(generate::Completions),
    /// Print the manual page, for man(1)
    Man,
}

/// Settings that `mula -h` lists; `mula --help` lists all.
const FIRST_SETTINGS: [&str; 6] = [
    "environment",
    "host",
    "port",
    "database_url",
    "secret_key",
    "log_level",
];

const EXAMPLES: &str = "\
Examples:
  mula                                    serve at http://127.0.0.1:8000 from ./data/mula.db
  mula --port 9000 --log-level debug      settings are flags,
  PORT=9000 LOG_LEVEL=debug mula          or environment variables, or lines of .env
  mula user list                          who has an account
  mula library search 'Who am I?'         what the advisors would answer from
  mula user COMMAND --help                what a command takes";

/// Reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    match try_run() {
        Ok(code) => code,
        Err(error) => {
            let code = error.exit_code();
            if code != ExitCode::SUCCESS {
                eprintln!("{error}");
            }
            code
        }
    }
}

fn try_run() -> Result<ExitCode, Error> {
    // First of all: it sets environment variables, which clap reads, and which may not be set
    // any more once there are threads.
    let file = env_file::load(Path::new(".env"))?;
    let (command, problems) = environment::resolve(command(), &file);
    let cli = parser(command)
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .unwrap_or_else(|error| misread(&error));
    match &cli.command {
        Some(Command::Schema) => return schema::run().map(|()| ExitCode::SUCCESS),
        Some(Command::Man) => return generate::man().map(|()| ExitCode::SUCCESS),
        Some(Command::Completions(arguments)) => {
            return generate::completions(arguments).map(|()| ExitCode::SUCCESS);
        }
        Some(Command::Library(command)) if command.is_without_database() => {
            let folder = cli.settings.knowledge_dir.as_deref();
            return library::run(command, folder).map(|()| ExitCode::SUCCESS);
        }
        _ => {}
    }

    let is_doctor = matches!(cli.command, Some(Command::Doctor(_)));
    if !problems.is_empty() && !is_doctor {
        return Err(SettingsErrors(problems).into());
    }
    let runtime = tokio::runtime::Runtime::new().map_err(Error::Runtime)?;
    let done = runtime.block_on(dispatch(cli, &problems, &file.warnings));
    // A second signal to stop does not wait for a password being hashed.
    runtime.shutdown_background();
    done
}

/// Ends the program as clap does, but for URLs in what it quotes: they may hold a password, anywhere.
fn misread(error: &clap::Error) -> ! {
    let text = error.render().to_string();
    if !error.use_stderr() || !text.contains("://") {
        error.exit();
    }
    for line in text.lines() {
        match line.split_once("://") {
            Some((before, _)) => eprintln!("{before}://***"),
            None => eprintln!("{line}"),
        }
    }
    std::process::exit(error.exit_code())
}

/// The command line as it is declared, with the values of the environment. All commands take all settings.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command().mut_args(|setting| setting.global(true))
}

/// `mula --help` lists the settings, each once: its flag says how its environment variable is
/// called. The commands take them all, too, and list what is theirs.
fn parser(mut command: clap::Command) -> clap::Command {
    fn settings(command: clap::Command, show: fn(clap::Arg) -> clap::Arg) -> clap::Command {
        command.mut_args(|arg| if arg.is_global_set() { show(arg) } else { arg })
    }
    fn hide_settings(command: clap::Command) -> clap::Command {
        settings(command, |setting| setting.hide(true))
            .mut_subcommands(hide_settings)
            .after_help("The settings are listed by: mula --help")
    }
    command.build();
    settings(command, |setting| {
        let is_first = FIRST_SETTINGS.contains(&setting.get_id().as_str());
        setting
            .value_name("VALUE")
            .hide_env(true)
            .hide_short_help(!is_first)
    })
    .mut_subcommands(hide_settings)
}

#[expect(clippy::too_many_lines, reason = "a line for each command")]
async fn dispatch(cli: Cli, problems: &[String], warnings: &[String]) -> Result<ExitCode, Error> {
    let warn = || {
        for warning in warnings {
            tracing::warn!("{warning}");
        }
    };
    let command = match cli.command {
        None | Some(Command::Serve) => {
            let settings = cli.settings.check()?;
            let environment = settings.environment.as_str();
            let sentry = settings.sentry_dsn.clone();
            let sentry = sentry
                .map(|dsn| sentry::start(dsn, environment))
                .transpose()?;
            let (layer, reporting) = sentry.unzip();
            log::start(
                log::For::Server,
                settings.log_format,
                &settings.log_level,
                settings.database.echo,
                layer,
            );
            warn();
            let done = serve::run(settings).await;
            if let Some(reporting) = reporting {
                reporting.stop().await;
            }
            return done;
        }
        Some(Command::Doctor(arguments)) => {
            // What the model's server says when it refuses.
            let level = if arguments.ask {
                "off,mula::advisor::model=info"
            } else {
                "off"
            };
            log::start(log::For::Command, LogFormat::Text, level, false, None);
            return Box::pin(doctor::run(&arguments, cli.settings, problems, warnings))
                .await
                .map(|()| ExitCode::SUCCESS);
        }
        Some(command) => command,
    };
    let given = cli.settings;
    let settings = given.check_for_command()?;
    log::start(
        log::For::Command,
        settings.log_format,
        &settings.log_level,
        settings.database.echo,
        None,
    );
    warn();
    match command {
        Command::Migrate(command) => migrate::run(command, &settings.database).await,
        Command::User(command) => {
            user::run(command, &settings.database, &given.check_for_accounts()?).await
        }
        Command::Session(command) => session::run(command, &settings.database).await,
        Command::Backup(arguments) => backup::run(arguments, &settings.database).await,
        Command::Export(arguments) => export::run(arguments, &settings.database).await,
        Command::Import(arguments) => import::run(arguments, &settings.database).await,
        Command::ImportOriginal(arguments) => {
            import_original::run(arguments, &settings.database).await
        }
        Command::Usage(arguments) => {
            usage::run(&arguments, &settings.database, &given.check_for_accounts()?).await
        }
        Command::Library(library::Command::Ratings { json }) => {
            library_ratings::run(json, given.knowledge_dir.as_deref(), &settings.database).await
        }
        Command::Health(arguments) => health::run(arguments, settings.address).await,
        Command::Serve
        | Command::Schema
        | Command::Man
        | Command::Completions(_)
        | Command::Library(_)
        | Command::Doctor(_) => {
            unreachable!("these have returned above")
        }
    }
    .map(|()| ExitCode::SUCCESS)
}

/// "1 session", "2 sessions".
/// Prints a result: as indented JSON, or as lines of text.
fn print(as_json: bool, json: &Value, text: impl Display) -> Result<(), Error> {
    if as_json {
        writeln!(io::stdout(), "{json:#}")?;
    } else {
        writeln!(io::stdout(), "{text}")?;
    }
    Ok(())
}

fn count(number: impl TryInto<u64>, what: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{command, count, parser};

    #[test]
    fn the_command_line_is_consistent() {
        parser(command()).debug_assert();
    }

    /// docs/settings.md is printed from the same declaration.
    #[test]
    fn every_setting_is_in_the_example() {
        let example = include_str!("../../.env.example");
        for setting in parser(command())
            .get_arguments()
            .filter_map(|arg| arg.get_env())
        {
            let name = setting.to_str().unwrap();
            assert!(
                example.contains(&format!("#{name}=")),
                "{name} is not in .env.example"
            );
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            [
                count(0_u64, "step"),
                count(1_u64, "step"),
                count(2_usize, "step")
            ],
            ["0 steps", "1 step", "2 steps"]
        );
    }
}

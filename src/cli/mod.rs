//! The command line: one file a command.
//!
//! May use: everything.

mod backup;
mod doctor;
mod env_file;
mod export;
mod health;
mod import;
mod import_original;
mod library;
mod log;
mod migrate;
mod new_file;
mod progress;
mod schema;
mod serve;
mod session;
mod user;

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use sea_orm::DbErr;

use crate::{
    advisor,
    archive::Problem,
    cause,
    config::{DatabaseSettings, Given, LogFormat, Problems},
    db::Database,
    sentry, server, spans,
};

/// Mula: The Root. Ask one of four advisors a question and keep the readings: one GraphQL API
/// from one binary, on SQLite with nothing set, or on PostgreSQL.
#[derive(Debug, Parser)]
#[command(
    name = "mula",
    version,
    override_usage = "mula [SETTINGS] [COMMAND]",
    max_term_width = 100,
    after_help = EXAMPLES
)]
struct Cli {
    #[command(flatten)]
    settings: Given,
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
    /// List accounts, let them in or keep them out, delete them
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
    /// See what the advisors know, and what they find on a question; needs no database
    #[command(subcommand)]
    Library(library::Command),
    /// Ask a running server whether it is ready: exit code 0 if so, 1 if not
    Health(health::Arguments),
    /// Check settings, database, clock, model, disk and port, and say what to do
    Doctor,
}

const EXAMPLES: &str = "\
Examples:
  mula                                    serve at http://127.0.0.1:8000 from ./data/mula.db
  mula --port 9000 --log-level debug      settings are flags,
  PORT=9000 LOG_LEVEL=debug mula          or environment variables, or lines of .env
  mula user list                          who has an account
  mula library search 'Who am I?'         what the advisors would answer from
  mula user COMMAND --help                what a command takes";

/// Why a command failed. The text is one line for whoever typed it.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{0}")]
    EnvFile(#[from] env_file::Error),
    #[error("These settings are not right:\n{0}")]
    Settings(#[from] Problems),
    #[error("These settings are not right:\n  - {0}")]
    Spans(#[from] spans::Error),
    #[error("The client that tells Sentry cannot be made: {}", cause::root(.0))]
    Sentry(#[from] reqwest::Error),
    #[error("Mula cannot start: {0}")]
    Start(#[from] server::Error),
    #[error("What the advisors know is not right:\n{0}")]
    Knowledge(#[from] advisor::Errors),
    #[error("Mula cannot start: {0}")]
    Runtime(#[source] io::Error),
    #[error("The database {name}: {error}")]
    Database { name: String, error: DbErr },
    #[error("{0} of the database's steps are not applied yet; apply them with: mula migrate up")]
    Behind(usize),
    #[error("There is no database {}. Name another with DATA_DIR or DATABASE_URL.", .0.display())]
    NoSuchDatabase(PathBuf),
    #[error("No account has the email {0}.")]
    NoSuchUser(String),
    #[error(
        "This would delete the account {0} with its sessions and readings, for good. \
         To do so, add --yes"
    )]
    NotConfirmed(String),
    #[error("{0}")]
    Unhealthy(String),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error(
        "mula backup is for SQLite. PostgreSQL has pg_dump --format=custom; docs/backup.md tells \
         more"
    )]
    NotSqlite,
    #[error("The copy is damaged, as the database may be: {0}")]
    Damaged(String),
    #[error("{} failed", count(*.0, "check"))]
    Unwell(u64),
    #[error("--from is not right: write postgres://user:password@host:5432/name")]
    NotPostgres,
    #[error("The database {name} cannot be taken over: {why}")]
    NotTheOriginal { name: String, why: String },
    #[error("{}", refused(.0))]
    Refused(Vec<Problem>),
    #[error("The output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// 2 where the command line or the settings have to change, as clap has it, or else 1.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::EnvFile(_)
            | Self::Settings(_)
            | Self::Spans(_)
            | Self::NotConfirmed(_)
            | Self::NotPostgres
            | Self::NotSqlite => ExitCode::from(2),
            // Whoever reads the output has seen enough: `mula user list | head`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}

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
    env_file::load(Path::new(".env"))?;
    let matches = parser().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match &cli.command {
        Some(Command::Schema) => return schema::run().map(|()| ExitCode::SUCCESS),
        Some(Command::Library(command)) => {
            let folder = cli.settings.knowledge_dir.as_deref();
            return library::run(command, folder).map(|()| ExitCode::SUCCESS);
        }
        _ => {}
    }

    let runtime = tokio::runtime::Runtime::new().map_err(Error::Runtime)?;
    let done = runtime.block_on(dispatch(cli));
    // Whoever asked twice to stop does not wait for a password being hashed.
    runtime.shutdown_background();
    done
}

/// `mula --help` lists the settings, each once: its flag says how its environment variable is
/// called. The commands take them all, too, and list what is theirs.
fn parser() -> clap::Command {
    fn settings(command: clap::Command, show: fn(clap::Arg) -> clap::Arg) -> clap::Command {
        command.mut_args(|arg| if arg.is_global_set() { show(arg) } else { arg })
    }
    fn hide_settings(command: clap::Command) -> clap::Command {
        settings(command, |setting| setting.hide(true))
            .mut_subcommands(hide_settings)
            .after_help("The settings are listed by: mula --help")
    }
    let mut command = Cli::command();
    command.build();
    settings(command, |setting| {
        setting.value_name("VALUE").hide_env(true)
    })
    .mut_subcommands(hide_settings)
}

async fn dispatch(cli: Cli) -> Result<ExitCode, Error> {
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
            let done = serve::run(settings).await;
            if let Some(reporting) = reporting {
                reporting.stop().await;
            }
            return done;
        }
        Some(Command::Doctor) => {
            log::start(log::For::Command, LogFormat::Text, "off", false, None);
            return doctor::run(cli.settings).await.map(|()| ExitCode::SUCCESS);
        }
        Some(command) => command,
    };
    let settings = cli.settings.check_for_command()?;
    log::start(
        log::For::Command,
        settings.log_format,
        &settings.log_level,
        settings.database.echo,
        None,
    );
    match command {
        Command::Migrate(command) => migrate::run(command, &settings.database).await,
        Command::User(command) => user::run(command, &settings.database).await,
        Command::Session(command) => session::run(command, &settings.database).await,
        Command::Backup(arguments) => backup::run(arguments, &settings.database).await,
        Command::Export(arguments) => export::run(arguments, &settings.database).await,
        Command::Import(arguments) => import::run(arguments, &settings.database).await,
        Command::ImportOriginal(arguments) => {
            import_original::run(arguments, &settings.database).await
        }
        Command::Health(arguments) => health::run(arguments, settings.address).await,
        Command::Serve | Command::Schema | Command::Library(_) | Command::Doctor => {
            unreachable!("these have returned above")
        }
    }
    .map(|()| ExitCode::SUCCESS)
}

/// A database as a command uses it: its errors name it.
struct Opened {
    name: String,
    database: Database,
}

impl Opened {
    async fn new(settings: &DatabaseSettings) -> Result<Self, Error> {
        let name = name(settings);
        match Database::connect(settings).await {
            Ok(database) => Ok(Self { name, database }),
            Err(error) => Err(Error::Database { name, error }),
        }
    }

    /// One whose tables are there.
    async fn migrated(settings: &DatabaseSettings) -> Result<Self, Error> {
        let opened = Self::new(settings).await?;
        let steps = opened.named(opened.database.migration_status().await)?;
        match steps.iter().filter(|(_, applied)| !applied).count() {
            0 => Ok(opened),
            behind => Err(Error::Behind(behind)),
        }
    }

    /// One that was there before, and whose tables are there.
    async fn existing(settings: &DatabaseSettings) -> Result<Self, Error> {
        if let Some(path) = settings.sqlite_path()
            && !path.exists()
        {
            return Err(Error::NoSuchDatabase(path.to_owned()));
        }
        Self::migrated(settings).await
    }

    fn named<T>(&self, result: Result<T, DbErr>) -> Result<T, Error> {
        result.map_err(|error| Error::Database {
            name: self.name.clone(),
            error,
        })
    }
}

/// What people call the database: without its password, nor parameters, which may hold one.
fn name(settings: &DatabaseSettings) -> String {
    if settings.is_sqlite() {
        let path = settings.url.trim_start_matches("sqlite://");
        return format!(
            "{} (SQLite)",
            path.split_once('?').map_or(path, |(path, _)| path)
        );
    }
    let Ok(mut url) = reqwest::Url::parse(&settings.url) else {
        return "PostgreSQL".to_owned();
    };
    let user = match url.username() {
        "" => String::new(),
        user => format!(" as {user}"),
    };
    let host = match (url.host_str(), url.port()) {
        (None | Some(""), _) => "this machine".to_owned(),
        (Some(host), None) => host.to_owned(),
        (Some(host), Some(port)) => format!("{host}:{port}"),
    };
    url.set_query(None);
    let database = url.path().trim_start_matches('/');
    format!("{database} at {host}{user} (PostgreSQL)")
}

fn refused(problems: &[Problem]) -> String {
    use std::fmt::Write;
    let mut text = String::from("Nothing was imported:");
    for problem in problems {
        let _ = write!(text, "\n  - {problem}");
    }
    text
}

/// "1 session", "2 sessions".
fn count(number: impl TryInto<u64>, what: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{DatabaseSettings, count, name, parser};

    #[test]
    fn the_command_line_is_consistent() {
        parser().debug_assert();
    }

    #[test]
    fn every_setting_is_documented() {
        let example = include_str!("../../.env.example");
        let readme = include_str!("../../README.md");
        for setting in parser().get_arguments().filter_map(|arg| arg.get_env()) {
            let name = setting.to_str().unwrap();
            assert!(
                example.contains(&format!("#{name}=")),
                "{name} is not in .env.example"
            );
            assert!(
                readme.contains(&format!("`{name}`")),
                "{name} is not in README.md"
            );
        }
    }

    #[test]
    fn a_database_is_named_without_its_password() {
        let name = |url: &str| {
            name(&DatabaseSettings {
                url: url.to_owned(),
                read_url: None,
                pool_size: 1,
                acquire_timeout: Duration::ZERO,
                ping: false,
                echo: false,
            })
        };
        assert_eq!(
            name("sqlite://data/mula.db?mode=rwc"),
            "data/mula.db (SQLite)"
        );
        assert_eq!(
            name("postgres://ann:s3cret@db.example:6543/mula?sslpassword=s3cret"),
            "mula at db.example:6543 as ann (PostgreSQL)"
        );
        assert_eq!(
            name("postgres:///mula?host=/run/postgresql"),
            "mula at this machine (PostgreSQL)"
        );
        assert_eq!(name("postgres://a b:s3cret@x y"), "PostgreSQL");
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

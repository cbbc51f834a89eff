//! Failures of commands, in a line for the person who typed one, and their exit codes.

use std::{io, path::PathBuf, process::ExitCode};

use super::{count, env_file};
use crate::{
    account::operator,
    advisor,
    archive::LineError,
    config::{SettingsErrors, without_prices},
    error::root_cause,
    server, spans,
};

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{0}")]
    EnvFile(#[from] env_file::EnvFileError),
    #[error("Invalid settings:\n{0}")]
    Settings(#[from] SettingsErrors),
    #[error("Invalid settings:\n  - {0}")]
    Spans(#[from] spans::SpanExportError),
    #[error("The client for Sentry cannot be made: {}", root_cause(.0))]
    Sentry(#[from] reqwest::Error),
    #[error("Mula cannot start: {0}")]
    Start(#[from] server::ServeError),
    #[error("Invalid knowledge files:\n{0}")]
    Knowledge(#[from] advisor::Errors),
    #[error("Mula cannot start: {0}")]
    Runtime(#[source] io::Error),
    #[error("The database {name}: {why}.")]
    Database { name: String, why: String },
    #[error(
        "{0} of the database's steps are not applied yet; apply them with: mula migrate up, with \
         the same DATABASE_URL"
    )]
    Behind(usize),
    #[error(
        "There is no database {}. Name another with DATA_DIR or DATABASE_URL, or make it with: mula \
         migrate up",
        .0.display()
    )]
    NoSuchDatabase(PathBuf),
    #[error("No account has the email or id {0}.")]
    NoSuchUser(String),
    #[error("The account has no live session {0}.")]
    NoSuchSession(String),
    #[error("{0}")]
    Operator(operator::OperatorError),
    #[error("{}", without_prices("--cost"))]
    NoPrices,
    #[error(
        "APP_URL is not set: set it to the address of the service as browsers reach it, such as \
         https://mula.example.com; links begin with it"
    )]
    NoAppUrl,
    #[error(
        "This would delete the account {0} with its sessions and readings, for good. \
         To do so, add --yes"
    )]
    NotConfirmed(String),
    #[error("{0}")]
    NotTakenBack(String),
    #[error(
        "The database {0} is in use: stop every server and command that is connected to it first. \
         Nothing was changed"
    )]
    InUse(String),
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
    #[error("invalid --from: {0}")]
    NotPostgres(String),
    #[error("The database {name} cannot be taken over: {why}")]
    NotTheOriginal { name: String, why: String },
    #[error("{}", refused(.0))]
    Refused(Vec<LineError>),
    #[error("The output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// 2 where the command line or the settings have to change, as clap has it, or else 1.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::EnvFile(_)
            | Self::Settings(_)
            | Self::Spans(_)
            | Self::NotConfirmed(_)
            | Self::NoAppUrl
            | Self::NoPrices
            | Self::NotTakenBack(_)
            | Self::NotPostgres(_)
            | Self::Operator(
                operator::OperatorError::Email(_)
                | operator::OperatorError::Username(_)
                | operator::OperatorError::InvalidPassword(_),
            )
            | Self::NotSqlite => ExitCode::from(2),
            // The reader has seen enough: `mula user list | head`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}

fn refused(problems: &[LineError]) -> String {
    use std::fmt::Write;
    let mut text = String::from("Nothing was imported:");
    for problem in problems {
        let _ = write!(text, "\n  - {problem}");
    }
    text
}

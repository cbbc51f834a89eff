//! Every setting once: flag, environment variable, default; [`Settings`] is what they come to.
//!
//! May use: `private`.

mod check;
mod clients;
mod database;
mod host;
mod http;
mod log_level;
mod mail;
mod model;
mod origins;
mod postgres_url;
mod provider;
mod secret;
mod sessions;
mod settings;
mod writing;

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args};
use sentry_types::Dsn;

pub use check::Problems;
pub use clients::{Clients, GivenClients, Rate};
pub use database::DatabaseSettings;
pub use http::{GivenHttp, Http};
pub use mail::{Encryption, GivenMail, Mail, MailServer};
pub use model::{Dialect, GivenModel, Model, Prices, Timeouts};
pub use origins::Origins;
pub use postgres_url::postgres_url;
pub use secret::{FILE as SECRET_FILE, Secrets};
pub use sessions::{GivenSessions, SessionTimes};
pub use writing::{GivenWriting, Writing};

/// The settings as they were written: text, until [`Given::check`] has read all of it.
///
/// Text on purpose: clap would stop at the first wrong value, and we name all of them.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::doc_markdown,
    reason = "these texts are what --help prints, which knows no Markdown"
)]
#[command(
    next_help_heading = "Settings (--log-level is LOG_LEVEL in the environment, or in a file .env; so with all)"
)]
pub struct Given {
    /// Where it runs: development, or production (SECRET_KEY is required, GraphiQL is off)
    #[arg(
        long,
        env = "ENVIRONMENT",
        default_value = "development",
        global = true
    )]
    pub environment: String,
    /// Address or name to listen on; 0.0.0.0 or :: for all of the machine's
    #[arg(long, env = "HOST", default_value = "127.0.0.1", global = true)]
    pub host: String,
    /// Port to listen on; 0 for any free one
    #[arg(long, env = "PORT", default_value = "8000", global = true)]
    pub port: String,
    /// Folder of the SQLite database and the generated secret
    #[arg(long, env = "DATA_DIR", default_value = "data", global = true)]
    pub data_dir: PathBuf,
    /// Folder of files instead of, or beside, the built-in knowledge; see knowledge/README.md
    #[arg(long, env = "KNOWLEDGE_DIR", global = true)]
    pub knowledge_dir: Option<PathBuf>,
    /// postgres://user:password@host/name, or sqlite://path; by default mula.db in DATA_DIR
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true)]
    pub database_url: Option<String>,
    /// A read replica of that PostgreSQL, for lists and single readings
    #[arg(long, env = "DATABASE_READ_URL", global = true, hide_env_values = true)]
    pub database_read_url: Option<String>,
    /// Database connections at most; queries outside transactions use half of them at a time
    #[arg(long, env = "DATABASE_POOL_SIZE", default_value = "10", global = true)]
    pub database_pool_size: String,
    /// How long a request may wait for a database connection
    #[arg(
        long,
        env = "DATABASE_ACQUIRE_TIMEOUT",
        default_value = "5s",
        global = true
    )]
    pub database_acquire_timeout: String,
    /// How long serve waits at start for a PostgreSQL that does not answer; 0s to fail at once
    #[arg(long, env = "DATABASE_WAIT", default_value = "60s", global = true)]
    pub database_wait: String,
    /// Test a connection before use when it has been idle for a second (true or false)
    #[arg(long, env = "DATABASE_PING", default_value = "true", global = true, action = ArgAction::Set)]
    pub database_ping: String,
    /// Log every SQL statement, without its values (true or false)
    #[arg(long, env = "DATABASE_ECHO", default_value = "false", global = true, action = ArgAction::Set)]
    pub database_echo: String,
    /// Key that signs access tokens, at least 32 bytes; by default generated and stored in DATA_DIR
    #[arg(long, env = "SECRET_KEY", global = true, hide_env_values = true)]
    pub secret_key: Option<String>,
    /// The previous secret. Its tokens are still accepted; new tokens never use it
    #[arg(
        long,
        env = "SECRET_KEY_PREVIOUS",
        global = true,
        hide_env_values = true
    )]
    pub secret_key_previous: Option<String>,
    #[command(flatten)]
    pub sessions: GivenSessions,
    /// bcrypt's cost, 4 to 16: each step doubles the work of a sign-in
    #[arg(long, env = "BCRYPT_COST", default_value = "12", global = true)]
    pub bcrypt_cost: String,
    /// Origins of front ends that browsers may call from, separated by commas, such as
    /// `https://app.example.com,https://*.preview.example.com,http://localhost:*,capacitor://localhost`;
    /// by default this machine's in development, none in production
    #[arg(long, env = "ALLOWED_ORIGINS", global = true)]
    pub allowed_origins: Option<String>,
    /// Whether the web client is served at /app (true or false)
    #[arg(long, env = "WEB", default_value = "true", global = true)]
    pub web: String,
    /// Whether GraphiQL is served at /graphiql (true or false); by default only in development
    #[arg(long, env = "GRAPHIQL", global = true)]
    pub graphiql: Option<String>,
    /// Readings on a page when the client names no number
    #[arg(long, env = "PAGE_SIZE", default_value = "20", global = true)]
    pub page_size: String,
    /// Readings on a page at most
    #[arg(long, env = "PAGE_SIZE_MAX", default_value = "100", global = true)]
    pub page_size_max: String,
    /// Characters of a question at least
    #[arg(long, env = "QUESTION_MIN", default_value = "5", global = true)]
    pub question_min: String,
    /// Characters of a question at most
    #[arg(long, env = "QUESTION_MAX", default_value = "500", global = true)]
    pub question_max: String,
    /// Log lines as text or json; auto is text on a terminal and json elsewhere
    #[arg(long, env = "LOG_FORMAT", default_value = "auto", global = true)]
    pub log_format: String,
    /// Log filter: error, warn, info, debug, trace, or tracing-subscriber's filter syntax
    #[arg(long, env = "LOG_LEVEL", default_value = "info", global = true)]
    pub log_level: String,
    /// Where errors are told to Sentry: the DSN of a project there; none by default
    #[arg(long, env = "SENTRY_DSN", global = true, hide_env_values = true)]
    pub sentry_dsn: Option<String>,
    /// How long what is in flight may take to finish once told to stop
    #[arg(long, env = "SHUTDOWN_TIMEOUT", default_value = "10s", global = true)]
    pub shutdown_timeout: String,
    #[command(flatten)]
    pub clients: GivenClients,
    #[command(flatten)]
    pub mail: GivenMail,
    #[command(flatten)]
    pub writing: GivenWriting,
    #[command(flatten)]
    pub model: GivenModel,
    #[command(flatten)]
    pub http: GivenHttp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

impl Environment {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The settings, read and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub environment: Environment,
    pub host: IpAddr,
    pub port: u16,
    pub data_dir: PathBuf,
    pub knowledge_dir: Option<PathBuf>,
    pub database: DatabaseSettings,
    pub secrets: Secrets,
    pub sessions: SessionTimes,
    pub bcrypt_cost: u32,
    pub allowed_origins: Origins,
    pub web: bool,
    pub graphiql: bool,
    pub limits: Limits,
    pub log_format: LogFormat,
    pub log_level: String,
    pub sentry_dsn: Option<Dsn>,
    pub shutdown_timeout: Duration,
    pub clients: Clients,
    /// None: no mail is sent.
    pub mail: Option<Mail>,
    /// Whether asking needs a confirmed address.
    pub requires_verified_email: bool,
    pub writing: Writing,
    /// None: the built-in advisor answers.
    pub model: Option<Model>,
    pub http: Http,
}

/// Files in `DATA_DIR` beside a database's own, and the folder itself: none where the secret is a
/// setting and the database is elsewhere.
#[must_use]
pub fn kept_files(data_dir: &Path, database: &DatabaseSettings) -> Vec<PathBuf> {
    let secret = data_dir.join(SECRET_FILE);
    let folder = database.sqlite_path().and_then(Path::parent);
    if secret.exists() || folder == Some(data_dir) {
        vec![data_dir.to_owned(), secret]
    } else {
        Vec::new()
    }
}

/// The settings of the commands beside `serve`, read and checked.
#[derive(Clone, Debug)]
pub struct CommandSettings {
    pub address: SocketAddr,
    pub database: DatabaseSettings,
    pub log_format: LogFormat,
    pub log_level: String,
}

/// The settings of the commands on accounts, beside those of all commands.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    pub bcrypt_cost: u32,
    /// The address that links begin with.
    pub app_url: Option<String>,
    pub readings_per_day: Option<u32>,
    /// Nano-dollars, of one user.
    pub cost_per_month: Option<i64>,
}

/// Bounds of what clients may send and ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub page_size: u32,
    pub page_size_max: u32,
    /// In characters.
    pub question_min: usize,
    pub question_max: usize,
}

//! Every setting once: flag, environment variable, default. [`Settings`] are their checked values.

mod clients;
mod database;
mod guests;
mod host;
mod http;
mod log_level;
mod mail;
mod model;
mod origins;
mod parser;
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

use clap::Args;
use sentry_types::Dsn;

pub use clients::{ClientSettings, Rate, RawClients};
pub use database::DatabaseSettings;
pub use guests::{GuestSettings, RawGuests};
pub use http::{HttpSettings, RawHttp};
pub use mail::{Encryption, MailServer, MailSettings, RawMail};
pub use model::{Dialect, ModelSettings, Prices, RawModel, Timeouts};
pub use origins::Origins;
pub use parser::{COST_MAX, DOLLARS, SettingsErrors, nano_dollars};
pub use postgres_url::postgres_url;
pub use secret::{FILE as SECRET_FILE, Secrets};
pub use sessions::{RawSessions, SessionTimes};
pub use writing::{Quotas, READINGS_MAX, RawWriting, WritingSettings, without_prices};

/// The settings as they were written: text, until [`RawSettings::check`] has read all of it.
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
pub struct RawSettings {
    /// Where it runs: development, or production (SECRET_KEY is required, GraphiQL is off)
    #[arg(long, env, default_value = "development")]
    pub environment: String,
    /// Address or name to listen on; 0.0.0.0 or :: for all of the machine's
    #[arg(long, env, default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on; 0 for any free one
    #[arg(long, env, default_value = "8000")]
    pub port: String,
    /// Folder of the SQLite database and the generated secret
    #[arg(long, env, default_value = "data")]
    pub data_dir: PathBuf,
    /// Folder of files instead of, or beside, the built-in knowledge; see knowledge/README.md
    #[arg(long, env)]
    pub knowledge_dir: Option<PathBuf>,
    /// postgres://user:password@host/name, or sqlite://path; by default mula.db in DATA_DIR
    #[arg(long, env, hide_env_values = true)]
    pub database_url: Option<String>,
    /// A read replica of that PostgreSQL, for lists and single readings
    #[arg(long, env, hide_env_values = true)]
    pub database_read_url: Option<String>,
    /// Database connections at most; queries outside transactions use half of them at a time
    #[arg(long, env, default_value = "10")]
    pub database_pool_size: String,
    /// How long a request may wait for a database connection
    #[arg(long, env, default_value = "5s")]
    pub database_acquire_timeout: String,
    /// How long serve waits at start for a PostgreSQL that does not answer; 0s to fail at once
    #[arg(long, env, default_value = "60s")]
    pub database_wait: String,
    /// Test a connection before use when it has been idle for a second (true or false)
    #[arg(long, env, default_value = "true")]
    pub database_ping: String,
    /// Log every SQL statement, without its values (true or false)
    #[arg(long, env, default_value = "false")]
    pub database_echo: String,
    /// Key that signs access tokens, at least 32 bytes; by default generated and stored in DATA_DIR
    #[arg(long, env, hide_env_values = true)]
    pub secret_key: Option<String>,
    /// The previous secret. Its tokens are still accepted; new tokens never use it
    #[arg(long, env, hide_env_values = true)]
    pub secret_key_previous: Option<String>,
    #[command(flatten)]
    pub sessions: RawSessions,
    /// bcrypt's cost, 4 to 16: each step doubles the work of a sign-in
    #[arg(long, env, default_value = "12")]
    pub bcrypt_cost: String,
    /// Origins of front ends that browsers may call from, separated by commas, such as
    /// `https://app.example.com,https://*.preview.example.com,http://localhost:*,capacitor://localhost`;
    /// by default this machine's in development, none in production
    #[arg(long, env)]
    pub allowed_origins: Option<String>,
    /// Whether the web client is served at /app (true or false)
    #[arg(long, env, default_value = "true")]
    pub web: String,
    /// Whether GraphiQL is served at /graphiql (true or false); by default only in development
    #[arg(long, env)]
    pub graphiql: Option<String>,
    /// Readings on a page when the client names no number
    #[arg(long, env, default_value = "20")]
    pub page_size: String,
    /// Readings on a page at most
    #[arg(long, env, default_value = "100")]
    pub page_size_max: String,
    /// Characters of a question at least
    #[arg(long, env, default_value = "5")]
    pub question_min: String,
    /// Characters of a question at most
    #[arg(long, env, default_value = "500")]
    pub question_max: String,
    /// Log lines as text or json; auto is text on a terminal and json elsewhere
    #[arg(long, env, default_value = "auto")]
    pub log_format: String,
    /// Log filter: error, warn, info, debug, trace, or tracing-subscriber's filter syntax
    #[arg(long, env, default_value = "info")]
    pub log_level: String,
    /// DSN of the Sentry project that errors are reported to; none by default
    #[arg(long, env, hide_env_values = true)]
    pub sentry_dsn: Option<String>,
    /// Time limit for what is in flight when the service stops
    #[arg(long, env, default_value = "10s")]
    pub shutdown_timeout: String,
    #[command(flatten)]
    pub clients: RawClients,
    #[command(flatten)]
    pub mail: RawMail,
    #[command(flatten)]
    pub guests: RawGuests,
    #[command(flatten)]
    pub writing: RawWriting,
    #[command(flatten)]
    pub model: RawModel,
    #[command(flatten)]
    pub http: RawHttp,
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
    pub limits: InputLimits,
    pub log_format: LogFormat,
    pub log_level: String,
    pub sentry_dsn: Option<Dsn>,
    pub shutdown_timeout: Duration,
    pub clients: ClientSettings,
    /// None: no mail is sent.
    pub mail: Option<MailSettings>,
    /// Whether asking needs a confirmed address.
    pub requires_verified_email: bool,
    pub guests: GuestSettings,
    pub writing: WritingSettings,
    /// None: the built-in advisor answers.
    pub model: Option<ModelSettings>,
    pub http: HttpSettings,
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
    pub quotas: Quotas,
    /// Whether a model answers whose answers may cost any amount.
    pub lacks_prices: bool,
}

/// Bounds of what clients may send and ask for.
#[derive(Clone, Copy, Debug)]
pub struct InputLimits {
    pub page_size: u32,
    pub page_size_max: u32,
    /// In characters.
    pub question_min: usize,
    pub question_max: usize,
}

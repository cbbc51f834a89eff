//! The settings of the database: where it is, and how it is used.

use std::{fmt, path::Path, time::Duration};

use sea_orm::sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

use super::{
    RawSettings,
    parser::Parser,
    postgres_url::{is_usable, postgres_url},
};

#[derive(Clone)]
pub struct DatabaseSettings {
    pub url: String,
    /// Of a replica, of PostgreSQL only.
    pub read_url: Option<String>,
    pub pool_size: u32,
    pub acquire_timeout: Duration,
    /// How long `serve` waits at start for a database that does not answer.
    pub wait: Duration,
    pub ping: bool,
    pub echo: bool,
}

impl DatabaseSettings {
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// Where the file of a SQLite database is.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&Path> {
        let path = self.url.strip_prefix("sqlite://")?;
        Some(Path::new(
            path.split_once('?').map_or(path, |(path, _)| path),
        ))
    }

    /// A name for people: without the password, and without parameters, which may hold one.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(path) = self.sqlite_path() {
            return format!("{} (SQLite)", path.display());
        }
        match self.url.parse::<PgConnectOptions>() {
            Ok(options) => format!(
                "{} at {} as {} (PostgreSQL)",
                options
                    .get_database()
                    .unwrap_or_else(|| options.get_username()),
                server(&options),
                options.get_username()
            ),
            Err(_) => "PostgreSQL".to_owned(),
        }
    }

    /// The address of the PostgreSQL server, or the folder of its Unix socket.
    #[must_use]
    pub fn server(&self) -> String {
        let options = self.url.parse::<PgConnectOptions>();
        options.map_or_else(|_| "PostgreSQL".to_owned(), |options| server(&options))
    }
}

fn server(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None if options.get_host().contains(':') => {
            format!("[{}]:{}", options.get_host(), options.get_port())
        }
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

// Written by hand so that no password can reach a log.
impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("sqlite", &self.is_sqlite())
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

impl Parser {
    pub(super) fn database(&mut self, given: &RawSettings) -> Option<DatabaseSettings> {
        let pool_size = self.number("DATABASE_POOL_SIZE", &given.database_pool_size, 2..=1_000);
        let acquire_timeout = self.duration(
            "DATABASE_ACQUIRE_TIMEOUT",
            &given.database_acquire_timeout,
            Duration::from_millis(10)..=Duration::from_mins(5),
        );
        let wait = self.duration(
            "DATABASE_WAIT",
            &given.database_wait,
            Duration::ZERO..=Duration::from_hours(1),
        );
        let ping = self.bool("DATABASE_PING", &given.database_ping);
        let echo = self.bool("DATABASE_ECHO", &given.database_echo);
        let url = match &given.database_url {
            None => format!("sqlite://{}", given.data_dir.join("mula.db").display()),
            Some(url) => self.database_url(url)?,
        };
        let read_url = given.database_read_url.as_deref();
        let read_url = read_url.filter(|url| !url.trim().is_empty());
        let read_url = match read_url.map(postgres_url).transpose() {
            Ok(Some(_)) if url.starts_with("sqlite:") => {
                self.errors.push(
                    "DATABASE_READ_URL goes with PostgreSQL, and the database is SQLite: set \
                     DATABASE_URL to the primary, or leave DATABASE_READ_URL out"
                        .to_owned(),
                );
                return None;
            }
            Ok(read_url) => read_url,
            Err(why) => {
                self.errors
                    .push(format!("invalid DATABASE_READ_URL: {why}"));
                return None;
            }
        };
        Some(DatabaseSettings {
            url,
            read_url,
            pool_size,
            acquire_timeout,
            wait,
            ping,
            echo,
        })
    }

    // No problem repeats the value: it may hold a password.
    fn database_url(&mut self, text: &str) -> Option<String> {
        let text = text.trim();
        let url = match text.strip_prefix("sqlite://") {
            Some("") => Err("it names no file; write sqlite://path/to/mula.db".to_owned()),
            Some(path) if path.starts_with(':') => Err(
                "a database in memory is lost with the process; write sqlite://path/to/mula.db"
                    .to_owned(),
            ),
            Some(_) if is_usable::<SqliteConnectOptions>(text) => Ok(text.to_owned()),
            Some(_) => Err("it cannot be parsed; write sqlite://path/to/mula.db".to_owned()),
            None => postgres_url(text),
        };
        match url {
            Ok(url) => Some(url),
            Err(why) => {
                self.errors.push(format!("invalid DATABASE_URL: {why}"));
                None
            }
        }
    }
}

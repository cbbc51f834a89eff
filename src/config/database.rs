//! The settings of the database: where it is, and how it is used.

use std::{fmt, path::Path, time::Duration};

use super::{Given, check::Check};

#[derive(Clone)]
pub struct DatabaseSettings {
    pub url: String,
    /// Of a replica, of PostgreSQL only.
    pub read_url: Option<String>,
    pub pool_size: u32,
    pub acquire_timeout: Duration,
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

/// The address of a PostgreSQL database in the one form that drivers know, if it is one. Heroku and
/// its heirs still hand out the old scheme; `SQLAlchemy` had its own.
#[must_use]
pub fn postgres_url(url: &str) -> Option<String> {
    match url.trim().split_once("://")? {
        ("postgres" | "postgresql" | "postgresql+asyncpg" | "postgresql+psycopg2", rest)
            if !rest.is_empty() =>
        {
            Some(format!("postgres://{rest}"))
        }
        _ => None,
    }
}

impl Check {
    pub(super) fn database(&mut self, given: &Given) -> Option<DatabaseSettings> {
        let pool_size = self.number("DATABASE_POOL_SIZE", &given.database_pool_size, 2..=1_000);
        let acquire_timeout = self.duration(
            "DATABASE_ACQUIRE_TIMEOUT",
            &given.database_acquire_timeout,
            Duration::from_millis(10)..=Duration::from_mins(5),
        );
        let ping = self.truth("DATABASE_PING", &given.database_ping);
        let echo = self.truth("DATABASE_ECHO", &given.database_echo);
        let url = match &given.database_url {
            None => format!("sqlite://{}", given.data_dir.join("mula.db").display()),
            Some(url) => match (postgres_url(url), url.trim().split_once("://")) {
                (Some(url), _) => url,
                (None, Some(("sqlite", path))) if !path.is_empty() && !path.starts_with(':') => {
                    format!("sqlite://{path}")
                }
                _ => {
                    // Not `wrong`: the value may hold a password.
                    self.problems.push(
                        "DATABASE_URL is not right: write postgres://user:password@host:5432/name \
                         or sqlite://path/to/mula.db, or leave it out"
                            .to_owned(),
                    );
                    return None;
                }
            },
        };
        // An empty one is none: Compose and the like set it so.
        let read_url = given
            .database_read_url
            .as_deref()
            .filter(|url| !url.trim().is_empty());
        let read_url = match read_url.map(postgres_url) {
            None => None,
            Some(_) if url.starts_with("sqlite:") => {
                self.problems.push(
                    "DATABASE_READ_URL goes with PostgreSQL, and the database is SQLite: set \
                     DATABASE_URL to the primary, or leave DATABASE_READ_URL out"
                        .to_owned(),
                );
                return None;
            }
            Some(None) => {
                self.problems.push(
                    "DATABASE_READ_URL is not right: write postgres://user:password@host:5432/name, \
                     or leave it out"
                        .to_owned(),
                );
                return None;
            }
            Some(url) => url,
        };
        Some(DatabaseSettings {
            url,
            read_url,
            pool_size,
            acquire_timeout,
            ping,
            echo,
        })
    }
}

//! From all that is given to [`Settings`], naming everything that is wrong.

use std::{
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use sentry_types::Dsn;

use super::{
    CommandSettings, Environment, Given, Limits, LogFormat, Settings,
    check::{Check, Problems},
    secret,
};

impl Given {
    /// Reads and checks all settings.
    ///
    /// # Errors
    ///
    /// All wrong settings at once, each with what to write instead.
    pub fn check(self) -> Result<Settings, Problems> {
        self.check_with(secret::kept_in)
    }

    /// The same, without making the secret that a server would make: for who only looks.
    ///
    /// # Errors
    ///
    /// As [`Given::check`].
    pub fn check_without_a_trace(self) -> Result<Settings, Problems> {
        self.check_with(secret::found_in)
    }

    fn check_with(self, secret_in: secret::SecretIn) -> Result<Settings, Problems> {
        let mut check = Check::default();
        let environment = check.one_of(
            "ENVIRONMENT",
            &self.environment,
            &[
                ("development", Environment::Development),
                ("production", Environment::Production),
            ],
        );
        let database = check.database(&self);
        let required = match (&database, environment) {
            (_, Some(Environment::Production)) => Some("with ENVIRONMENT=production"),
            (Some(database), _) if !database.is_sqlite() => Some("with PostgreSQL"),
            _ => None,
        };
        let log_format = check.log_format(&self);
        let graphiql = self
            .graphiql
            .as_ref()
            .map(|text| check.truth("GRAPHIQL", text));
        let address = check.address(&self);
        let limits = check.limits(&self);
        let token_lifetime = check.duration(
            "TOKEN_LIFETIME",
            &self.token_lifetime,
            Duration::from_secs(1)..=Duration::from_hours(24 * 365),
        );
        let bcrypt_cost = check.number("BCRYPT_COST", &self.bcrypt_cost, 4..=16);
        let allowed_origins = check.origins(&self.allowed_origins);
        let shutdown_timeout = check.duration(
            "SHUTDOWN_TIMEOUT",
            &self.shutdown_timeout,
            Duration::ZERO..=Duration::from_mins(10),
        );
        let sentry_dsn = check.sentry_dsn(self.sentry_dsn.as_deref());
        let clients = check.clients(&self.clients);
        let writing = check.writing(&self.writing);
        let model = check.model(&self.model);
        check.prices_for_limits(&writing, model.as_ref());
        let http = check.http(&self.http, environment);
        // Last: it makes a secret only when nothing is wrong.
        let secrets = check.secrets(&self, required, secret_in);

        let (Some(environment), Some(database), Some(secrets), Some(log_format), true) = (
            environment,
            database,
            secrets,
            log_format,
            check.problems.is_empty(),
        ) else {
            return Err(Problems(check.problems));
        };
        Ok(Settings {
            environment,
            host: address.ip(),
            port: address.port(),
            data_dir: self.data_dir,
            knowledge_dir: self.knowledge_dir,
            database,
            secrets,
            token_lifetime,
            bcrypt_cost,
            allowed_origins,
            graphiql: graphiql.unwrap_or(environment == Environment::Development),
            limits,
            log_format,
            log_level: self.log_level,
            sentry_dsn,
            shutdown_timeout,
            clients,
            writing,
            model,
            http,
        })
    }

    /// Reads and checks what commands beside a server need, which is no secret.
    ///
    /// # Errors
    ///
    /// All wrong settings among them at once, each with what to write instead.
    pub fn check_for_command(&self) -> Result<CommandSettings, Problems> {
        let mut check = Check::default();
        let database = check.database(self);
        let log_format = check.log_format(self);
        let address = check.address(self);
        match (database, log_format) {
            (Some(database), Some(log_format)) if check.problems.is_empty() => {
                Ok(CommandSettings {
                    address,
                    database,
                    log_format,
                    log_level: self.log_level.clone(),
                })
            }
            _ => Err(Problems(check.problems)),
        }
    }
}

impl Check {
    fn address(&mut self, given: &Given) -> SocketAddr {
        let host = self.parsed(
            "HOST",
            &given.host,
            "an IP address such as 127.0.0.1 or 0.0.0.0",
        );
        let port = self.number("PORT", &given.port, 0..=65_535);
        SocketAddr::new(host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), port)
    }

    /// Empty is none: what sets all variables sets it to nothing.
    fn sentry_dsn(&mut self, given: Option<&str>) -> Option<Dsn> {
        let text = given.map(str::trim).filter(|text| !text.is_empty())?;
        let dsn = text.parse().ok();
        if dsn.is_none() {
            // Not shown: it may hold a secret.
            let form =
                "SENTRY_DSN is not right: write it as Sentry shows it, https://key@host/project";
            self.problems.push(form.to_owned());
        }
        dsn
    }

    fn log_format(&mut self, given: &Given) -> Option<LogFormat> {
        if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&given.log_level) {
            self.wrong(
                "LOG_LEVEL",
                &given.log_level,
                &format!("{error}; write for example info"),
            );
        }
        self.one_of(
            "LOG_FORMAT",
            &given.log_format,
            &[
                ("text", LogFormat::Text),
                ("json", LogFormat::Json),
                (
                    "auto",
                    if std::io::stderr().is_terminal() {
                        LogFormat::Text
                    } else {
                        LogFormat::Json
                    },
                ),
            ],
        )
    }

    /// Each as browsers send it in `Origin`: scheme, host and port, nothing after.
    fn origins(&mut self, value: &str) -> Vec<String> {
        let origins: Vec<_> = value
            .split(',')
            .map(|origin| origin.trim().trim_end_matches('/').to_ascii_lowercase())
            .filter(|origin| !origin.is_empty())
            .collect();
        let good = |origin: &String| {
            origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"))
                .is_some_and(|host| {
                    !host.is_empty()
                        && host
                            .bytes()
                            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
                })
        };
        if !origins.iter().all(good) {
            self.wrong(
                "ALLOWED_ORIGINS",
                value,
                "write origins such as https://app.example.com,http://localhost:3000 (no path, no *)",
            );
        }
        origins
    }

    fn limits(&mut self, given: &Given) -> Limits {
        let limits = Limits {
            page_size: self.number("PAGE_SIZE", &given.page_size, 1..=1_000),
            page_size_max: self.number("PAGE_SIZE_MAX", &given.page_size_max, 1..=1_000),
            question_min: self.number("QUESTION_MIN", &given.question_min, 1..=10_000),
            question_max: self.number("QUESTION_MAX", &given.question_max, 1..=10_000),
        };
        if limits.page_size > limits.page_size_max {
            self.wrong(
                "PAGE_SIZE",
                &given.page_size,
                "it may not be more than PAGE_SIZE_MAX",
            );
        }
        if limits.question_min > limits.question_max {
            self.wrong(
                "QUESTION_MIN",
                &given.question_min,
                "it may not be more than QUESTION_MAX",
            );
        }
        limits
    }
}

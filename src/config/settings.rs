//! From all that is given to [`Settings`], naming everything that is wrong.

use std::{
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use sentry_types::Dsn;

use super::{
    AccountSettings, CommandSettings, Environment, InputLimits, LogFormat, RawSettings, Settings,
    host, log_level,
    parser::{Parser, SettingsErrors},
    secret,
};

impl RawSettings {
    /// Reads and checks all settings.
    ///
    /// # Errors
    ///
    /// All wrong settings at once, each with what to write instead.
    pub fn check(self) -> Result<Settings, SettingsErrors> {
        self.check_with(secret::kept_in)
    }

    /// The same, without making the secret that a server would make: for who only looks.
    ///
    /// # Errors
    ///
    /// As [`RawSettings::check`].
    pub fn check_without_a_trace(self) -> Result<Settings, SettingsErrors> {
        self.check_with(secret::found_in)
    }

    #[expect(clippy::too_many_lines, reason = "a line or two for each setting")]
    fn check_with(self, secret_in: secret::SecretIn) -> Result<Settings, SettingsErrors> {
        let mut parser = Parser::default();
        let environment = parser.choice(
            "ENVIRONMENT",
            &self.environment,
            &[
                ("development", Environment::Development),
                ("production", Environment::Production),
            ],
        );
        let database = parser.database(&self);
        let required = match (&database, environment) {
            (_, Some(Environment::Production)) => Some("with ENVIRONMENT=production"),
            (Some(database), _) if !database.is_sqlite() => Some("with PostgreSQL"),
            _ => None,
        };
        let log_format = parser.log_format(&self);
        let web = parser.bool("WEB", &self.web);
        let graphiql = self
            .graphiql
            .as_ref()
            .map(|text| parser.bool("GRAPHIQL", text));
        let address = parser.address(&self);
        let limits = parser.limits(&self);
        let sessions = parser.sessions(&self.sessions);
        let bcrypt_cost = parser.bcrypt_cost(&self.bcrypt_cost);
        let allowed_origins = parser.origins(self.allowed_origins.as_deref(), environment);
        let shutdown_timeout = parser.duration(
            "SHUTDOWN_TIMEOUT",
            &self.shutdown_timeout,
            Duration::ZERO..=Duration::from_mins(10),
        );
        let sentry_dsn = parser.sentry_dsn(self.sentry_dsn.as_deref());
        let clients = parser.clients(&self.clients);
        let (mail, _) = parser.mail(&self.mail, environment);
        let requires_verified_email = parser.requires_verified_email(&self.mail);
        let guests = parser.guests(&self.guests, environment);
        let writing = parser.writing(&self.writing, environment);
        let model = parser.model(&self.model);
        parser.prices_for_limits(&writing, model.as_ref());
        let http = parser.http(&self.http, environment);
        // Last: it makes a secret only when nothing is wrong.
        let secrets = parser.secrets(&self, required, secret_in);

        let (Some(environment), Some(database), Some(secrets), Some(log_format), true) = (
            environment,
            database,
            secrets,
            log_format,
            parser.errors.is_empty(),
        ) else {
            return Err(SettingsErrors(parser.errors));
        };
        Ok(Settings {
            environment,
            host: address.ip(),
            port: address.port(),
            data_dir: self.data_dir,
            knowledge_dir: self.knowledge_dir,
            database,
            secrets,
            sessions,
            bcrypt_cost,
            allowed_origins,
            web,
            graphiql: graphiql.unwrap_or(environment == Environment::Development),
            limits,
            log_format,
            log_level: self.log_level,
            sentry_dsn,
            shutdown_timeout,
            clients,
            mail,
            requires_verified_email,
            guests,
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
    pub fn check_for_command(&self) -> Result<CommandSettings, SettingsErrors> {
        let mut parser = Parser::default();
        let database = parser.database(self);
        let log_format = parser.log_format(self);
        let address = parser.address(self);
        match (database, log_format) {
            (Some(database), Some(log_format)) if parser.errors.is_empty() => Ok(CommandSettings {
                address,
                database,
                log_format,
                log_level: self.log_level.clone(),
            }),
            _ => Err(SettingsErrors(parser.errors)),
        }
    }

    /// Reads and checks what the commands on accounts need beside that.
    ///
    /// # Errors
    ///
    /// All wrong settings among them at once, each with what to write instead.
    pub fn check_for_accounts(&self) -> Result<AccountSettings, SettingsErrors> {
        let mut parser = Parser::default();
        let bcrypt_cost = parser.bcrypt_cost(&self.bcrypt_cost);
        let writing = parser.writing(&self.writing, None);
        let (_, app_url) = parser.mail(&self.mail, None);
        // The server refuses settings of a model that are wrong; no command does.
        let model = Parser::default().model(&self.model);
        if !parser.errors.is_empty() {
            return Err(SettingsErrors(parser.errors));
        }
        Ok(AccountSettings {
            bcrypt_cost,
            app_url,
            quotas: writing.quotas,
            lacks_prices: model.is_some_and(|model| model.prices.is_none()),
        })
    }
}

impl Parser {
    fn bcrypt_cost(&mut self, text: &str) -> u32 {
        self.number("BCRYPT_COST", text, 4..=16)
    }

    fn address(&mut self, given: &RawSettings) -> SocketAddr {
        let host = host::resolved(&given.host);
        let host = host.unwrap_or_else(|write| {
            self.reject("HOST", &given.host, &write);
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        });
        let port = self.number("PORT", &given.port, 0..=65_535);
        SocketAddr::new(host, port)
    }

    /// Empty is none: what sets all variables sets it to nothing.
    fn sentry_dsn(&mut self, given: Option<&str>) -> Option<Dsn> {
        let text = given.map(str::trim).filter(|text| !text.is_empty())?;
        let dsn = text.parse().ok();
        if dsn.is_none() {
            // Not shown: it may hold a secret.
            let form = "invalid SENTRY_DSN: write it as Sentry shows it, https://key@host/project";
            self.errors.push(form.to_owned());
        }
        dsn
    }

    fn log_format(&mut self, given: &RawSettings) -> Option<LogFormat> {
        if let Err(write) = log_level::check(&given.log_level) {
            self.reject("LOG_LEVEL", &given.log_level, &write);
        }
        self.choice(
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

    fn limits(&mut self, given: &RawSettings) -> InputLimits {
        let limits = InputLimits {
            page_size: self.number("PAGE_SIZE", &given.page_size, 1..=1_000),
            page_size_max: self.number("PAGE_SIZE_MAX", &given.page_size_max, 1..=1_000),
            question_min: self.number("QUESTION_MIN", &given.question_min, 1..=10_000),
            question_max: self.number("QUESTION_MAX", &given.question_max, 1..=10_000),
        };
        if limits.page_size > limits.page_size_max {
            self.reject(
                "PAGE_SIZE",
                &given.page_size,
                "it may not be more than PAGE_SIZE_MAX",
            );
        }
        if limits.question_min > limits.question_max {
            self.reject(
                "QUESTION_MIN",
                &given.question_min,
                "it may not be more than QUESTION_MAX",
            );
        }
        limits
    }
}

//! The settings of how clients are served: how long each may take, and what they may ask.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;

use super::{Environment, host, parser::Parser};

/// As they were written.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::doc_markdown,
    reason = "these texts are what --help prints, which knows no Markdown"
)]
pub struct RawHttp {
    /// Whether the schema can be asked for, and errors suggest names; by default in development
    #[arg(long, env)]
    pub introspection: Option<String>,
    /// Whether browsers may keep their tokens in cookies (true or false); see docs/front-ends.md
    #[arg(long, env, default_value = "false")]
    pub session_cookie: String,
    /// JSON file of documents by their ids: nothing else is executed
    #[arg(long, env)]
    pub trusted_documents: Option<PathBuf>,
    /// Connections of clients at once; more wait to be let in
    #[arg(long, env, default_value = "10000")]
    pub connections: String,
    /// Connections of one address at once, but for trusted proxies; more are closed
    #[arg(long, env, default_value = "500")]
    pub connections_per_address: String,
    /// How long a request's headers may take to arrive
    #[arg(long, env, default_value = "10s")]
    pub header_timeout: String,
    /// How long a request's body may take to arrive
    #[arg(long, env, default_value = "30s")]
    pub body_timeout: String,
    /// How long a connection may wait for its next request, or for its client to take an answer
    #[arg(long, env, default_value = "75s")]
    pub idle_timeout: String,
    /// How long an answer may take, beside what ASK_WAIT allows
    #[arg(long, env, default_value = "30s")]
    pub request_timeout: String,
    /// Address and port where /metrics is served, apart from all else; none by default
    #[arg(long, env)]
    pub metrics_address: Option<String>,
}

/// How clients are served.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    pub introspection: bool,
    /// Whether browsers may keep their tokens in cookies.
    pub session_cookie: bool,
    pub trusted_documents: Option<PathBuf>,
    pub connections: usize,
    /// An IPv6 network of 64 bits counts as one address.
    pub connections_per_address: usize,
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    pub idle_timeout: Duration,
    pub request_timeout: Duration,
    pub metrics_address: Option<SocketAddr>,
}

impl Parser {
    pub(super) fn http(
        &mut self,
        given: &RawHttp,
        environment: Option<Environment>,
    ) -> HttpSettings {
        let introspection = given.introspection.as_ref();
        let introspection = introspection.map(|text| self.bool("INTROSPECTION", text));
        let session_cookie = self.bool("SESSION_COOKIE", &given.session_cookie);
        let metrics_address = given.metrics_address.as_deref();
        let metrics_address = metrics_address
            .filter(|text| !text.trim().is_empty())
            .and_then(|text| match host::resolved_with_port(text) {
                Ok(address) => Some(address),
                Err(write) => {
                    self.reject("METRICS_ADDRESS", text, &write);
                    None
                }
            });
        let mut timeout = |name, value| {
            let range = Duration::from_millis(100)..=Duration::from_hours(1);
            self.duration(name, value, range)
        };
        HttpSettings {
            introspection: introspection.unwrap_or(environment == Some(Environment::Development)),
            session_cookie,
            trusted_documents: given.trusted_documents.clone(),
            header_timeout: timeout("HEADER_TIMEOUT", &given.header_timeout),
            body_timeout: timeout("BODY_TIMEOUT", &given.body_timeout),
            idle_timeout: timeout("IDLE_TIMEOUT", &given.idle_timeout),
            request_timeout: timeout("REQUEST_TIMEOUT", &given.request_timeout),
            connections: self.number("CONNECTIONS", &given.connections, 1..=1_000_000),
            connections_per_address: self.number(
                "CONNECTIONS_PER_ADDRESS",
                &given.connections_per_address,
                1..=1_000_000,
            ),
            metrics_address,
        }
    }
}

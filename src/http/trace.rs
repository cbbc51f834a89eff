//! What holds for every request: an id that its answer and all its log lines carry, and one
//! log line of its own.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::client_address::{ClientAddress, client_address};
use crate::clock::Clock;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Characters of a request id, or of an operation's name in the log, at most.
const NAME_MAX: usize = 64;

/// The request's id, for handlers.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub String);

/// The operation's name as the request gave it; a handler leaves it in its answer for the log.
#[derive(Clone, Debug)]
pub(super) struct OperationName(pub String);

/// What is needed of every request.
#[derive(Clone)]
pub(super) struct Every {
    pub clock: Clock,
    pub trusted_proxies: Arc<[IpNet]>,
}

pub(super) async fn every_request(
    State(every): State<Every>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(|| every.clock.new_id().to_string());
    let header = HeaderValue::from_str(&id).expect("letters, digits, _ and -");
    // At the level of errors: whatever the filter lets through stands in this span.
    let span = tracing::error_span!("request", id);
    let ConnectInfo(peer): ConnectInfo<SocketAddr> = *request
        .extensions()
        .get()
        .expect("the server says of every request where it came from");
    let client = client_address(peer.ip(), request.headers(), &every.trusted_proxies);
    let mut line = Line::new(&request, client, span.clone());
    request.extensions_mut().insert(ClientAddress(client));
    request.extensions_mut().insert(RequestId(id));

    let mut response = next.run(request).instrument(span).await;
    line.status = Some(response.status());
    line.operation = response.extensions_mut().remove();
    response.headers_mut().insert(REQUEST_ID, header);
    response.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// The caller's own id for the request, if it is one that can stand in a log.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let good = (1..=NAME_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    good.then(|| id.to_owned())
}

/// The log line of a request, written when it is dropped: a client that hangs up drops the
/// whole request with it.
struct Line {
    span: Span,
    method: Method,
    /// As the router knows it. What else clients write there is theirs, and may be a secret that
    /// they put in the wrong place.
    path: Option<MatchedPath>,
    client: IpAddr,
    begun: Instant,
    status: Option<StatusCode>,
    operation: Option<OperationName>,
}

impl Line {
    fn new(request: &Request, client: IpAddr, span: Span) -> Self {
        Self {
            span,
            method: request.method().clone(),
            path: request.extensions().get().cloned(),
            client,
            begun: Instant::now(),
            status: None,
            operation: None,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _in = self.span.enter();
        let Self { method, client, .. } = self;
        let path = self.path.as_ref().map(MatchedPath::as_str);
        let ms = self.begun.elapsed().as_millis();
        if let Some(status) = self.status {
            let operation = self.operation.as_ref().and_then(|name| loggable(&name.0));
            tracing::info!(%client, %method, path, status = status.as_u16(), ms, operation, "answered");
        } else {
            tracing::info!(%client, %method, path, ms, "the client left before its answer");
        }
    }
}

/// A name as GraphQL knows it, cut to a bearable length; nothing else gets into the log.
fn loggable(name: &str) -> Option<&str> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(good)).then(|| &name[..name.len().min(NAME_MAX)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_over_only_if_it_is_harmless() {
        let long = "x".repeat(65);
        for (given, taken) in [
            ("a", true),
            ("0193-AB_c", true),
            (&long[..64], true),
            (&long, false),
            ("", false),
            ("a b", false),
            ("a;b", false),
            ("\u{e9}", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                REQUEST_ID,
                HeaderValue::from_bytes(given.as_bytes()).unwrap(),
            );
            assert_eq!(given_id(&headers).is_some(), taken, "{given}");
        }
        assert_eq!(given_id(&HeaderMap::new()), None);
    }

    #[test]
    fn only_names_are_logged_and_only_so_much_of_them() {
        assert_eq!(loggable("SignIn_2"), Some("SignIn_2"));
        assert_eq!(loggable(""), None);
        assert_eq!(loggable("a\nb"), None);
        assert_eq!(loggable(&"é".repeat(40)), None);
        assert_eq!(loggable(&"x".repeat(1_000)).map(str::len), Some(64));
    }
}

//! The outermost layer of every request: its id, which its response and all its log lines carry, its line in
//! the access log, and its metrics. An operation on a WebSocket counts as a request.

use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use hyper::body::{Frame, SizeHint};
use ipnet::IpNet;
use tokio::time::Instant;
use tracing::field::display;

use super::client_address::{ClientAddress, client_address};
use crate::{
    clock::Clock,
    metrics::Metrics,
    request_context::{self, Operation},
    spans,
};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Characters of a request id, or of an operation's name in the log, at most.
const NAME_MAX: usize = 64;

/// The paths that operations are sent to.
pub(super) const GRAPHQL: &str = "/graphql";
pub(super) const SOCKET: &str = "/graphql/ws";

/// Where users download their data.
pub(super) const EXPORT: &str = "/export";

/// The code, in the log and the metrics, of an operation whose client hung up before its answer.
const CLIENT_LEFT: &str = "CLIENT_LEFT";

/// The request's id, for handlers.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub String);

pub(super) struct RequestLayer {
    pub clock: Clock,
    pub trusted_proxies: Arc<[IpNet]>,
    /// None without `METRICS_ADDRESS`.
    pub metrics: Option<Metrics>,
}

pub(super) async fn log_request(
    State(layer): State<Arc<RequestLayer>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(|| layer.clock.new_id().to_string());
    let header = HeaderValue::from_str(&id).expect("letters, digits, _ and -");
    let ConnectInfo(peer): ConnectInfo<SocketAddr> = *request
        .extensions()
        .get()
        .expect("the server adds it to every request");
    let client = client_address(peer.ip(), request.headers(), &layer.trusted_proxies);
    let mut log = AccessLog::new(client, id.clone(), layer.metrics.clone());
    log.method = Some(request.method().clone());
    log.path = request.extensions().get().cloned();
    // Probes of the health, and requests of other paths, have no trace.
    let routes = [GRAPHQL, SOCKET, EXPORT];
    if let Some(route) = routes.into_iter().find(|route| log.path() == Some(*route)) {
        log.trace = spans::Span::request(request.method(), route, request.headers(), &id);
    }
    request.extensions_mut().insert(ClientAddress(client));
    request.extensions_mut().insert(RequestId(id));

    let context = log.request.clone();
    let mut response = log.trace.within(context.scope(next.run(request))).await;
    log.status = Some(response.status());
    response.headers_mut().insert(REQUEST_ID, header);
    response.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // A streamed response ends with its last piece.
    if response.body().size_hint().exact().is_none() {
        log.is_stream = true;
        return response.map(|body| Body::new(LoggedBody { body, log }));
    }
    response
}

/// A streamed response body that keeps its request's context.
struct LoggedBody {
    body: Body,
    log: AccessLog,
}

impl HttpBody for LoggedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, log } = self.get_mut();
        let poll = || Pin::new(body).poll_frame(context);
        log.trace.sync_within(|| log.request.sync_scope(poll))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
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

/// The line of a request in the access log, written when it is dropped: a client that hangs up drops the
/// whole request with it.
pub(super) struct AccessLog {
    pub request: Arc<request_context::RequestContext>,
    pub trace: spans::Span,
    /// None on a WebSocket.
    method: Option<Method>,
    /// The router's pattern, not the request's path, which may hold a secret that a client put in the wrong
    /// place.
    path: Option<MatchedPath>,
    client: IpAddr,
    begun: Instant,
    status: Option<StatusCode>,
    is_stream: bool,
    metrics: Option<Metrics>,
}

impl AccessLog {
    fn new(client: IpAddr, id: String, metrics: Option<Metrics>) -> Self {
        Self {
            request: Arc::new(request_context::RequestContext::new(id)),
            trace: spans::Span::none(),
            method: None,
            path: None,
            client,
            begun: Instant::now(),
            status: None,
            is_stream: false,
            metrics,
        }
    }

    /// That of an operation on the WebSocket that the request `id` has opened.
    pub(super) fn on_socket(client: IpAddr, id: &str, metrics: Option<Metrics>) -> Self {
        let mut log = Self::new(client, id.to_owned(), metrics);
        log.is_stream = true;
        log.trace = spans::Span::on_socket(SOCKET, id);
        log
    }

    fn path(&self) -> Option<&str> {
        match &self.path {
            Some(path) => Some(path.as_str()),
            None => self.method.is_none().then_some(SOCKET),
        }
    }

    /// The error code of the operation; None for a request that is not GraphQL.
    fn code(&self) -> Option<&str> {
        let is_graphql = || self.method.is_none() || self.path() == Some(GRAPHQL);
        self.request.code().or_else(|| match self.status {
            _ if !is_graphql() => None,
            // The client left before the first result.
            _ if self.is_stream => Some("OK"),
            None => Some(CLIENT_LEFT),
            // A preflight.
            Some(_) => None,
        })
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        let code = self.code();
        let operation = self.request.operation();
        if let (Some(metrics), Some(code)) = (&self.metrics, code) {
            let lasts = operation.is_some_and(Operation::is_subscription);
            metrics.count(&self.request, code, (!lasts).then_some(took));
        }
        let client = self.client;
        let method = self.method.as_ref().map(display);
        let path = self.path();
        let status = self.status.as_ref().map(StatusCode::as_u16);
        if let Some(status) = status {
            self.trace
                .set("http.response.status_code", i64::from(status));
        }
        if let Some(code) = code {
            self.trace.ended(code);
        }
        self.request.sync_scope(|| self.trace.identify());
        // To the microsecond.
        let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        let field = operation.map(|Operation { field, .. }| field.as_str());
        let operation = self.request.name().and_then(loggable);
        // Who has signed in is the user.
        let account = self.request.account().map(display);
        let account = account.filter(|_| self.request.user().is_none());
        let limit = self.request.limit();
        let round_trips = self.request.round_trips();
        let message = if status.is_some() || self.is_stream {
            "answered"
        } else {
            "the client left before its answer"
        };
        self.request.sync_scope(|| {
            tracing::info!(
                %client, method, path, status, ms, operation, field, code, account, limit,
                round_trips,
                "{message}"
            );
        });
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

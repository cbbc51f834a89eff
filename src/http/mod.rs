//! HTTP: the routes, and what every response has in common.

mod access_log;
mod client_address;
mod connection_limit;
mod cookie;
mod export;
mod graphiql;
mod graphql;
mod health;
mod incoming;
mod listen;
mod metrics;
mod operation;
mod operation_limit;
mod origin;
mod static_file;
mod timeout_stream;
mod web;
mod websocket;

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing,
};
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, CompressionLevel, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
};

use crate::{
    account::Accounts,
    clock::Clock,
    config::{self, Origins},
    db::Database,
    graphql::{Documents, Schema},
    metrics::Metrics,
};
#[cfg(fuzzing)]
pub use graphql::fuzzing;
pub use incoming::IncomingLimiter;
pub use metrics::{MetricsState, router as metrics_router};
pub use operation_limit::OperationLimiter;

/// Bytes of a body that is compressed, at least: a smaller one is sent in one packet as it is.
const COMPRESSED_FROM: u16 = 1024;

/// The state shared by all handlers.
pub struct AppState {
    pub schema: Schema,
    pub documents: Arc<Documents>,
    pub accounts: Accounts,
    pub db: Database,
    pub clock: Clock,
    /// Running operations, which end even when the client that sent them does not wait.
    pub operations: TaskTracker,
    pub limiter: OperationLimiter,
    pub incoming: IncomingLimiter,
    pub allowed_origins: Arc<Origins>,
    /// Whether browsers may keep their tokens in cookies.
    pub session_cookie: bool,
    pub trusted_proxies: Arc<[IpNet]>,
    /// None without `METRICS_ADDRESS`.
    pub metrics: Option<Metrics>,
    pub web: bool,
    pub graphiql: bool,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long an answer may take.
    pub answer_timeout: Duration,
    /// Cancelled when open streams are to end, so that clients reconnect to another instance.
    pub stopping: CancellationToken,
}

/// Serves until `state.stopping` is cancelled, then finishes what is in flight. Dropped, it closes all
/// connections.
pub async fn serve(listener: TcpListener, state: AppState, settings: config::HttpSettings) {
    let trusted_proxies = state.trusted_proxies.clone();
    let (incoming, stopping) = (state.incoming.clone(), state.stopping.clone());
    let router = router(state);
    listen::serve(
        listener,
        router,
        settings,
        trusted_proxies,
        incoming,
        stopping,
    )
    .await;
}

fn router(state: AppState) -> Router {
    let (web, graphiql) = (state.web, state.graphiql);
    let mut router = Router::new()
        .route(access_log::GRAPHQL, routing::any(graphql::answer))
        .route(access_log::SOCKET, routing::get(websocket::upgrade))
        .route(access_log::EXPORT, routing::get(export::download))
        .route("/health/live", routing::get(health::live))
        .route("/health/ready", routing::get(health::ready));
    if web {
        router = router.merge(web::router());
    }
    if graphiql {
        router = router.merge(graphiql::router());
    }
    let pages = [(web, web::PATH), (graphiql, graphiql::PATH)];
    if let Some((_, first)) = pages.into_iter().find(|(is_served, _)| *is_served) {
        router = router.route(
            "/",
            routing::get(move || async { Redirect::temporary(first) }),
        );
    }
    router = router.fallback(move || async move { not_found(web, graphiql) });
    if state.session_cookie {
        let origins = state.allowed_origins.clone();
        router = router.layer(middleware::from_fn_with_state(
            origins,
            cookie::session_cookie,
        ));
    }
    router = router.layer(origin::cors(
        state.allowed_origins.clone(),
        state.session_cookie,
    ));
    let layer = access_log::RequestLayer {
        clock: state.clock.clone(),
        trusted_proxies: state.trusted_proxies.clone(),
        metrics: state.metrics.clone(),
    };
    around(router, layer).with_state(Arc::new(state))
}

/// The layers around every handler. The id and the log line are outermost, so that responses of the
/// layers have them too.
fn around<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    layer: access_log::RequestLayer,
) -> Router<S> {
    router
        .layer(CatchPanicLayer::custom(broken_off))
        .layer(middleware::from_fn_with_state(
            Arc::new(layer),
            access_log::log_request,
        ))
        // Around that, which tells streams by a body without a length.
        .layer(compression())
}

/// Compresses what a client accepts compressed, but no stream: each of its pieces goes out at once.
fn compression() -> CompressionLayer<impl Predicate> {
    let whole = NotForContentType::const_new("text/event-stream")
        .and(NotForContentType::const_new("multipart/mixed"));
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESSED_FROM).and(whole))
}

/// The answer where there would be none: a handler panicked.
fn broken_off(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request broke off by a fault of ours");
    let text = "Something went wrong on our side. The request id finds it in our log.\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

fn not_found(web: bool, graphiql: bool) -> Response {
    let mut text = "There is nothing at this path. What there is:\n\n".to_owned();
    if web {
        text += "  /app           the web client\n";
    }
    if graphiql {
        text += "  /graphiql      GraphiQL, to try the API in a browser\n";
    }
    text += "  /graphql       the API: GraphQL over HTTP, GET and POST\n\
             \x20 /graphql/ws    the API by WebSocket: graphql-transport-ws\n\
             \x20 /export        a user's data as JSON Lines: GET, with the access token\n\
             \x20 /health/live   whether the process runs\n\
             \x20 /health/ready  whether it can serve: its database answers\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

/// Not kept by anyone on the way.
const NO_STORE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

#[cfg(test)]
mod tests {
    use axum::{Router, routing};
    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    use crate::{clock::Clock, config};

    async fn panics() -> &'static str {
        panic!("on purpose")
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_one_answer_with_an_id() {
        let router = Router::new()
            .route("/panics", routing::get(panics))
            .route("/works", routing::get(async || "yes"));
        let layer = super::access_log::RequestLayer {
            clock: Clock::default(),
            trusted_proxies: [].into(),
            metrics: None,
        };
        let router = super::around(router, layer);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let timeout = std::time::Duration::from_mins(1);
        let settings = config::HttpSettings {
            introspection: false,
            session_cookie: false,
            trusted_documents: None,
            connections: 10,
            connections_per_address: 10,
            header_timeout: timeout,
            body_timeout: timeout,
            idle_timeout: timeout,
            request_timeout: timeout,
            metrics_address: None,
        };
        let stopping = CancellationToken::new();
        tokio::spawn(super::listen::serve(
            listener,
            router,
            settings,
            [].into(),
            super::IncomingLimiter::default(),
            stopping,
        ));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();

        for _ in 0..3 {
            let answer = client.get(format!("{url}/panics")).send().await.unwrap();
            assert_eq!(answer.status(), 500);
            assert!(answer.headers().contains_key("x-request-id"));
            assert!(!answer.text().await.unwrap().contains("on purpose"));
            let answer = client.get(format!("{url}/works")).send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), "yes");
        }
    }
}

//! The wire: which path is answered by what, and what every answer carries.
//!
//! May use: `graphql`, `account` (who a token speaks for), `db` (whether it answers), `clock`
//! (request ids).

mod client_address;
mod graphiql;
mod graphql;
mod health;
mod trace;
mod websocket;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing,
};
use ipnet::IpNet;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::cors::CorsLayer;

use crate::{account::Accounts, clock::Clock, db::Database, graphql::Schema};

/// How long a browser remembers what a preflight allowed. Chromium caps it at two hours.
const PREFLIGHT_LIFETIME: Duration = Duration::from_hours(2);

/// What the handlers need.
#[derive(Clone)]
pub struct State {
    pub schema: Schema,
    pub accounts: Accounts,
    pub db: Database,
    pub clock: Clock,
    /// Operations that run: they end even when the client that sent them does not wait.
    pub operations: TaskTracker,
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: Arc<[IpNet]>,
    pub graphiql: bool,
    /// Cancelled when open streams are to end, for clients to come back to another instance.
    pub stopping: CancellationToken,
}

/// All that is served.
pub fn router(state: State) -> Router {
    let graphiql = state.graphiql;
    let mut router = Router::new()
        .route("/graphql", routing::any(graphql::answer))
        .route("/graphql/ws", routing::get(websocket::upgrade))
        .route("/health/live", routing::get(health::live))
        .route("/health/ready", routing::get(health::ready));
    if graphiql {
        router = router.merge(graphiql::router());
    }
    router = router.fallback(move || async move { not_found(graphiql) });
    if !state.allowed_origins.is_empty() {
        router = router.layer(cors(&state.allowed_origins));
    }
    // Outermost, so that what the layers answer by themselves has an id and a log line too.
    router
        .layer(middleware::from_fn_with_state(
            state.clone(),
            trace::every_request,
        ))
        .with_state(state)
}

/// Lets the front ends of these origins call from a browser, with a token but without cookies.
fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().map(|origin| {
        HeaderValue::from_str(origin).expect("the settings let only visible ASCII through")
    });
    CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            trace::REQUEST_ID,
        ])
        .expose_headers([trace::REQUEST_ID, header::RETRY_AFTER])
        .max_age(PREFLIGHT_LIFETIME)
        .vary([header::ORIGIN])
}

fn not_found(graphiql: bool) -> Response {
    let mut text = "There is nothing at this path. What there is:\n\n".to_owned();
    if graphiql {
        text += "  /              GraphiQL, to try the API in a browser\n";
    }
    text += "  /graphql       the API: GraphQL over HTTP, GET and POST\n\
             \x20 /graphql/ws    the API by WebSocket: graphql-transport-ws\n\
             \x20 /health/live   whether the process runs\n\
             \x20 /health/ready  whether it can serve: its database answers\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

/// Not kept by anyone on the way.
const NO_STORE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

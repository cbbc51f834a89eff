//! For load balancers and container health checks.

use std::{sync::Arc, time::Duration};

use axum::{
    extract,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{AppState, NO_STORE};

/// Time limit of the database. Probes give up after a few seconds, and do not read a reason that comes later.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The process runs.
pub(super) async fn live() -> Response {
    answer(StatusCode::OK, r#"{"status":"ok"}"#)
}

/// It can serve: its database answers, and stores what it is given.
pub(super) async fn ready(extract::State(state): extract::State<Arc<AppState>>) -> Response {
    if state.stopping.is_cancelled() {
        let stopping = r#"{"status":"unavailable","reason":"the service is stopping"}"#;
        return answer(StatusCode::SERVICE_UNAVAILABLE, stopping);
    }
    let why = match tokio::time::timeout(TIMEOUT, state.db.is_writable()).await {
        Ok(Ok(true)) => return answer(StatusCode::OK, r#"{"status":"ok"}"#),
        Ok(Ok(false)) => {
            tracing::warn!("the database is read-only");
            let read_only = r#"{"status":"unavailable","reason":"the database is read-only"}"#;
            return answer(StatusCode::SERVICE_UNAVAILABLE, read_only);
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {TIMEOUT:?}"),
    };
    // The driver's own words are for the log only.
    tracing::warn!(error = why, "the database does not answer");
    answer(
        StatusCode::SERVICE_UNAVAILABLE,
        r#"{"status":"unavailable","reason":"the database does not answer"}"#,
    )
}

fn answer(status: StatusCode, json: &'static str) -> Response {
    let json_type = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    (status, [json_type, NO_STORE], json).into_response()
}

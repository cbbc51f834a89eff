//! `/metrics`, on an address of its own: what it tells is not for everyone.

use std::{sync::Arc, time::Duration};

use axum::{
    Router, extract,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use sea_orm::DbErr;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    account::{self, Accounts},
    clock::Clock,
    db::Database,
    generation,
    metrics::{Metrics, TEXT_FORMAT},
};

/// Time between two looks at the database, however many scrapes there are.
const ASK: Duration = Duration::from_secs(5);

/// Time limit of a look at the database. Prometheus gives up a scrape after ten seconds.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The sources of the metrics.
#[derive(Clone)]
pub struct MetricsState {
    pub metrics: Metrics,
    pub accounts: Accounts,
    pub db: Database,
    pub clock: Clock,
}

/// When the database was last asked, and whether it answered.
type Asked = Arc<Mutex<Option<(Instant, bool)>>>;

/// The router of the metrics' address.
pub fn router(state: MetricsState) -> Router {
    Router::new()
        .route("/metrics", routing::get(answer))
        .fallback(|| async { (StatusCode::NOT_FOUND, "The metrics are at /metrics.\n") })
        .with_state((state, Asked::default()))
}

async fn answer(extract::State((state, asked)): extract::State<(MetricsState, Asked)>) -> Response {
    // One scrape at a time: the values set before the text is written are those in it.
    let mut asked = asked.lock().await;
    let is_current = match *asked {
        Some((at, is_current)) if at.elapsed() < ASK => is_current,
        _ => {
            let is_current = state.ask().await;
            *asked = Some((Instant::now(), is_current));
            is_current
        }
    };
    state
        .metrics
        .set_password_queue(state.accounts.passwords_waiting());
    for pool in state.db.pools() {
        let busy = pool.size.saturating_sub(pool.idle);
        state
            .metrics
            .set_connections(pool.name, pool.idle, busy, pool.max);
    }
    let text = state.metrics.text(is_current);
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response()
}

impl MetricsState {
    /// Asks the database, and returns whether it answered: a scrape never fails with it.
    async fn ask(&self) -> bool {
        let (db, now) = (self.db.clone(), self.clock.now());
        let counts = self.db.detached(async move {
            let tx = db.snapshot_within(TIMEOUT).await?;
            let sessions = account::count_live(&tx, now).await?;
            let generations = generation::count_unfinished(&tx).await?;
            let cost = generation::month_cost(&tx, now).await?;
            Ok::<_, DbErr>((sessions, generations, cost))
        });
        let is_ready = tokio::time::timeout(TIMEOUT, self.db.is_writable()).await;
        self.metrics.set_ready(matches!(is_ready, Ok(Ok(true))));
        match tokio::time::timeout(TIMEOUT, counts).await {
            Ok(Ok((sessions, generations, cost))) => {
                self.metrics.set_month_cost(cost);
                self.metrics.set_sessions(sessions);
                self.metrics.set_generations(&generations);
                true
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the database cannot be asked for metrics");
                false
            }
            Err(_) => {
                tracing::debug!("the database does not answer in time for metrics");
                false
            }
        }
    }
}

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
    metrics::{Metrics, TEXT_FORMAT},
    reading,
};

/// How often the database is asked at most, however many ask us.
const ASK: Duration = Duration::from_secs(5);

/// How long it may take. Whoever asks gives up after ten seconds, as Prometheus does by itself.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The sources of the metrics.
#[derive(Clone)]
pub struct Watched {
    pub metrics: Metrics,
    pub accounts: Accounts,
    pub db: Database,
    pub clock: Clock,
}

/// When the database was last asked, and whether it said anything.
type Asked = Arc<Mutex<Option<(Instant, bool)>>>;

/// The router of the metrics' address.
pub fn router(watched: Watched) -> Router {
    Router::new()
        .route("/metrics", routing::get(answer))
        .fallback(|| async { (StatusCode::NOT_FOUND, "The metrics are at /metrics.\n") })
        .with_state((watched, Asked::default()))
}

async fn answer(extract::State((watched, asked)): extract::State<(Watched, Asked)>) -> Response {
    // One at a time: what is set before the text is written is what stands in it.
    let mut asked = asked.lock().await;
    let told = match *asked {
        Some((at, told)) if at.elapsed() < ASK => told,
        _ => {
            let told = watched.ask().await;
            *asked = Some((Instant::now(), told));
            told
        }
    };
    watched
        .metrics
        .set_password_queue(watched.accounts.passwords_waiting());
    for pool in watched.db.pools() {
        let busy = pool.size.saturating_sub(pool.idle);
        watched
            .metrics
            .set_connections(pool.name, pool.idle, busy, pool.max);
    }
    let text = watched.metrics.text(told);
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response()
}

impl Watched {
    /// Asks the database, and returns whether it answered: a scrape never fails with it.
    async fn ask(&self) -> bool {
        let (db, now) = (self.db.clone(), self.clock.now());
        let counts = self.db.detached(async move {
            let tx = db.snapshot_within(TIMEOUT).await?;
            let sessions = account::count_live(&tx, now).await?;
            let generations = reading::count_unfinished(&tx).await?;
            let cost = reading::month_cost(&tx, now).await?;
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
                tracing::debug!("the database does not say in time what the metrics are");
                false
            }
        }
    }
}

//! Metrics, named as Prometheus recommends (<https://prometheus.io/docs/practices/naming/>).
//! `docs/observability.md` lists them; a test compares.
//!
//! Events are counted here as they happen. Numbers that have to be queried, such as that of sessions,
//! `http::metrics` queries for each scrape.

mod answers;
mod process;

use std::{sync::Arc, time::Duration};

use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder, core::Collector,
};
use sea_orm::ActiveEnum;

use crate::{
    entity::reading::{Engine, Status},
    request_context::RequestContext,
};
use answers::Answers;
use process::Process;

/// The media type of [`Metrics::text`].
pub use prometheus::TEXT_FORMAT;

/// Seconds: from what a cached read takes to what an answer may.
const LATENCIES: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];

/// Seconds.
const LAGS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// The codes of what a limit refuses.
pub(crate) const REFUSALS: [&str; 4] = [
    "OVERLOADED",
    "QUERY_TOO_COMPLEX",
    "QUOTA_EXCEEDED",
    "RATE_LIMITED",
];

/// The operation of a request that was refused before it was clear what it asks for.
const UNKNOWN: &str = "unknown";

/// The code of an answer that did not fail.
const NO_CODE: &str = "NONE";

/// The codes of failed answers (`advisor::engine::Failure`).
const FAILURES: [&str; 12] = [
    "CONTENT_FILTERED",
    "CONTEXT_TOO_LONG",
    "INTERRUPTED",
    "PROVIDER_BUSY",
    "PROVIDER_CUT",
    "PROVIDER_FAILED",
    "PROVIDER_MALFORMED",
    "PROVIDER_MISCONFIGURED",
    "PROVIDER_REJECTED",
    "PROVIDER_TIMEOUT",
    "PROVIDER_UNAVAILABLE",
    "TOKEN_LIMIT",
];

/// Operations that are not a root field.
const OTHERS: [&str; 3] = [UNKNOWN, "several", "introspection"];

/// Codes that alerts count: their counters exist before the first of them, whose increase would
/// otherwise go unseen.
const FAULTS: [&str; 2] = ["OK", "INTERNAL_SERVER_ERROR"];

const NANOS: f64 = 1e9;

/// The metrics of one instance. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<All>);

struct All {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    refusals: IntCounterVec,
    followers: IntGauge,
    answers: Answers,
    ready: IntGauge,
    month_cost: Gauge,
    month_limit: Gauge,
    notification_lag: Histogram,
    password_queue: IntGauge,
    connections: IntGaugeVec,
    connections_max: IntGaugeVec,
    process: Process,
    /// Metrics read from the database, omitted while it is away.
    stored: Registry,
    sessions: IntGauge,
    generations: IntGaugeVec,
}

impl All {
    fn exist_at_zero(&self) {
        for code in REFUSALS {
            self.refusals.with_label_values(&[code]);
        }
        for engine in [Engine::Embedded, Engine::Model].map(|engine| engine.to_value()) {
            for status in [Status::Completed, Status::Cancelled] {
                let labels = [&*status.to_value(), &engine, NO_CODE];
                self.answers.ended.with_label_values(&labels);
            }
            for code in FAILURES {
                let labels = [&*Status::Failed.to_value(), &engine, code];
                self.answers.ended.with_label_values(&labels);
            }
        }
    }
}

impl Metrics {
    /// # Panics
    ///
    /// Never: all names are well formed, and different.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub fn new(started_at: chrono::DateTime<chrono::Utc>) -> Self {
        let registry = Registry::new();
        let stored = Registry::new();
        let all = All {
            requests: counters(
                &registry,
                "mula_requests_total",
                "GraphQL operations, by the field at their root and the code of their first error.",
                &["operation", "code"],
            ),
            durations: registered(&registry, {
                let about = HistogramOpts::new(
                    "mula_request_duration_seconds",
                    "How long operations took to answer; subscriptions are left out.",
                );
                HistogramVec::new(about.buckets(LATENCIES.into()), &["operation"])
            }),
            refusals: counters(
                &registry,
                "mula_refusals_total",
                "Operations that a limit refused, by its code.",
                &["code"],
            ),
            followers: gauge(&registry, "mula_followers", "Subscriptions that are open."),
            answers: Answers::new(&registry),
            ready: gauge(
                &registry,
                "mula_ready",
                "1 if the database answers and takes writes, as in /health/ready.",
            ),
            month_cost: float_gauge(
                &stored,
                "mula_month_cost_dollars",
                "US dollars that all answers of this month (UTC) cost, of all instances.",
            ),
            month_limit: float_gauge(
                &registry,
                "mula_month_cost_limit_dollars",
                "SERVICE_COST_PER_MONTH; +Inf without one.",
            ),
            notification_lag: registered(&registry, {
                let about = HistogramOpts::new(
                    "mula_notification_lag_seconds",
                    "How long notifications take from one instance to another.",
                );
                Histogram::with_opts(about.buckets(LAGS.into()))
            }),
            password_queue: gauge(
                &registry,
                "mula_password_queue",
                "Passwords that wait to be hashed.",
            ),
            connections: gauges(
                &registry,
                "mula_database_connections",
                "Connections to the database, by pool, busy or idle.",
                &["pool", "state"],
            ),
            connections_max: gauges(
                &registry,
                "mula_database_connections_max",
                "Connections to the database that a pool may have.",
                &["pool"],
            ),
            process: Process::new(&registry, started_at),
            sessions: gauge(
                &stored,
                "mula_sessions",
                "Sessions that are neither revoked nor expired, of all instances.",
            ),
            generations: gauges(
                &stored,
                "mula_generations",
                "Answers that wait to be written or are being written, of all instances.",
                &["status", "engine"],
            ),
            registry,
            stored,
        };
        let build = gauges(
            &all.registry,
            "mula_build_info",
            "1, for the version that runs.",
            &["version"],
        );
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        all.exist_at_zero();
        Self(Arc::new(all))
    }

    /// Creates the counters of requests at zero, for the operations of the schema, and sets the month's limit
    /// in nano-dollars, if there is one.
    pub fn declare(&self, operations: &[String], month_limit: Option<i64>) {
        let limit = month_limit.map_or(f64::INFINITY, dollars);
        self.0.month_limit.set(limit);
        for operation in operations.iter().map(|name| &**name).chain(OTHERS) {
            for code in FAULTS {
                self.0.requests.with_label_values(&[operation, code]);
            }
        }
    }

    pub fn set_ready(&self, is_ready: bool) {
        self.0.ready.set(is_ready.into());
    }

    /// In nano-dollars.
    pub fn set_month_cost(&self, cost: i64) {
        self.0.month_cost.set(dollars(cost));
    }

    /// Counts a request that is over. `took` is None for what lasts as long as its client likes.
    pub fn count(&self, request: &RequestContext, code: &str, took: Option<Duration>) {
        let operation = request.operation().map_or(UNKNOWN, |known| &known.field);
        let all = &self.0;
        all.requests.with_label_values(&[operation, code]).inc();
        if let Some(took) = took {
            let durations = all.durations.with_label_values(&[operation]);
            durations.observe(took.as_secs_f64());
        }
        if REFUSALS.contains(&code) {
            all.refusals.with_label_values(&[code]).inc();
        }
    }

    /// Counts an answer that has ended; `code` is that of its failure. `cost` is in nano-dollars.
    pub fn count_ended(
        &self,
        status: Status,
        engine: Engine,
        code: Option<&'static str>,
        tokens: i32,
        cost: i64,
    ) {
        let (status, engine) = (status.to_value(), engine.to_value());
        let labels = [status.as_str(), engine.as_str(), code.unwrap_or(NO_CODE)];
        let answers = &self.0.answers;
        answers.ended.with_label_values(&labels).inc();
        answers.tokens.inc_by(tokens.unsigned_abs().into());
        answers.cost.inc_by(dollars(cost));
    }

    /// Records how long a notification took.
    pub fn record_notification_lag(&self, lag: Duration) {
        self.0.notification_lag.observe(lag.as_secs_f64());
    }

    /// Counts a follower for as long as the result is held.
    #[must_use]
    pub fn follower(&self) -> Follower {
        self.0.followers.inc();
        Follower(self.0.followers.clone())
    }

    pub fn set_password_queue(&self, waiting: usize) {
        self.0.password_queue.set(whole(waiting));
    }

    pub fn set_connections(&self, pool: &str, idle: usize, busy: usize, max: usize) {
        let set = |state, number| {
            let gauge = self.0.connections.with_label_values(&[pool, state]);
            gauge.set(whole(number));
        };
        set("idle", idle);
        set("busy", busy);
        self.0
            .connections_max
            .with_label_values(&[pool])
            .set(whole(max));
    }

    pub fn set_sessions(&self, live: u64) {
        self.0.sessions.set(live.try_into().unwrap_or(i64::MAX));
    }

    /// Combinations that are not given are 0.
    pub fn set_generations(&self, unfinished: &[(Status, Engine, i64)]) {
        let all = &self.0.generations;
        for status in [Status::Pending, Status::Writing] {
            for engine in [Engine::Embedded, Engine::Model] {
                let found = unfinished
                    .iter()
                    .find(|it| (it.0, it.1) == (status, engine));
                let gauge = all.with_label_values(&[status.to_value(), engine.to_value()]);
                gauge.set(found.map_or(0, |it| it.2));
            }
        }
    }

    /// All metrics in Prometheus's text format
    /// (<https://prometheus.io/docs/instrumenting/exposition_formats/>). Those from the database are left out
    /// unless `stored`.
    #[must_use]
    pub fn text(&self, stored: bool) -> String {
        self.0.process.look();
        let mut families = self.0.registry.gather();
        if stored {
            families.extend(self.0.stored.gather());
        }
        let mut text = Vec::new();
        match TextEncoder::new().encode(&families, &mut text) {
            Ok(()) => String::from_utf8_lossy(&text).into_owned(),
            // A family without a metric, which `gather` leaves out.
            Err(error) => {
                tracing::error!(%error, "the metrics cannot be written");
                String::new()
            }
        }
    }
}

/// Counted until it is dropped.
pub struct Follower(IntGauge);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Of nano-dollars.
#[expect(
    clippy::cast_precision_loss,
    reason = "a double is exact to a nano-dollar up to nine million dollars"
)]
fn dollars(nano: i64) -> f64 {
    nano.max(0) as f64 / NANOS
}

fn whole(number: usize) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<C>,
) -> C {
    let collector = made.expect("its name and labels are well formed");
    registry
        .register(Box::new(collector.clone()))
        .expect("each has a name of its own");
    collector
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    registered(registry, IntGauge::new(name, help))
}

fn float_gauge(registry: &Registry, name: &str, help: &str) -> Gauge {
    registered(registry, Gauge::new(name, help))
}

fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    registered(registry, IntGaugeVec::new(Opts::new(name, help), labels))
}

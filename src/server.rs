//! Start and orderly stop of the whole service.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    account::{self, Accounts},
    advisor::{self, Advisors, model::LanguageModel},
    clock::Clock,
    config::{Settings, kept_files},
    db::{self, Database, Notification},
    error::root_cause,
    generation::{self, Generations},
    graphql::{self, Documents, Services},
    http,
    metrics::Metrics,
    private,
    reading::Readings,
    upkeep,
};

/// Time that closing the database gets at least, also when the shutdown timeout is over.
const LAST: Duration = Duration::from_secs(1);

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{0}.")]
    Database(String),
    #[error("the client that asks the language model cannot be made: {}", root_cause(.0))]
    Model(#[from] reqwest::Error),
    #[error("invalid knowledge files:\n{0}")]
    Knowledge(#[from] advisor::Errors),
    #[error("the file TRUSTED_DOCUMENTS={0}.")]
    TrustedDocuments(#[from] graphql::Unusable),
    #[error("cannot listen on {address}: {source}. Choose another with HOST and PORT.")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("cannot listen on {address} for metrics: {source}. Choose another METRICS_ADDRESS.")]
    ListenForMetrics {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error(transparent)]
    Accounts(#[from] account::AccountsError),
}

/// The running service.
pub struct Server {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    db: Database,
    generations: Arc<Generations>,
    /// Cancelled first: nothing new is accepted, streams end.
    stopping: CancellationToken,
    background: TaskTracker,
    /// Operations of clients, which may have left.
    operations: TaskTracker,
    serving: JoinHandle<()>,
    patience: Duration,
}

impl Server {
    /// Connects, migrates, listens and serves.
    ///
    /// # Errors
    ///
    /// If the database, the knowledge or the address cannot be used.
    pub async fn start(settings: Settings, clock: Clock) -> Result<Self, ServeError> {
        let model = settings.model.clone().map(LanguageModel::new).transpose()?;
        let advisors = Arc::new(Advisors::load(settings.knowledge_dir.as_deref(), model)?);
        let db = Box::pin(database(&settings)).await?;
        let (listener, address) = listen(SocketAddr::new(settings.host, settings.port)).await?;
        let metrics = metrics(&settings, &clock);

        let stopping = CancellationToken::new();
        let (background, operations) = (TaskTracker::new(), TaskTracker::new());
        let accounts = Accounts::new(&settings, db.clone(), clock.clone())?;
        let (generations, readings) = answering(&settings, &db, &clock, &advisors, &metrics);
        background.spawn(readings.clone().index_until(stopping.clone()));
        start_background(&accounts, &generations, &db, &clock, &background, &stopping);
        let services = Services {
            accounts: accounts.clone(),
            readings,
            generations: generations.clone(),
            advisors,
            limits: settings.limits,
        };
        let schema = graphql::Schema::new(services, settings.http.introspection);
        let documents = documents(settings.http.trusted_documents.as_deref(), &schema).await?;
        let state = http::MetricsState {
            metrics: metrics.clone(),
            accounts: accounts.clone(),
            db: db.clone(),
            clock: clock.clone(),
        };
        let wanted = settings.http.metrics_address;
        let metrics_address = serve_metrics(wanted, state, &background, stopping.clone()).await?;
        let state = http::AppState {
            schema,
            documents: Arc::new(documents),
            accounts,
            db: db.clone(),
            clock,
            operations: operations.clone(),
            limiter: http::OperationLimiter::default(),
            incoming: http::IncomingLimiter::default(),
            allowed_origins: settings.allowed_origins.into(),
            session_cookie: settings.http.session_cookie,
            trusted_proxies: settings.clients.trusted_proxies.into(),
            metrics: metrics_address.map(|_| metrics),
            web: settings.web,
            graphiql: settings.graphiql,
            body_timeout: settings.http.body_timeout,
            answer_timeout: settings.http.request_timeout + settings.writing.ask_wait,
            stopping: stopping.clone(),
        };
        Ok(Self {
            address,
            metrics_address,
            db,
            generations,
            stopping,
            background,
            operations,
            serving: tokio::spawn(http::serve(listener, state, settings.http)),
            patience: settings.shutdown_timeout,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of its metrics, if they are served.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Accepts no more connections, finishes what is in flight, hands over answers that cannot be finished
    /// within the shutdown timeout, and closes the database.
    pub async fn stop(mut self) {
        let deadline = Instant::now() + self.patience;
        self.stopping.cancel();
        self.background.close();
        // Three quarters for answers being written, the rest for sending them.
        let writing = self.patience.mul_f32(0.75);
        let left = || deadline.saturating_duration_since(Instant::now());
        self.generations.stop(writing).await;
        if tokio::time::timeout(left(), &mut self.serving)
            .await
            .is_err()
        {
            tracing::warn!("some requests did not finish in time");
            self.serving.abort();
        }
        self.operations.close();
        if tokio::time::timeout(left(), self.operations.wait())
            .await
            .is_err()
        {
            tracing::warn!("some operations did not finish in time");
        }
        let rest = async {
            self.background.wait().await;
            self.db.close().await;
        };
        if tokio::time::timeout(left().max(LAST), rest).await.is_err() {
            tracing::warn!("timed out closing database connections");
        }
    }
}

/// The database, with all its tables.
async fn database(settings: &Settings) -> Result<Database, ServeError> {
    private::tighten(kept_files(&settings.data_dir, &settings.database));
    let settings = &settings.database;
    let failed = |error| ServeError::Database(db::explain(&error, settings));
    let db = Database::connect_patiently(settings)
        .await
        .map_err(failed)?;
    db.migrate_up().await.map_err(failed)?;
    db.check_notifications().await.map_err(failed)?;
    Ok(db)
}

fn metrics(settings: &Settings, clock: &Clock) -> Metrics {
    let metrics = Metrics::new(clock.now());
    let month_limit = settings.writing.service_cost_per_month;
    metrics.declare(&graphql::operations(), month_limit);
    metrics
}

fn answering(
    settings: &Settings,
    db: &Database,
    clock: &Clock,
    advisors: &Arc<Advisors>,
    metrics: &Metrics,
) -> (Arc<Generations>, Readings) {
    let generations = Generations::start(
        settings.writing.clone(),
        db.clone(),
        clock.clone(),
        advisors.clone(),
        metrics.clone(),
    );
    let readings = Readings::new(
        settings.writing.clone(),
        settings.limits,
        db.clone(),
        clock.clone(),
        advisors.clone(),
        metrics.clone(),
        generations.clone(),
    );
    (generations, readings)
}

fn start_background(
    accounts: &Accounts,
    generations: &Arc<Generations>,
    db: &Database,
    clock: &Clock,
    background: &TaskTracker,
    stopping: &CancellationToken,
) {
    background.spawn(db.clone().monitor_until(stopping.clone()));
    background.spawn(upkeep::run_until(
        stopping.clone(),
        db.clone(),
        clock.clone(),
        accounts.clone(),
    ));
    background.spawn(accounts.sessions.clone().watch_until(stopping.clone()));
    background.spawn(accounts.sessions.clone().write_uses_until(stopping.clone()));
    background.spawn(
        accounts
            .failed_sign_ins
            .clone()
            .write_until(stopping.clone()),
    );
    if db.is_postgres() {
        let (sessions, generations) = (accounts.sessions.clone(), generations.clone());
        let receive = move |notification: Notification<'_>| {
            sessions.receive(notification);
            generations.receive(notification);
        };
        let channels = [account::CHANNEL, generation::CHANNEL];
        background.spawn(db.clone().listen_until(stopping.clone(), channels, receive));
    } else {
        background.spawn(accounts.sessions.clone().look_until(stopping.clone()));
    }
    background.spawn(accounts.outbox.clone().send_until(stopping.clone()));
}

/// Those of a file, or those that clients send.
async fn documents(
    trusted: Option<&Path>,
    schema: &graphql::Schema,
) -> Result<Documents, graphql::Unusable> {
    match trusted {
        Some(file) => Documents::trusted(file, schema).await,
        None => Ok(Documents::sent()),
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves metrics at `wanted`, if that is set, until `stopping` is cancelled. Returns the bound address.
async fn serve_metrics(
    wanted: Option<SocketAddr>,
    state: http::MetricsState,
    background: &TaskTracker,
    stopping: CancellationToken,
) -> Result<Option<SocketAddr>, ServeError> {
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let failed = |source| ServeError::ListenForMetrics {
        address: wanted,
        source,
    };
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let serving = axum::serve(listener, http::metrics_router(state));
    background.spawn(async move {
        // It only ever ends by being dropped.
        stopping.run_until_cancelled(serving.into_future()).await;
    });
    Ok(Some(address))
}

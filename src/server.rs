//! The whole service, put together: started, and stopped in order.
//!
//! May use: everything but `cli`.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    account::{self, Accounts},
    advisor::{self, Advisors, model::Model},
    cause,
    clock::Clock,
    config::{DatabaseSettings, Settings, kept_files},
    db::{self, Database},
    graphql::{self, Documents, Services},
    http,
    metrics::Metrics,
    private,
    reading::Readings,
    upkeep,
};

/// How long the database gets to let go, also when the time is up.
const LAST: Duration = Duration::from_secs(1);

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}.")]
    Database(String),
    #[error("the client that asks the language model cannot be made: {}", cause::root(.0))]
    Model(#[from] reqwest::Error),
    #[error("what the advisors know is not right:\n{0}")]
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
    Accounts(#[from] account::StartError),
}

/// The running service.
pub struct Server {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    db: Database,
    readings: Readings,
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
    pub async fn start(settings: Settings, clock: Clock) -> Result<Self, Error> {
        let model = settings.model.clone().map(Model::new).transpose()?;
        let advisors = Arc::new(Advisors::load(settings.knowledge_dir.as_deref(), model)?);
        private::tighten(kept_files(&settings.data_dir, &settings.database));
        let db = database(&settings.database).await?;
        let wanted = SocketAddr::new(settings.host, settings.port);
        let listen = |source| Error::Listen {
            address: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let metrics = Metrics::new(clock.now());

        let stopping = CancellationToken::new();
        let background = TaskTracker::new();
        let accounts = Accounts::new(&settings, db.clone(), clock.clone())?;
        start_accounts(&accounts, &background, &stopping);
        background.spawn(db.clone().feel_until(stopping.clone()));
        background.spawn(upkeep::run_until(
            stopping.clone(),
            db.clone(),
            clock.clone(),
        ));
        let ask_wait = settings.writing.ask_wait;
        let month_limit = settings.writing.service_cost_per_month;
        let readings = Readings::start(
            settings.writing,
            settings.limits,
            db.clone(),
            clock.clone(),
            advisors.clone(),
            metrics.clone(),
        );
        let services = Services {
            accounts: accounts.clone(),
            readings: readings.clone(),
            advisors,
            limits: settings.limits,
        };
        let schema = graphql::Schema::new(services, settings.http.introspection);
        let documents = documents(settings.http.trusted_documents.as_deref(), &schema).await?;
        let watched = http::Watched {
            metrics: metrics.clone(),
            accounts: accounts.clone(),
            db: db.clone(),
            clock: clock.clone(),
        };
        let metrics_address = match settings.http.metrics_address {
            None => None,
            Some(wanted) => {
                metrics.declare(&graphql::operations(), month_limit);
                let (address, serving) = serve_metrics(wanted, watched, stopping.clone()).await?;
                background.spawn(serving);
                Some(address)
            }
        };
        let operations = TaskTracker::new();
        let incoming = http::IncomingLimiter::default();
        let trusted_proxies: Arc<[_]> = settings.clients.trusted_proxies.into();
        let router = http::router(http::State {
            schema,
            documents: Arc::new(documents),
            accounts,
            db: db.clone(),
            clock,
            operations: operations.clone(),
            limiter: http::OperationLimiter::default(),
            incoming: incoming.clone(),
            allowed_origins: settings.allowed_origins.into(),
            trusted_proxies: trusted_proxies.clone(),
            metrics: metrics_address.map(|_| metrics),
            web: settings.web,
            graphiql: settings.graphiql,
            body_timeout: settings.http.body_timeout,
            answer_timeout: settings.http.request_timeout + ask_wait,
            stopping: stopping.clone(),
        });
        let serving = http::serve(
            listener,
            router,
            settings.http,
            trusted_proxies,
            incoming,
            stopping.clone(),
        );
        let serving = tokio::spawn(serving);
        Ok(Self {
            address,
            metrics_address,
            db,
            readings,
            stopping,
            background,
            operations,
            serving,
            patience: settings.shutdown_timeout,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its metrics are served, if they are.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Stops: accepts nothing more, finishes what is in flight, hands over what cannot be
    /// finished in the settings' `shutdown_timeout`, closes the database.
    pub async fn stop(mut self) {
        let deadline = Instant::now() + self.patience;
        self.stopping.cancel();
        self.background.close();
        // Three quarters for what is being written, the rest for telling who asked for it.
        let writing = self.patience.mul_f32(0.75);
        let left = || deadline.saturating_duration_since(Instant::now());
        self.readings.stop(writing).await;
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
        // Whatever hangs now is the database, and does not keep us.
        let rest = async {
            self.background.wait().await;
            self.db.close().await;
        };
        if tokio::time::timeout(left().max(LAST), rest).await.is_err() {
            tracing::warn!("the database did not let go in time");
        }
    }
}

/// The database, with all its tables.
async fn database(settings: &DatabaseSettings) -> Result<Database, Error> {
    let failed = |error| Error::Database(db::explain(&error, settings));
    let db = Database::connect_patiently(settings)
        .await
        .map_err(failed)?;
    db.migrate_up().await.map_err(failed)?;
    db.check_notifications().await.map_err(failed)?;
    Ok(db)
}

/// Starts what accounts do in the background.
fn start_accounts(accounts: &Accounts, background: &TaskTracker, stopping: &CancellationToken) {
    background.spawn(accounts.clone().watch_until(stopping.clone()));
    background.spawn(accounts.clone().write_uses_until(stopping.clone()));
    background.spawn(accounts.clone().listen_until(stopping.clone()));
    background.spawn(accounts.clone().send_mail_until(stopping.clone()));
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

/// Binds the address of the metrics; what it returns beside it serves them until told to stop.
async fn serve_metrics(
    wanted: SocketAddr,
    watched: http::Watched,
    stopping: CancellationToken,
) -> Result<(SocketAddr, impl Future<Output = ()>), Error> {
    let failed = |source| Error::ListenForMetrics {
        address: wanted,
        source,
    };
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let serving = axum::serve(listener, http::metrics_router(watched));
    let serving = async move {
        // It only ever ends by being dropped.
        stopping.run_until_cancelled(serving.into_future()).await;
    };
    Ok((address, serving))
}

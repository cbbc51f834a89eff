//! Where spans go, by OpenTelemetry's own environment variables
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>), which the
//! library reads: endpoint, headers, sampler, what the service is called.

use std::{
    env,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use axum::body::Bytes;
use opentelemetry::{Key, KeyValue, trace::TracerProvider};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tokio::runtime::Handle;

use super::TRACER;
use crate::error::root_cause;

/// How long a collector may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long the last spans may take when the service stops.
const LAST: Duration = Duration::from_secs(2);

/// Why there can be no spans.
#[derive(Debug, thiserror::Error)]
pub enum SpanExportError {
    #[error("invalid OTEL_EXPORTER_OTLP_PROTOCOL {0:?}: expected http/protobuf")]
    Protocol(String),
    #[error("invalid OTEL_EXPORTER_OTLP_ENDPOINT or another OTEL_EXPORTER_OTLP_* setting: {0}")]
    Exporter(#[from] ExporterBuildError),
    #[error("the client that sends spans cannot be made: {}", root_cause(.0))]
    Client(#[from] reqwest::Error),
}

/// Spans are exported for as long as this is there.
pub struct Exporting(SdkTracerProvider);

/// Has spans exported from here on, if a collector is set.
///
/// # Errors
///
/// If a setting is invalid.
pub fn start() -> Result<Option<Exporting>, SpanExportError> {
    if !is_wanted() {
        return Ok(None);
    }
    if let Some(protocol) = first_of([
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ]) && protocol != "http/protobuf"
    {
        return Err(SpanExportError::Protocol(protocol));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new()?)
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource())
        .build();
    // The first stays: there is one service in a process.
    let _ = TRACER.set(provider.tracer("mula"));
    Ok(Some(Exporting(provider)))
}

impl Exporting {
    /// Sends what there is, and ends.
    pub async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST));
        if let Ok(Err(error)) = stopped.await {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

/// Set, and not empty: as the specification has it, empty is not set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn first_of(names: [&str; 2]) -> Option<String> {
    names.into_iter().find_map(variable)
}

fn is_wanted() -> bool {
    let is = |name, wanted: &str| variable(name).is_some_and(|it| it.eq_ignore_ascii_case(wanted));
    let endpoint = first_of([
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ]);
    endpoint.is_some() && !is("OTEL_SDK_DISABLED", "true") && !is("OTEL_TRACES_EXPORTER", "none")
}

/// The resource of the spans.
fn resource() -> Resource {
    let builder = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let resource = builder.build();
    let name = resource.get(&Key::new("service.name"));
    match name {
        Some(name) if !name.as_str().starts_with("unknown_service") => resource,
        _ => Resource::builder()
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_service_name("mula")
            .build(),
    }
}

/// The HTTP client we have, for the library's thread that sends.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
    /// Whether the last batch was lost: said once, not every few seconds.
    failing: AtomicBool,
}

impl Client {
    fn new() -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: reqwest::Client::builder()
                .timeout(TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .build()?,
            runtime: Handle::current(),
            failing: AtomicBool::new(false),
        })
    }

    fn went(&self, why: Option<&str>) {
        let failed = self.failing.swap(why.is_some(), Ordering::Relaxed);
        match (failed, why) {
            (false, Some(why)) => tracing::warn!(error = why, "spans cannot be exported"),
            (true, None) => tracing::info!("spans can be exported again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let request = reqwest::Request::try_from(request)?;
        let sending = self.runtime.spawn(async move {
            let answer = http.execute(request).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        });
        match sending.await? {
            Ok((status, headers, body)) => {
                let why = (!status.is_success()).then(|| status.to_string());
                self.went(why.as_deref());
                let mut response = Response::new(body);
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Ok(response)
            }
            Err(error) => {
                self.went(Some(&root_cause(&error).to_string()));
                Err(error.into())
            }
        }
    }
}

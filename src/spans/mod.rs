//! Spans of a request's trace, for a collector that accepts OTLP
//! (<https://opentelemetry.io/docs/specs/otlp/>): the request, its operation, each field at its
//! root, each SQL statement, each call of a provider. Names are OpenTelemetry's
//! (<https://opentelemetry.io/docs/specs/semconv/>).
//!
//! Spans hold names of the schema, statements with placeholders, codes, ids and a model's figures; all of it
//! is written here. They never hold a user's text. Without a collector there are no spans.

mod export;
mod statement;

use std::{
    borrow::Cow,
    num::NonZeroU32,
    sync::{LazyLock, OnceLock},
};

use axum::http::{HeaderMap, Method};
use futures_util::future::Either;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use opentelemetry::{
    Array, Context, KeyValue, StringValue, Value,
    propagation::TextMapPropagator,
    trace::{
        FutureExt, SpanBuilder, SpanContext, SpanKind, SpanRef, Status, TraceContextExt, Tracer,
        WithContext,
    },
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracer};

use crate::request_context;
pub use export::{Exporting, SpanExportError, start};
pub use statement::statement;

/// Traces that begin in a second, at most, and as many at once. More would be more spans than wait to
/// be sent (`OTEL_BSP_MAX_QUEUE_SIZE`), and what is left out under load is to be whole traces, before
/// they have cost anything.
const TRACES_PER_SECOND: NonZeroU32 = NonZeroU32::new(500).expect("it is not zero");

/// Codes of errors that are faults of the service.
pub(crate) const FAULTS: [&str; 2] = ["INTERNAL_SERVER_ERROR", "OVERLOADED"];

static TRACES: LazyLock<DefaultDirectRateLimiter> =
    LazyLock::new(|| RateLimiter::direct(Quota::per_second(TRACES_PER_SECOND)));

/// None where no collector is set.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// A span until it is dropped; nothing where no collector is set.
#[must_use = "it ends when it is dropped"]
pub struct Span(Option<Context>);

/// A future, or stream, whose spans stand within another.
type Within<F> = Either<WithContext<F>, F>;

impl Span {
    /// That of what is not looked at.
    pub fn none() -> Self {
        Self(None)
    }

    /// That of a request, within the caller's if the caller says so
    /// (<https://www.w3.org/TR/trace-context/>).
    pub fn request(method: &Method, route: &'static str, headers: &HeaderMap, id: &str) -> Self {
        begin(|| {
            let name = format!("{method} {route}").into();
            let parent = TraceContextPropagator::new()
                .extract_with_context(&Context::new(), &HeaderExtractor(headers));
            let method = KeyValue::new("http.request.method", method.to_string());
            let builder = of_server(name, [method, route_of(route), id_of(id)]);
            (builder, parent)
        })
    }

    /// That of an operation on a WebSocket: a trace of its own, since sockets live long.
    pub fn on_socket(route: &'static str, id: &str) -> Self {
        begin(|| {
            let builder = of_server(route.into(), [route_of(route), id_of(id)]);
            (builder, Context::new())
        })
    }

    /// That of the execution of an operation; [`Span::describe`] names it.
    pub fn operation() -> Self {
        begin_within(|| SpanBuilder::from_name("GraphQL Operation"))
    }

    /// That of a field at the root of an operation.
    pub fn field(name: &str) -> Self {
        begin_within(|| SpanBuilder::from_name(name.to_owned()))
    }

    /// That of writing an answer: within the request that asked for it, if that is at hand.
    pub fn generation() -> Self {
        let span = begin_within(|| SpanBuilder::from_name("generation"));
        span.identify();
        span
    }

    /// That of an answer of a language model, by the conventions for generative AI
    /// (<https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>).
    pub fn inference(url: &reqwest::Url, provider: &'static str, model: &str, most: i64) -> Self {
        begin_within(|| {
            let mut attributes = vec![
                KeyValue::new("gen_ai.operation.name", "chat"),
                KeyValue::new("gen_ai.provider.name", provider),
                KeyValue::new("gen_ai.request.model", model.to_owned()),
                KeyValue::new("gen_ai.request.max_tokens", most),
                KeyValue::new("gen_ai.output.type", "text"),
            ];
            attributes.extend(server_of(url));
            SpanBuilder::from_name(format!("chat {model}"))
                .with_kind(SpanKind::Client)
                .with_attributes(attributes)
        })
    }

    /// The span of a request to a provider, which carries it in its headers.
    pub fn call(request: &mut reqwest::Request) -> Self {
        let span = begin_within(|| {
            let method = request.method().to_string();
            let method = KeyValue::new("http.request.method", method);
            let attributes = server_of(request.url()).chain([method]);
            SpanBuilder::from_name(request.method().to_string())
                .with_kind(SpanKind::Client)
                .with_attributes(attributes.collect::<Vec<_>>())
        });
        if TRACER.get().is_some() {
            // Also when this trace is not sampled, so that the provider does not sample it either.
            let context = span.0.clone().unwrap_or_else(Context::current);
            let mut injector = HeaderInjector(request.headers_mut());
            TraceContextPropagator::new().inject_context(&context, &mut injector);
        }
        span
    }

    /// Says what the calling task's request turned out to ask for, and what became of it.
    pub fn describe(&self) {
        let (Span(Some(context)), Some(request)) = (self, request_context::current()) else {
            return;
        };
        let span = context.span();
        if let Some(operation) = request.operation() {
            span.update_name(format!("{} {}", operation.kind, operation.field));
            span.set_attribute(KeyValue::new("graphql.operation.type", operation.kind));
        }
        if let Some(code) = request.code() {
            self.ended(code);
        }
    }

    pub fn set(&self, name: &'static str, value: impl Into<Value>) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(name, value));
        }
    }

    /// Sets a list, of one value each.
    pub fn set_list<const N: usize>(&self, name: &'static str, values: [&'static str; N]) {
        let values = values.map(StringValue::from).to_vec();
        self.set(name, Value::Array(Array::String(values)));
    }

    /// Sets the ids of the request, user, reading and generation that the calling task works for.
    pub fn identify(&self) {
        let Some(context) = &self.0 else {
            return;
        };
        let span = context.span();
        let context = request_context::TaskContext::current();
        if let Some(id) = context.request_id() {
            span.set_attribute(id_of(id));
        }
        let names = ["user.id", "mula.reading_id", "mula.generation_id"];
        for (name, (_, id)) in names.into_iter().zip(context.ids()) {
            if let Some(id) = id {
                span.set_attribute(KeyValue::new(name, id.to_string()));
            }
        }
    }

    /// Marks the span as failed, with a code for why.
    pub fn fail(&self, code: impl Into<Value>) {
        if let Some(context) = &self.0 {
            fail(&context.span(), code);
        }
    }

    /// With the code of the first error, or `OK`. What is our fault is the span's error as well.
    pub fn ended(&self, code: &str) {
        if let Some(context) = &self.0
            && code != "OK"
        {
            let span = context.span();
            if FAULTS.contains(&code) {
                fail(&span, code.to_owned());
            } else {
                span.set_attribute(KeyValue::new("error.type", code.to_owned()));
            }
        }
    }

    /// Has the spans of a future, or a stream, stand within this one.
    pub fn within<F>(&self, future: F) -> Within<F> {
        within(self.0.clone(), future)
    }

    /// The same, and ends with the future.
    pub async fn around<F: Future>(self, future: F) -> F::Output {
        // To the end of this one.
        let Self(context) = &self;
        within(context.clone(), future).await
    }

    /// The same, for what is no future.
    pub fn sync_within<T>(&self, work: impl FnOnce() -> T) -> T {
        let _guard = self.0.clone().map(Context::attach);
        work()
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(context) = &self.0 {
            // Others may hold on to it, as the parent of what goes on.
            context.span().end();
        }
    }
}

/// Has the spans of a future, in whatever task, stand where the caller's do.
pub fn propagate<F>(future: F) -> Within<F> {
    within(TRACER.get().map(|_| Context::current()), future)
}

/// Marks the calling task's span as failed.
pub fn fail_current(code: &'static str) {
    if TRACER.get().is_some() {
        Context::map_current(|context| fail(&context.span(), code));
    }
}

fn fail(span: &SpanRef<'_>, code: impl Into<Value>) {
    span.set_attribute(KeyValue::new("error.type", code));
    span.set_status(Status::error(""));
}

fn within<F>(context: Option<Context>, future: F) -> Within<F> {
    match context {
        Some(context) => Either::Left(future.with_context(context)),
        None => Either::Right(future),
    }
}

fn begin(what: impl FnOnce() -> (SpanBuilder, Context)) -> Span {
    Span(TRACER.get().map(|tracer| {
        if TRACES.check().is_err() {
            // One that is not recorded: nothing below it is either.
            return Context::new().with_remote_span_context(SpanContext::NONE);
        }
        let (builder, parent) = what();
        let span = tracer.build_with_context(builder, &parent);
        parent.with_span(span)
    }))
}

/// Within the calling task's span. Nothing is built below a request that is not sampled.
fn begin_within(what: impl FnOnce() -> SpanBuilder) -> Span {
    Span(TRACER.get().and_then(|tracer| {
        Context::map_current(|parent| {
            if parent.has_active_span() && !parent.span().is_recording() {
                return None;
            }
            let span = tracer.build_with_context(what(), parent);
            Some(parent.with_span(span))
        })
    }))
}

fn of_server<const N: usize>(name: Cow<'static, str>, attributes: [KeyValue; N]) -> SpanBuilder {
    SpanBuilder::from_name(name)
        .with_kind(SpanKind::Server)
        .with_attributes(attributes)
}

fn server_of(url: &reqwest::Url) -> impl Iterator<Item = KeyValue> {
    let address = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default();
    let port = port.map(|port| KeyValue::new("server.port", i64::from(port)));
    [KeyValue::new("server.address", address)]
        .into_iter()
        .chain(port)
}

fn route_of(route: &'static str) -> KeyValue {
    KeyValue::new("http.route", route)
}

fn id_of(id: &str) -> KeyValue {
    KeyValue::new("mula.request_id", id.to_owned())
}

//! Traces as a collector receives them: a request's spans, and nothing that identifies a user or a
//! question.

use std::{process::Command, time::Duration};

use axum::http::StatusCode;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::{
    Answer, Collector, Database, Nobody, PASSWORD, Provider, Service, Serving, Span, chunk, finish,
    mula, run,
};

const QUESTION: &str = "Whose footsteps do I hear at the crossroads?";

/// The example of <https://www.w3.org/TR/trace-context/>.
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The program over a database, which sends its spans there.
fn traced(database: &Database, collector: &Collector, flags: &[&str]) -> Command {
    let flags = database.flags(flags);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let mut command = mula(database.dir(), &flags);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_BSP_SCHEDULE_DELAY", "50");
    command
}

async fn stop(serving: Serving) -> String {
    serving.signal("TERM");
    let (code, log) = serving.end().await;
    assert_eq!(code, Some(0), "{log}");
    log
}

/// The one span of that name below another.
#[track_caller]
fn below<'a>(spans: &'a [Span], parent: &str, name: &str) -> &'a Span {
    let mut found = spans
        .iter()
        .filter(|span| span.parent == parent && span.name == name);
    match (found.next(), found.next()) {
        (Some(span), None) => span,
        _ => panic!("one {name} below {parent} was expected: {spans:#?}"),
    }
}

async fn ask(serving: &Serving, token: &str) -> Answer {
    let query = "mutation Ask($input: AskAdvisorInput!) {
        askAdvisor(input: $input) { reading { status response } }
    }";
    let input = json!({ "advisor": "LEGBA", "question": QUESTION });
    let request = serving
        .http("POST", "/graphql")
        .header("traceparent", CALLER)
        .header("accept", "application/graphql-response+json")
        .bearer_auth(token)
        .json(&json!({ "query": query, "variables": { "input": input } }));
    Answer::of(request.send().await.unwrap()).await
}

#[track_caller]
fn says_whose_it_is(request: &Span, generation: &Span) {
    for span in [request, generation] {
        for name in ["user.id", "mula.reading_id", "mula.generation_id"] {
            assert_eq!(span.attributes[name], request.attributes[name], "{name}");
        }
    }
    assert_eq!(
        generation.attributes["mula.request_id"],
        request.attributes["mula.request_id"]
    );
    assert!(!generation.failed);
}

#[track_caller]
fn says_what_the_model_did(model: &Span) {
    assert_eq!(model.kind, 3);
    for (name, value) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "m"),
        ("gen_ai.request.max_tokens", "1000"),
        ("gen_ai.response.model", "m-1"),
        ("gen_ai.response.id", "chatcmpl-1"),
        ("gen_ai.response.finish_reasons", "stop"),
        ("gen_ai.usage.input_tokens", "9"),
        ("gen_ai.usage.output_tokens", "3"),
        ("gen_ai.usage.cache_read.input_tokens", "4"),
        ("gen_ai.usage.reasoning.output_tokens", "2"),
        ("server.address", "127.0.0.1"),
    ] {
        assert_eq!(model.attributes[name], value, "{name}");
    }
}

async fn a_request_and_all_it_does_is_one_trace(database: Database, system: &str) {
    let collector = Collector::start().await;
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let flags = [
        "--model-base-url",
        url.as_str(),
        "--model-name",
        "m",
        "--model-api-key",
        "k-4711",
        "--log-format",
        "json",
    ];
    let mut command = traced(&database, &collector, &flags);
    command.env(
        "OTEL_RESOURCE_ATTRIBUTES",
        "deployment.environment.name=test",
    );
    let serving = Serving::serve(command);
    let ada = serving.join("ada").await;

    let answering = async {
        let mut call = provider.call().await;
        call.begin().await;
        let usage = json!({ "prompt_tokens": 9, "completion_tokens": 3,
            "prompt_tokens_details": { "cached_tokens": 4 },
            "completion_tokens_details": { "reasoning_tokens": 2 } });
        let usage = json!({ "id": "chatcmpl-1", "choices": [], "usage": usage });
        call.events([chunk("They are your own."), finish("stop"), usage])
            .await;
        let told = call.headers["traceparent"].clone();
        call.done().await;
        told
    };
    let (answer, told) = tokio::join!(ask(&serving, &ada.token), answering);
    let reading = &answer.data()["askAdvisor"]["reading"];
    assert_eq!(reading["response"], "They are your own.");
    stop(serving).await;

    let of = collector.resource();
    assert_eq!(of["service.name"], "mula");
    assert_eq!(of["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(of["deployment.environment.name"], "test");
    let spans = collector.spans();
    let request = below(&spans, "00f067aa0ba902b7", "POST /graphql");
    assert_eq!((request.trace.as_str(), request.kind), (TRACE, 2));
    assert_eq!(request.attributes["http.response.status_code"], "200");
    assert_eq!(
        request.attributes["mula.request_id"],
        answer.header("x-request-id")
    );
    assert!(!request.failed);
    // Who asks is found out before the operation begins.
    let guard = below(&spans, &request.id, "SELECT sessions");
    assert_eq!(guard.attributes["db.system.name"], system);
    let operation = below(&spans, &request.id, "mutation askAdvisor");
    assert_eq!(operation.attributes["graphql.operation.type"], "mutation");
    let field = below(&spans, &operation.id, "askAdvisor");
    let insert = below(&spans, &field.id, "INSERT readings");
    assert_eq!(insert.kind, 3);
    assert!(insert.attributes["db.query.text"].contains("VALUES ("));
    assert!(insert.nanos > 0 && insert.nanos < field.nanos);
    let generation = below(&spans, &field.id, "generation");
    let model = below(&spans, &generation.id, "chat m");
    says_whose_it_is(request, generation);
    says_what_the_model_did(model);
    let call = below(&spans, &model.id, "POST");
    assert!(call.nanos <= model.nanos);
    assert_eq!(call.attributes["server.address"], "127.0.0.1");
    assert_eq!(call.attributes["http.response.status_code"], "200");
    assert_eq!(told, format!("00-{TRACE}-{}-01", call.id));
    below(&spans, &generation.id, "UPDATE readings");
    for span in spans.iter().filter(|span| span.trace == TRACE) {
        let known =
            span.parent == "00f067aa0ba902b7" || spans.iter().any(|other| other.id == span.parent);
        assert!(known, "{span:?} hangs in the air");
    }

    // And of whoever asks, nothing but an id: neither in a span nor beside it.
    let email = "ada@example.com";
    let token = ada.token.split('.').next_back().unwrap();
    for secret in [
        QUESTION,
        "footsteps",
        "They are your own",
        email,
        "\"ada",
        PASSWORD,
        "$2b$",
        "k-4711",
        token,
    ] {
        for posted in collector.posted() {
            let text = String::from_utf8_lossy(&posted.body).into_owned();
            assert!(!text.contains(secret), "{secret} was sent: {text}");
        }
    }
}

#[tokio::test]
async fn a_request_and_all_it_does_is_one_trace_on_sqlite() {
    a_request_and_all_it_does_is_one_trace(Database::sqlite(), "sqlite").await;
}

#[tokio::test]
async fn a_request_and_all_it_does_is_one_trace_on_postgres() {
    if let Some(database) = Database::postgres().await {
        a_request_and_all_it_does_is_one_trace(database, "postgresql").await;
    }
}

#[tokio::test]
async fn an_operation_on_a_socket_is_a_trace_of_its_own() {
    let (database, collector) = (Database::sqlite(), Collector::start().await);
    let serving = Serving::serve(traced(&database, &collector, &[]));
    let mut socket = serving.socket(&Nobody).await;
    for (id, query) in [("1", "{ advisors { name } }"), ("2", "{ profile { id } }")] {
        socket.subscribe(id, query, json!({})).await;
        while !matches!(
            socket.message().await["type"].as_str(),
            Some("complete" | "error")
        ) {}
    }
    stop(serving).await;

    let spans = collector.spans();
    let found = |name: &str| {
        let named: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
        assert_eq!(named.len(), 1, "{name}: {spans:#?}");
        named[0]
    };
    let (good, refused) = (found("query advisors"), found("query profile"));
    assert_ne!(good.trace, refused.trace);
    for operation in [good, refused] {
        let request = spans.iter().find(|span| span.id == operation.parent);
        let request = request.unwrap();
        assert_eq!((request.name.as_str(), request.kind), ("/graphql/ws", 2));
        assert_eq!(request.parent, "");
    }
    assert_eq!(refused.attributes["error.type"], "UNAUTHENTICATED");
    // Not our fault.
    assert!(!refused.failed);
}

#[tokio::test]
async fn a_fault_of_ours_is_an_error_of_its_span() {
    let (database, collector) = (Database::sqlite(), Collector::start().await);
    let serving = Serving::serve(traced(&database, &collector, &[]));
    let ada = serving.join("ada").await;
    database.execute("DROP TABLE usage_days").await;
    let answer = ask(&serving, &ada.token).await;
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
    stop(serving).await;

    let spans = collector.spans();
    let request = below(&spans, "00f067aa0ba902b7", "POST /graphql");
    let operation = below(&spans, &request.id, "mutation askAdvisor");
    let field = below(&spans, &operation.id, "askAdvisor");
    for span in [request, operation, field] {
        assert!(span.failed, "{span:?}");
        assert_eq!(span.attributes["error.type"], "INTERNAL_SERVER_ERROR");
    }
    let statement = spans.iter().find(|span| span.kind == 3 && span.failed);
    assert!(statement.is_some(), "{spans:#?}");
}

#[tokio::test]
async fn an_answer_that_fails_fails_its_spans_and_not_its_request() {
    let (database, collector) = (Database::sqlite(), Collector::start().await);
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let flags = ["--model-base-url", url.as_str(), "--model-name", "m"];
    let serving = Serving::serve(traced(&database, &collector, &flags));
    let ada = serving.join("ada").await;
    let refuse = async { provider.call().await.json(401, &json!({})).await };
    let (answer, ()) = tokio::join!(ask(&serving, &ada.token), refuse);
    assert_eq!(answer.data()["askAdvisor"]["reading"]["status"], "FAILED");
    stop(serving).await;

    let spans = collector.spans();
    let request = below(&spans, "00f067aa0ba902b7", "POST /graphql");
    assert!(!request.failed);
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    for (name, code) in [
        ("generation", "PROVIDER_MISCONFIGURED"),
        ("chat m", "PROVIDER_MISCONFIGURED"),
        ("POST", "401"),
    ] {
        let span = named(name);
        assert!(span.failed, "{span:?}");
        assert_eq!(span.attributes["error.type"], code);
    }
}

#[tokio::test]
async fn what_is_not_sampled_or_not_wanted_is_not_sent() {
    for (name, value) in [
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
    ] {
        let (database, collector) = (Database::sqlite(), Collector::start().await);
        let mut command = traced(&database, &collector, &[]);
        command.env(name, value);
        let serving = Serving::serve(command);
        serving.join("ada").await;
        stop(serving).await;
        assert!(collector.posted().is_empty(), "{name}={value}");
    }
}

#[tokio::test]
async fn a_collector_that_fails_is_said_once_and_stops_nothing() {
    let database = Database::sqlite();
    let collector = Collector::that_answers(StatusCode::INTERNAL_SERVER_ERROR).await;
    let serving = Serving::serve(traced(&database, &collector, &[]));
    serving.join("ada").await;
    let until = Instant::now() + Duration::from_secs(20);
    while collector.posted().len() < 2 && Instant::now() < until {
        serving
            .graphql(&Nobody, "{ advisors { name } }", json!({}))
            .await
            .data();
        sleep(Duration::from_millis(20)).await;
    }
    let log = stop(serving).await;
    assert_eq!(log.matches("spans cannot be exported").count(), 1, "{log}");
}

#[tokio::test]
async fn a_protocol_that_is_not_spoken_is_refused_at_start() {
    let (database, collector) = (Database::sqlite(), Collector::start().await);
    let mut command = traced(&database, &collector, &[]);
    command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let (code, _, complaint) = run(command).await;
    assert_eq!(code, Some(2));
    assert!(
        complaint.contains("OTEL_EXPORTER_OTLP_PROTOCOL") && complaint.contains("http/protobuf"),
        "{complaint}"
    );
}

/// More spans than can be sent would be lost, here one and there one.
#[tokio::test]
async fn under_load_whole_traces_are_left_out() {
    let collector = Collector::start().await;
    let database = Database::sqlite();
    let mut command = traced(&database, &collector, &[]);
    command.env("OTEL_BSP_MAX_QUEUE_SIZE", "100000");
    let serving = Serving::serve(command);

    // Given more requests than are traced in a second
    let begun = Instant::now();
    let asking = (0..40).map(async |_| {
        for _ in 0..50 {
            let query = json!({ "query": "{ __typename }" });
            let asked = serving.http("POST", "/graphql").json(&query).send().await;
            assert_eq!(asked.unwrap().status(), StatusCode::OK);
        }
    });
    futures_util::future::join_all(asking).await;
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    stop(serving).await;

    // then so many are as may be, and all of each.
    let spans = collector.spans();
    let requests: Vec<_> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    let possible = 500..=500 * (1 + seconds);
    assert!(
        possible.contains(&requests.len()),
        "{} in {seconds} s",
        requests.len()
    );
    let operations = requests
        .iter()
        .filter(|request| spans.iter().any(|span| span.parent == request.id));
    assert_eq!(operations.count(), requests.len());
}

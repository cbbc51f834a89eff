//! Events for Sentry: our faults, without anything about users.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{
    Answer, Collector, Database, Member, PASSWORD, Provider, Service, Serving, mula,
};

const QUESTION: &str = "Whose footsteps do I hear at the crossroads?";

fn reporting(database: &Database, sentry: &Collector, flags: &[&str]) -> Serving {
    let mut flags = database.flags(flags);
    let dsn = sentry.url.replace("http://", "http://a-public-key@");
    flags.extend(["--sentry-dsn".to_owned(), format!("{dsn}/4711")]);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    Serving::serve(mula(database.dir(), &flags))
}

/// The events that were posted, when there are that many.
async fn events(sentry: &Collector, wanted: usize) -> Vec<Value> {
    let until = Instant::now() + Duration::from_secs(20);
    while sentry.posted().len() < wanted {
        assert!(Instant::now() < until, "{} came", sentry.posted().len());
        sleep(Duration::from_millis(10)).await;
    }
    let event = |posted: crate::support::Posted| {
        assert_eq!(posted.path, "/api/4711/envelope/");
        let auth = &posted.headers["x-sentry-auth"];
        assert!(auth.contains("sentry_key=a-public-key"), "{auth}");
        let lines: Vec<Value> = posted
            .body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let [envelope, item, event] = &lines[..] else {
            panic!("three lines were expected: {lines:?}");
        };
        assert_eq!(item["type"], "event");
        let id = |of: &Value| of["event_id"].as_str().unwrap().replace('-', "");
        assert_eq!(id(envelope), id(event));
        event.clone()
    };
    sentry.posted().into_iter().map(event).collect()
}

async fn ask(serving: &Serving, who: &Member) -> Answer {
    serving.ask_with(who, QUESTION, json!({})).await
}

async fn a_fault_of_ours_is_told_with_the_id_that_finds_it(database: Database) {
    let sentry = Collector::start().await;
    // Whatever the log is to hold.
    let serving = reporting(&database, &sentry, &["--log-level", "off"]);
    let ada = serving.join("ada").await;
    database.execute("DROP TABLE usage_days").await;
    let answer = ask(&serving, &ada).await;
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");

    let events = events(&sentry, 1).await;
    assert_eq!(events.len(), 1, "{events:#?}");
    let event = &events[0];
    // Without a level it is an error.
    assert!(matches!(event["level"].as_str(), None | Some("error")));
    assert_eq!(event["message"], "a request failed by a fault of ours");
    assert_eq!(event["transaction"], "mutation askAdvisor");
    assert_eq!(event["environment"], "development");
    assert_eq!(
        event["release"],
        concat!("mula@", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        event["tags"]["request_id"],
        answer.error()["extensions"]["requestId"]
    );
    assert!(
        event["extra"]["error"]
            .as_str()
            .unwrap()
            .contains("usage_days"),
        "{event}"
    );
    // An id, which finds the account, and nothing else of it.
    let user = event["user"].as_object().unwrap();
    assert_eq!(user.keys().collect::<Vec<_>>(), ["id"], "{event}");
    assert_eq!(event["request"], Value::Null);
    let token = ada.token.split('.').next_back().unwrap();
    for secret in [
        QUESTION,
        "footsteps",
        "ada@example.com",
        PASSWORD,
        "127.0.0.1",
        token,
    ] {
        assert!(!event.to_string().contains(secret), "{secret}: {event}");
    }
}

#[tokio::test]
async fn a_fault_of_ours_is_told_with_the_id_that_finds_it_on_sqlite() {
    a_fault_of_ours_is_told_with_the_id_that_finds_it(Database::sqlite()).await;
}

#[tokio::test]
async fn a_fault_of_ours_is_told_with_the_id_that_finds_it_on_postgres() {
    if let Some(database) = Database::postgres().await {
        a_fault_of_ours_is_told_with_the_id_that_finds_it(database).await;
    }
}

#[tokio::test]
async fn an_answer_that_fails_is_told_and_what_clients_do_wrong_is_not() {
    let (database, sentry) = (Database::sqlite(), Collector::start().await);
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let flags = ["--model-base-url", url.as_str(), "--model-name", "m"];
    let serving = reporting(&database, &sentry, &flags);
    let ada = serving.join("ada").await;
    serving.graphql(&ada, "{ nothing }", json!({})).await.code();
    serving
        .graphql("no token", "{ profile { id } }", json!({}))
        .await
        .code();

    let refuse = async {
        let said = json!({ "error": { "message": format!("no: {QUESTION}") } });
        provider.call().await.json(400, &said).await;
    };
    let (answer, ()) = tokio::join!(ask(&serving, &ada), refuse);
    assert_eq!(answer.data()["askAdvisor"]["reading"]["status"], "FAILED");

    let events = events(&sentry, 1).await;
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(
        events[0]["message"],
        "an answer could not be written to its end"
    );
    assert_eq!(events[0]["extra"]["code"], "PROVIDER_REJECTED");
    assert!(!events[0].to_string().contains("footsteps"));
    for id in ["request_id", "reading", "generation"] {
        assert!(events[0]["tags"][id].is_string(), "{id}: {}", events[0]);
    }
    assert!(events[0]["user"]["id"].is_string());
}

#[tokio::test]
async fn a_sentry_that_wants_no_more_is_left_alone() {
    let database = Database::sqlite();
    let sentry = Collector::that_answers(StatusCode::TOO_MANY_REQUESTS).await;
    let serving = reporting(&database, &sentry, &[]);
    let ada = serving.join("ada").await;
    database.execute("DROP TABLE usage_days").await;
    for _ in 0..3 {
        assert_eq!(ask(&serving, &ada).await.code(), "INTERNAL_SERVER_ERROR");
    }
    serving.signal("TERM");
    let (code, log) = serving.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(sentry.posted().len(), 1, "{log}");
    assert!(log.contains("Sentry limits the rate of events"), "{log}");
}

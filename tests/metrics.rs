//! Metrics of clients' operations and of the service's state.

mod prometheus;

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Database, FOLLOW, Nobody, Provider, Server, Service, Via, header, on_both};

const ON: [&str; 2] = ["--metrics-address", "127.0.0.1:0"];

/// The metrics as text.
async fn told(server: &Server) -> String {
    let response = server.metrics().await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        header(&response, "content-type"),
        "text/plain; version=0.0.4"
    );
    response.text().await.unwrap()
}

/// The value of a series, as it is written there.
fn value(told: &str, series: &str) -> Option<f64> {
    let value = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
    told.lines().find_map(value)
}

/// Asks until a series has a value: what is counted may be counted just after the answer.
async fn becomes(server: &Server, series: &str, wanted: f64) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let told = told(server).await;
        if value(&told, series) == Some(wanted) {
            return;
        }
        assert!(
            Instant::now() < until,
            "{series} does not become {wanted}:\n{told}"
        );
        sleep(Duration::from_millis(20)).await;
    }
}

fn requests(operation: &str, code: &str) -> String {
    format!("mula_requests_total{{code=\"{code}\",operation=\"{operation}\"}}")
}

/// The names of all metrics, as they are declared.
fn names(told: &str) -> BTreeSet<String> {
    told.lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect()
}

on_both! {
    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn operations_are_counted_by_their_field_and_what_became_of_them(server: Server) {
        let ada = server.join("ada").await;
        for (query, field, code) in [
            ("query Mine { profile { id } }", "profile", "OK"),
            ("{ me: profile { id } you: profile { id } }", "profile", "OK"),
            ("{ profile { id } advisors { name } }", "several", "OK"),
            ("{ ...Root } fragment Root on Query { advisors { name } }", "advisors", "OK"),
            ("{ __typename }", "introspection", "OK"),
            ("{ reading(id: \"no\") { id } }", "reading", "BAD_USER_INPUT"),
            ("{ nothing }", "unknown", "GRAPHQL_VALIDATION_FAILED"),
            ("{ nothing", "unknown", "GRAPHQL_PARSE_FAILED"),
        ] {
            let before = value(&told(&server).await, &requests(field, code)).unwrap_or_default();
            server.graphql(&ada, query, json!({})).await;
            becomes(&server, &requests(field, code), before + 1.0).await;
        }
        server.graphql(&Nobody, "{ profile { id } }", json!({})).await;
        becomes(&server, &requests("profile", "UNAUTHENTICATED"), 1.0).await;
        server.request("PUT", "/graphql").send().await.unwrap();
        becomes(&server, &requests("unknown", "BAD_REQUEST"), 1.0).await;

        let told = told(&server).await;
        let took = "mula_request_duration_seconds_count{operation=\"profile\"}";
        assert_eq!(value(&told, took), Some(3.0));
        // What is no operation counts as none.
        let before = told.matches("mula_requests_total{").count();
        for path in ["/health/ready", "/nowhere"] {
            server.request("GET", path).send().await.unwrap();
        }
        let told = super::told(&server).await;
        assert_eq!(told.matches("mula_requests_total{").count(), before, "{told}");
    }

    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn names_that_clients_make_up_are_no_series(server: Server) {
        let series = |told: &str| told.lines().filter(|line| line.contains("operation=")).count();
        let before = series(&told(&server).await);
        for n in 0..50 {
            let query = format!("query Junk{n} {{ junk{n}: __typename }}");
            server.graphql(&Nobody, &query, json!({})).await.data();
            server.graphql(&Nobody, &format!("{{ junk{n} }}"), json!({})).await;
        }
        becomes(&server, &requests("introspection", "OK"), 50.0).await;
        becomes(&server, &requests("unknown", "GRAPHQL_VALIDATION_FAILED"), 50.0).await;
        let told = told(&server).await;
        assert!(!told.to_lowercase().contains("junk"), "{told}");
        // Two operations, each with a count, and a histogram.
        assert!(series(&told) < before + 50, "{told}");
    }

    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn what_alerts_watch_is_there_from_the_start(server: Server) {
        let told = told(&server).await;
        for (series, wanted) in [
            (&*requests("askAdvisor", "INTERNAL_SERVER_ERROR"), 0.0),
            (&requests("readingUpdates", "INTERNAL_SERVER_ERROR"), 0.0),
            (&requests("login", "OK"), 0.0),
            (&requests("unknown", "INTERNAL_SERVER_ERROR"), 0.0),
            ("mula_generations_ended_total{code=\"NONE\",engine=\"EMBEDDED\",status=\"COMPLETED\"}", 0.0),
            ("mula_generations_ended_total{code=\"PROVIDER_MISCONFIGURED\",engine=\"MODEL\",status=\"FAILED\"}", 0.0),
            ("mula_ready", 1.0),
            ("mula_month_cost_dollars", 0.0),
            ("mula_month_cost_limit_dollars", f64::INFINITY),
        ] {
            assert_eq!(value(&told, series), Some(wanted), "{series}:\n{told}");
        }
    }

    #[settings("--metrics-address", "127.0.0.1:0", "--embedded-pace", "20")]
    async fn answers_and_who_follows_them_are_counted(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "What is behind the door?").await;
        let mut followers = Vec::new();
        for via in [Via::Socket, Via::Events] {
            followers.push(server.follow(via, &ada, &id, 0).await);
        }
        becomes(&server, "mula_followers", 2.0).await;
        becomes(&server, "mula_generations{engine=\"EMBEDDED\",status=\"WRITING\"}", 1.0).await;
        becomes(&server, "mula_sessions", 1.0).await;

        drop(followers);
        becomes(&server, "mula_followers", 0.0).await;
        // Not until it has ended was it answered; what the client heard of it was good.
        becomes(&server, &requests("readingUpdates", "OK"), 2.0).await;
        let told = told(&server).await;
        assert!(!told.contains("duration_seconds_count{operation=\"readingUpdates\"}"));

        server.cancel(&ada, &id).await.data();
        let ended = "mula_generations_ended_total{code=\"NONE\",engine=\"EMBEDDED\",status=\"CANCELLED\"}";
        becomes(&server, ended, 1.0).await;
        becomes(&server, "mula_generations{engine=\"EMBEDDED\",status=\"WRITING\"}", 0.0).await;
    }

    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn failures_are_counted_by_their_codes(server: Server) {
        let provider = Provider::start().await;
        let url = provider.url().to_owned();
        provider.answering(|_, call| async move { call.json(401, &json!({})).await });
        let flags = ["--metrics-address", "127.0.0.1:0", "--model-base-url", &url, "--model-name", "m"];
        let server = server.restart(&flags).await;
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Whose fault is it?").await;
        let ended = "mula_generations_ended_total{code=\"PROVIDER_MISCONFIGURED\",\
                     engine=\"MODEL\",status=\"FAILED\"}";
        becomes(&server, ended, 1.0).await;
    }

    #[settings("--metrics-address", "127.0.0.1:0", "--ask-rate", "1/1h")]
    async fn what_a_limit_refuses_is_counted(server: Server) {
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way leads home?").await;
        let refused = server.try_to_ask(&ada, "LEGBA", "And which away?").await;
        assert_eq!(refused.code(), "RATE_LIMITED");
        let many: Vec<_> = (0..60).map(|n| format!("a{n}: advisors {{ name }}")).collect();
        let query = format!("{{ {} }}", many.join(" "));
        let refused = server.graphql(&ada, &query, json!({})).await;
        assert_eq!(refused.code(), "QUERY_TOO_COMPLEX");

        becomes(&server, "mula_refusals_total{code=\"RATE_LIMITED\"}", 1.0).await;
        becomes(&server, "mula_refusals_total{code=\"QUERY_TOO_COMPLEX\"}", 1.0).await;
        let told = told(&server).await;
        assert_eq!(value(&told, "mula_refusals_total{code=\"OVERLOADED\"}"), Some(0.0));
    }

    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn operations_on_a_socket_are_counted(server: Server) {
        let mut socket = server.socket(&Nobody).await;
        let operations = [
            ("1", "{ advisors { name } }", "advisors", "OK"),
            ("2", "{ profile { id } }", "profile", "UNAUTHENTICATED"),
            ("3", "{ nothing }", "unknown", "GRAPHQL_VALIDATION_FAILED"),
            ("4", FOLLOW, "readingUpdates", "UNAUTHENTICATED"),
        ];
        for (id, query, field, code) in operations {
            socket.subscribe(id, query, json!({ "id": "no" })).await;
            becomes(&server, &requests(field, code), 1.0).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_served_unless_it_is_wanted() {
    let server = Server::start(Database::sqlite(), &[]).await;
    assert_eq!(server.metrics_address(), None);
    let path = server.request("GET", "/metrics").send().await.unwrap();
    assert_eq!(path.status(), 404);
}

#[tokio::test]
async fn metrics_are_all_that_is_at_their_address() {
    let server = Server::start(Database::sqlite(), &ON).await;
    let path = server.request("GET", "/metrics").send().await.unwrap();
    assert_eq!(path.status(), 404);
    let address = server.metrics_address().unwrap();
    let graphql = reqwest::get(format!("http://{address}/graphql"));
    assert_eq!(graphql.await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_database_that_is_away_takes_no_other_metric_with_it() {
    let Some(server) = Server::on_postgres(&ON).await else {
        return;
    };
    becomes(&server, "mula_sessions", 0.0).await;
    server.database.take_away().await;
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let told = timeout(Duration::from_secs(5), told(&server)).await;
        let told = told.expect("a scrape does not wait for the database");
        assert!(told.contains("mula_build_info"));
        if !told.contains("mula_sessions") && !told.contains("mula_generations{") {
            break;
        }
        assert!(Instant::now() < until, "{told}");
        sleep(Duration::from_millis(100)).await;
    }
    server.database.bring_back().await;
    becomes(&server, "mula_sessions", 0.0).await;
}

#[tokio::test]
async fn what_is_told_to_other_instances_is_heard_soon() {
    // Told is what is being written.
    let flags = [&ON[..], &["--embedded-pace", "1000"]].concat();
    let Some(server) = Server::on_postgres(&flags).await else {
        return;
    };
    let ada = server.join("ada").await;
    server.ask(&ada, "OSHUN", "Who hears it?").await;
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let told = told(&server).await;
        if value(&told, "mula_notification_lag_seconds_count").is_some_and(|heard| heard >= 1.0) {
            let lag = value(&told, "mula_notification_lag_seconds_sum").unwrap();
            assert!(lag > 0.0, "{told}");
            return;
        }
        assert!(Instant::now() < until, "{told}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The names that stand in a text, as parts of words.
fn named_in(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("mula_") || word.starts_with("process_"))
        .map(|word| {
            let suffixes = ["_bucket", "_sum", "_count"];
            let bare = suffixes.iter().find_map(|end| word.strip_suffix(end));
            bare.unwrap_or(word).to_owned()
        })
        .collect()
}

#[tokio::test]
async fn the_documentation_and_the_dashboard_name_what_there_is() {
    let server = Server::start(Database::sqlite(), &ON).await;
    // Of what has labels nothing is told before there is something.
    let ada = server.join("ada").await;
    let reading = server.ask(&ada, "SHANGO", "What is there?").await;
    let rate = "mutation ($id: ID!) { updateReading(input: { id: $id, rating: HELPFUL }) { reading { id } } }";
    let rated = server
        .graphql(&ada, rate, json!({ "id": reading["id"] }))
        .await;
    rated.data();
    becomes(
        &server,
        "mula_generations_ended_total{code=\"NONE\",engine=\"EMBEDDED\",status=\"COMPLETED\"}",
        1.0,
    )
    .await;
    let names = names(&told(&server).await);

    let documented = include_str!("../docs/observability.md");
    let row = |line: &str| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned());
    let rows = documented.lines().filter_map(row);
    let documented: BTreeSet<_> = rows
        .filter(|name| name.starts_with("mula_") || name.starts_with("process_"))
        .collect();
    assert_eq!(documented, names);

    for file in [
        include_str!("../deploy/grafana/dashboards/mula.json"),
        include_str!("../deploy/prometheus/rules.yml"),
    ] {
        let used = named_in(file);
        assert!(used.len() > 10, "{used:?}");
        let unknown: Vec<_> = used.difference(&names).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}

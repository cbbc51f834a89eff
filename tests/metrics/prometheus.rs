//! Prometheus itself, where it is installed: it scrapes the metrics and understands the rules and the
//! dashboard.

use serde_json::{Value, json};

use super::{ON, told};
use crate::support::{Database, Monitoring, Server};

#[tokio::test]
async fn prometheus_finds_nothing_to_complain_of() {
    let server = Server::start(Database::sqlite(), &ON).await;
    let ada = server.join("ada").await;
    server.ask(&ada, "YEMAYA", "Is it well said?").await;
    if let Some(complaints) = Monitoring::check(told(&server).await).await {
        assert_eq!(complaints, "");
    }
}

#[tokio::test]
async fn prometheus_scrapes_it_and_can_be_asked() {
    let server = Server::start(Database::sqlite(), &ON).await;
    let address = server.metrics_address().unwrap();
    let Some(prometheus) = Monitoring::start(address) else {
        return;
    };
    let ada = server.join("ada").await;
    for _ in 0..3 {
        server
            .graphql(&ada, "{ profile { id } }", json!({}))
            .await
            .data();
    }
    server.ask(&ada, "LEGBA", "Does it see this?").await;

    for (query, wanted) in [
        ("up{job=\"mula\"}", "1"),
        (
            "sum(mula_requests_total{operation=\"profile\",code=\"OK\"})",
            "3",
        ),
        (
            "mula_request_duration_seconds_count{operation=\"login\"}",
            "1",
        ),
        (
            "mula_generations_ended_total{status=\"COMPLETED\",engine=\"EMBEDDED\"}",
            "1",
        ),
        ("count(mula_build_info)", "1"),
        ("mula_sessions", "1"),
        ("sum(mula_database_connections) > bool 0", "1"),
        ("process_resident_memory_bytes > bool 1e6", "1"),
        ("process_cpu_seconds_total > bool 0", "1"),
        ("process_open_fds > bool 3", "1"),
        ("abs(process_start_time_seconds - time()) < bool 600", "1"),
        (
            "histogram_quantile(0.95, sum by (le) (mula_request_duration_seconds_bucket)) > bool 0",
            "1",
        ),
    ] {
        prometheus.says(query, wanted).await;
    }
}

#[tokio::test]
async fn prometheus_understands_the_dashboard_and_its_own_settings() {
    let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus");
    let Some(complaints) = Monitoring::check_config(&files.join("prometheus.yml")).await else {
        return;
    };
    assert_eq!(complaints, "");
    let rules = Monitoring::test_rules(&files.join("rules.test.yml")).await;
    assert_eq!(rules, Some(true), "promtool test rules");
    let server = Server::start(Database::sqlite(), &ON).await;
    let address = server.metrics_address().unwrap();
    let Some(prometheus) = Monitoring::start(address) else {
        return;
    };
    let dashboard: Value =
        serde_json::from_str(include_str!("../../deploy/grafana/dashboards/mula.json")).unwrap();
    let mut queries = Vec::new();
    find_queries(&dashboard, &mut queries);
    assert!(queries.len() > 20, "{queries:?}");
    for query in queries {
        // As Grafana does.
        let query = query.replace("$instance", ".*").replace("$job", "mula");
        prometheus
            .understands(&query.replace("$__rate_interval", "1m"))
            .await;
    }
}

fn find_queries<'a>(of: &'a Value, found: &mut Vec<&'a str>) {
    match of {
        Value::Object(members) => {
            found.extend(members.get("expr").and_then(Value::as_str));
            members
                .values()
                .for_each(|value| find_queries(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| find_queries(item, found)),
        _ => {}
    }
}

//! The database: what is kept, who migrates, and what happens while it is gone.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Database, Server, on_both, refused_within_a_second};

const HISTORY: &str = "{ profile { id readings { nodes { id question response } } } }";

async fn ready(server: &Server) -> (u16, Value) {
    let response = server.request("GET", "/health/ready").send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn status(database: &Database) -> Vec<bool> {
    let db = mula::db::Database::connect(&database.settings(&[]).database)
        .await
        .unwrap();
    let steps = db.migration_status().await.unwrap();
    db.close().await;
    steps.into_iter().map(|(_, applied)| applied).collect()
}

on_both! {
    async fn a_restart_loses_nothing(server: Server) {
        let ada = server.join("ada").await;
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let before = server.graphql(&ada, HISTORY, json!({})).await;

        let server = server.restart(&[]).await;

        let after = server.graphql(&ada, HISTORY, json!({})).await;
        assert_eq!(after.data(), before.data());
        assert_eq!(after.data()["profile"]["readings"]["nodes"][0]["response"], reading["response"]);
        server.sign_in("ada").await;
        assert_eq!(server.register("ada").await.code(), "CONFLICT");
        server.ask(&ada, "OSHUN", "Will the river rise?").await;
    }

    async fn an_ended_session_stays_ended_after_a_restart(server: Server) {
        let ada = server.join("ada").await;
        server.graphql(&ada, "mutation { logout { message } }", json!({})).await.data();

        let server = server.restart(&[]).await;

        assert_eq!(server.graphql(&ada, HISTORY, json!({})).await.code(), "UNAUTHENTICATED");
    }

    async fn steps_can_be_taken_back_and_applied_again(server: Server) {
        let database = server.stop().await;
        let steps = status(&database).await.len();
        assert_eq!(status(&database).await, vec![true; steps]);
        let db = mula::db::Database::connect(&database.settings(&[]).database).await.unwrap();

        db.migrate_down(1).await.unwrap();
        assert_eq!(db.migration_status().await.unwrap().iter().filter(|(_, applied)| *applied).count(), steps - 1);
        db.migrate_down(u32::try_from(steps).unwrap() - 1).await.unwrap();
        assert!(db.migration_status().await.unwrap().iter().all(|(_, applied)| !applied));
        db.migrate_up().await.unwrap();
        // Again is no harm.
        db.migrate_up().await.unwrap();
        db.close().await;

        let server = Server::start(database, &[]).await;
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;
    }

    async fn two_instances_are_one_service(server: Server) {
        let settings = server.database.settings(&[]);
        let other = mula::server::Server::start(settings, server.clock.clone()).await.unwrap();
        let ada = server.join("ada").await;
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;

        // Any instance knows the token and the reading, and the end of the session.
        let there = crate::support::Client::new(other.address());
        let body = json!({ "query": HISTORY });
        let seen = there.graphql(&ada, &body).await;
        assert_eq!(seen.data()["profile"]["readings"]["nodes"][0]["id"], reading["id"]);
        server.graphql(&ada, "mutation { logout { message } }", json!({})).await.data();
        refused_within_a_second("UNAUTHENTICATED", async || there.graphql(&ada, &body).await).await;
        other.stop().await;
    }
}

#[tokio::test]
async fn instances_that_start_at_once_migrate_once() {
    let Some(database) = Database::unmigrated_postgres().await else {
        return;
    };
    assert!(status(&database).await.iter().all(|applied| !applied));

    let settings = || database.settings(&["--database-pool-size", "2"]);
    let started = join_all(
        (0..8).map(|_| mula::server::Server::start(settings(), mula::clock::Clock::default())),
    )
    .await;

    for server in started {
        server
            .unwrap_or_else(|error| panic!("{error}"))
            .stop()
            .await;
    }
    assert!(status(&database).await.iter().all(|applied| *applied));
    let steps = status(&database).await.len();
    let rows = database.execute("DELETE FROM seaql_migrations").await;
    assert_eq!(rows, steps as u64);
}

#[tokio::test]
async fn instances_that_start_at_once_on_one_file_migrate_once() {
    let database = Database::sqlite();

    let started = join_all((0..4).map(|_| {
        mula::server::Server::start(database.settings(&[]), mula::clock::Clock::default())
    }))
    .await;

    for server in started {
        server
            .unwrap_or_else(|error| panic!("{error}"))
            .stop()
            .await;
    }
    assert!(status(&database).await.iter().all(|applied| *applied));
}

#[tokio::test]
async fn a_database_that_goes_away_comes_back() {
    let Some(server) = Server::on_postgres(&["--database-acquire-timeout", "500ms"]).await else {
        return;
    };
    let ada = server.join("ada").await;
    let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
    assert_eq!(ready(&server).await, (200, json!({ "status": "ok" })));

    server.database.take_away().await;

    let (code, why) = ready(&server).await;
    assert_eq!((code, &why["status"]), (503, &json!("unavailable")));
    assert!(
        why["reason"].as_str().unwrap().contains("database"),
        "{why}"
    );
    let response = server.request("GET", "/health/live").send().await.unwrap();
    assert_eq!(response.status(), 200, "the process itself is well");
    // What needs no database is answered; what does says no more than that it is our fault.
    server
        .graphql(&crate::support::Nobody, "{ advisors { name } }", json!({}))
        .await
        .data();
    for answer in [
        server.graphql(&ada, HISTORY, json!({})).await,
        server.try_to_ask(&ada, "LEGBA", "Is anybody there?").await,
        server.register("bea").await,
        server
            .log_in("ada@example.com", crate::support::PASSWORD)
            .await,
    ] {
        assert!(
            ["INTERNAL_SERVER_ERROR", "OVERLOADED"].contains(&answer.code()),
            "{:#}",
            answer.json
        );
        let text = answer.json.to_string();
        for inside in ["terminat", "SQL", "postgres", "pool", "test_", "sqlx"] {
            assert!(!text.contains(inside), "{inside:?} is in {text}");
        }
    }

    server.database.bring_back().await;

    // Soon, without a restart; nothing is lost and nothing half done.
    let begin = Instant::now();
    while ready(&server).await.0 != 200 {
        assert!(begin.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let history = server.graphql(&ada, HISTORY, json!({})).await;
    let nodes = history.data()["profile"]["readings"]["nodes"]
        .as_array()
        .unwrap();
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0]["id"], reading["id"]);
    server.register("bea").await.data();
    server.ask(&ada, "LEGBA", "Is anybody there?").await;
}

const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

// What changes something is not begun again: it has to find one that is whole.
#[tokio::test]
async fn a_connection_cut_while_idle_is_not_noticed() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let settings = database.settings(&[]).database;
    let db = mula::db::Database::connect(&settings).await.unwrap();
    let change = async || {
        let changes = (0..6).map(async |_| db.begin().await?.commit().await);
        for changed in join_all(changes).await {
            changed.unwrap();
        }
    };
    change().await;

    database.execute(CUT).await;
    // A connection is tested before use when it has been idle for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;

    change().await;
}

#[tokio::test]
async fn a_connection_cut_in_use_costs_no_query() {
    let Some(server) = Server::on_postgres(&[]).await else {
        return;
    };
    let ada = server.join("ada").await;
    let list = async || {
        let answers = (0..6).map(|_| server.graphql(&ada, HISTORY, json!({})));
        join_all(answers).await.iter().for_each(|answer| {
            answer.data();
        });
    };
    for _ in 0..5 {
        list().await;

        // Those that have just been used, and are not tested again.
        server.database.execute(CUT).await;

        list().await;
        assert_eq!(ready(&server).await.0, 200);
    }
}

#[tokio::test]
async fn a_start_without_its_database_says_what_to_do() {
    let flags = [
        "--database-url",
        "postgres://mula@127.0.0.1:1/mula",
        "--database-acquire-timeout",
        "300ms",
    ];
    let settings = Database::sqlite().settings(&flags);

    let error = mula::server::Server::start(settings, mula::clock::Clock::default())
        .await
        .err()
        .unwrap();

    let text = error.to_string();
    assert!(text.contains("DATABASE_URL"), "{text}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let port = server.address().port().to_string();
    let other = Database::sqlite();

    let error = mula::server::Server::start(
        other.settings(&["--port", &port]),
        mula::clock::Clock::default(),
    )
    .await
    .err()
    .unwrap();

    let text = error.to_string();
    assert!(text.contains(&port) && text.contains("PORT"), "{text}");
}

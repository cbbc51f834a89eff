//! A database that refuses connections, on which the service's own go on: a statement that has one is
//! answered, whatever the probes say.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;

use crate::support::{Database, Member, Relay, Server, postgres};

const SOON: Duration = Duration::from_secs(20);

const HISTORY: &str = "{ readings { nodes { id } } }";

/// The connection that is probed: the only one that has had no statement yet.
const PROBES: &str = "FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'mula' AND state = 'idle' AND query = ''";

/// A server whose database is behind a network that can refuse.
async fn behind_a_relay() -> Option<(Server, Relay)> {
    let cluster = postgres::cluster().await?;
    let database = Database::on(cluster).await;
    let Database::Postgres(_, name, _) = &database else {
        unreachable!("it is PostgreSQL's");
    };
    let relay = Relay::to(cluster.socket()).await;
    let through = relay.url(name);
    let flags = [
        "--database-url",
        &through,
        "--database-acquire-timeout",
        "5s",
    ];
    let server = Server::start(database, &flags).await;
    Some((server, relay))
}

/// Ends the connection that is probed, so that the next probe needs another.
async fn end_probed_connection(database: &Database) {
    let end = format!("SELECT count(pg_terminate_backend(pid)) {PROBES}");
    until(async || database.number(&end).await == 1).await;
}

async fn until(condition: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !condition().await {
        assert!(begin.elapsed() < SOON, "it does not come to that");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asks a question that waits in the midst of its transaction while `meanwhile` goes on, and has
/// to be answered.
async fn in_midst_of_a_question(
    server: &Server,
    ama: &Member,
    meanwhile: impl Future<Output = ()>,
) {
    let direct = sea_orm::Database::connect(server.database.url())
        .await
        .unwrap();
    let holding = direct.begin().await.unwrap();
    holding
        .execute_unprepared("SELECT id FROM users FOR UPDATE")
        .await
        .unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'";
    // Of the answer only what takes no other statement.
    let ask = "mutation { askAdvisor(input: {
        advisor: LEGBA, question: \"Which way from here?\", wait: false
    }) { reading { id } } }";
    let asked = server.graphql(ama, ask, json!({}));
    let meanwhile = async {
        until(async || server.database.number(waits).await == 1).await;
        meanwhile.await;
        holding.commit().await.unwrap();
    };
    let (asked, ()) = tokio::join!(asked, meanwhile);
    asked.data();
    direct.close().await.unwrap();
}

#[tokio::test]
async fn one_refused_probe_means_nothing() {
    let Some((server, relay)) = behind_a_relay().await else {
        return;
    };
    let ama = server.join("ama").await;

    let meanwhile = async {
        relay.refuse(1);
        end_probed_connection(&server.database).await;
        let probed = format!("SELECT count(*) {PROBES}");
        until(async || {
            server.graphql(&ama, HISTORY, json!({})).await.data();
            relay.to_refuse() == 0 && server.database.number(&probed).await == 1
        })
        .await;
        server.graphql(&ama, HISTORY, json!({})).await.data();
    };
    Box::pin(in_midst_of_a_question(&server, &ama, meanwhile)).await;
}

#[tokio::test]
async fn a_question_is_answered_though_new_connections_are_refused() {
    let Some((server, relay)) = behind_a_relay().await else {
        return;
    };
    let ama = server.join("ama").await;

    let meanwhile = async {
        relay.refuse(usize::MAX);
        end_probed_connection(&server.database).await;
        until(async || {
            let answer = server.graphql(&ama, HISTORY, json!({})).await;
            !answer.is_good() && answer.code() == "OVERLOADED"
        })
        .await;
    };
    Box::pin(in_midst_of_a_question(&server, &ama, meanwhile)).await;

    relay.refuse(0);
    until(async || server.graphql(&ama, HISTORY, json!({})).await.is_good()).await;
}

//! PostgreSQL gone for a while: its end as a crash, and a network that swallows what it is given.
//! What may wait waits, what cannot is told at once, and all of it heals by itself.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    Call, Cluster, Database, Instance, Member, Provider, Relay, Server, Service, Told, Via, chunk,
    finish,
};

/// Commits survive a crash.
const DURABLE: &str = "-c synchronous_commit=on";

/// How long a test's outage lasts at least.
const OUTAGE: Duration = Duration::from_secs(3);

/// How long clients wait for answers that need the database, once its absence is known: less than
/// for a connection, also on a machine that has other things to do.
const AT_ONCE: Duration = Duration::from_secs(2);

/// How long it may take until all is well again.
const SOON: Duration = Duration::from_secs(10);

const HISTORY: &str = "{ readings { nodes { id } } }";

async fn health(service: &impl Service, which: &str) -> u16 {
    let path = format!("/health/{which}");
    let response = service.http("GET", &path).send().await.unwrap();
    response.status().as_u16()
}

/// Waits until readiness is this.
async fn becomes(service: &impl Service, status: u16) -> Duration {
    let begin = Instant::now();
    while health(service, "ready").await != status {
        assert!(begin.elapsed() < SOON, "it does not become {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begin.elapsed()
}

/// Until the service itself knows: what is asked before meets a broken connection.
async fn knows(service: &impl Service, ama: &Member) {
    let begin = Instant::now();
    loop {
        let answer = service.graphql(ama, HISTORY, json!({})).await;
        match answer.code() {
            "OVERLOADED" => return,
            code => assert_eq!(code, "INTERNAL_SERVER_ERROR"),
        }
        assert!(begin.elapsed() < AT_ONCE * 2, "it does not know");
    }
}

/// Responses while the database is known to be away, and their delay.
async fn refused_at_once(service: &impl Service, ama: &Member) {
    let ask = "mutation { askAdvisor(input: { advisor: LEGBA, question: \"Which way?\" }) {
        reading { id }
    } }";
    let begin = Instant::now();
    let answers = join_all((0..40).map(|n| {
        let operation = if n % 2 == 0 { HISTORY } else { ask };
        service.graphql(ama, operation, json!({}))
    }));
    for answer in answers.await {
        assert_eq!(answer.code(), "OVERLOADED", "{}", answer.json);
        let error = &answer.json["errors"][0];
        assert!(error["message"].as_str().unwrap().contains("database"));
        assert_eq!(error["extensions"]["retryAfter"], 5);
    }
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
}

/// An answer in the midst of its writing on one of two instances, with a follower on each and a
/// client that waits for the whole.
struct Midway<'a> {
    ama: &'a Member,
    id: String,
    told: [Told; 2],
    followers: [crate::support::Follower; 2],
}

async fn midway<'a>(
    here: &impl Service,
    there: &impl Service,
    provider: &mut Provider,
    ama: &'a Member,
) -> (Midway<'a>, Call) {
    let id = here.begin(ama, "Which way from here?").await;
    let mut call = provider.call().await;
    let mut followers = [
        here.follow(Via::Socket, ama, &id, 0).await,
        there.follow(Via::Events, ama, &id, 0).await,
    ];
    call.begin().await;
    call.event(&chunk("Go ")).await;
    let mut told = [Told::default(), Told::default()];
    for (told, follower) in told.iter_mut().zip(&mut followers) {
        assert!(told.listen(follower, 1).await.is_none());
    }
    let midway = Midway {
        ama,
        id,
        told,
        followers,
    };
    (midway, call)
}

/// The model goes on, and ends.
async fn is_written_on(mut call: Call) {
    call.events([chunk("home "), chunk("now."), finish("stop")])
        .await;
    call.done().await;
}

impl Midway<'_> {
    /// The follower receives the whole answer, and nothing of the outage.
    async fn is_heard(&mut self) {
        let listening = self.told.iter_mut().zip(&mut self.followers);
        join_all(listening.map(async |(told, follower)| {
            told.listen_to_end(follower).await;
            assert_eq!(told.text, "Go home now.", "{told:?}");
        }))
        .await;
    }

    /// It is stored, and was written once.
    async fn is_whole(&self, service: &impl Service) {
        let reading = service.reading(self.ama, &self.id).await;
        assert_eq!(reading["status"], "COMPLETED", "{reading}");
        assert_eq!(reading["response"], "Go home now.");
        assert_eq!(reading["generations"].as_array().unwrap().len(), 1);
    }
}

/// The settings of an instance whose answers this provider writes, under a lease that the outage
/// outlasts: what was written by a living instance is not taken from it for that.
fn flags<'a>(provider: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let model = [
        "--model-base-url",
        provider,
        "--model-name",
        "m",
        "--lease",
        "2s",
    ];
    [&model[..], more].concat()
}

/// Until so many connections listen: those are probed.
async fn listening(database: &Database, connections: u64) {
    let sql = "CREATE TEMPORARY TABLE listening AS SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND query = 'SELECT 1'";
    let begin = Instant::now();
    while database.execute(sql).await < connections {
        assert!(begin.elapsed() < SOON, "nobody listens again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_database_that_crashes_and_starts_again() {
    let Some(cluster) = Cluster::alone(DURABLE).await else {
        return;
    };
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let flags = flags(&url, &["--database-acquire-timeout", "5s"]);
    let server = Server::start(Database::on(cluster).await, &flags).await;
    let other = Instance::beside(&server, &flags).await;
    let ama = server.join("ama").await;
    let (mut answer, call) = midway(&server, &other, &mut provider, &ama).await;
    let begin = Instant::now();

    let outage = async {
        cluster.crash().await;
        becomes(&server, 503).await;
        becomes(&other, 503).await;
        assert_eq!(health(&server, "live").await, 200);
        knows(&server, &ama).await;
        knows(&other, &ama).await;
        refused_at_once(&server, &ama).await;
        refused_at_once(&other, &ama).await;
        is_written_on(call).await;
        tokio::time::sleep(OUTAGE.saturating_sub(begin.elapsed())).await;
        // In the end as in the beginning.
        refused_at_once(&server, &ama).await;
        assert_eq!(health(&server, "live").await, 200);
        cluster.recover().await;
        becomes(&server, 200).await.max(becomes(&other, 200).await)
    };
    let (healed, ()) = tokio::join!(outage, answer.is_heard());

    answer.is_whole(&other).await;
    listening(&server.database, 2).await;
    println!("away for {:?}, well after {healed:?}", begin.elapsed());
    assert!(provider.is_idle(), "the model is asked once");
}

// Nothing refuses, nothing breaks off: only nothing comes.
#[tokio::test]
async fn a_network_that_swallows_what_it_is_given() {
    let Some(cluster) = Cluster::alone(DURABLE).await else {
        return;
    };
    let database = Database::on(cluster).await;
    let Database::Postgres(_, name, _) = &database else {
        unreachable!("it is PostgreSQL's");
    };
    let relay = Relay::to(cluster.socket()).await;
    let through = relay.url(name);
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let more = [
        "--database-url",
        &through,
        "--database-acquire-timeout",
        "3s",
    ];
    let flags = flags(&url, &more);
    let server = Server::start(database, &flags).await;
    let other = Instance::beside(&server, &flags).await;
    let ama = server.join("ama").await;
    let (mut answer, call) = midway(&server, &other, &mut provider, &ama).await;

    let begin = Instant::now();
    let outage = async {
        relay.swallow();
        // Those that come before it is noticed wait, and no longer than for a connection.
        let early = join_all((0..20).map(|_| server.graphql(&ama, HISTORY, json!({})))).await;
        for answer in early {
            assert!(["OVERLOADED", "INTERNAL_SERVER_ERROR"].contains(&answer.code()));
        }
        assert!(
            begin.elapsed() < Duration::from_secs(9),
            "{:?}",
            begin.elapsed()
        );
        becomes(&server, 503).await;
        becomes(&other, 503).await;
        assert_eq!(health(&server, "live").await, 200);
        refused_at_once(&server, &ama).await;
        refused_at_once(&other, &ama).await;
        is_written_on(call).await;
        tokio::time::sleep(OUTAGE.saturating_sub(begin.elapsed())).await;
        // Its connections from before are never heard of again.
        relay.pass();
        becomes(&server, 200).await.max(becomes(&other, 200).await)
    };
    let (healed, ()) = tokio::join!(outage, answer.is_heard());

    answer.is_whole(&other).await;
    println!("silent for {:?}, well after {healed:?}", begin.elapsed());
    // As many as the pool has at once: none of it is stuck.
    let history = join_all((0..20).map(|_| server.graphql(&ama, HISTORY, json!({})))).await;
    for answer in history {
        answer.data();
    }
    assert!(provider.is_idle(), "the model is asked once");
}

// What was committed is not taken for lost because the word of it was.
#[tokio::test]
async fn a_connection_that_breaks_at_the_commit_of_a_piece() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let Database::Postgres(cluster, name, _) = &database else {
        unreachable!("it is PostgreSQL's");
    };
    let relay = Relay::to(cluster.socket()).await;
    let through = relay.url(name);
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let flags = flags(&url, &["--database-url", &through]);
    let server = Server::start(database, &flags).await;
    let ama = server.join("ama").await;
    let (mut answer, mut call) = midway(&server, &server, &mut provider, &ama).await;

    relay.cut_after_commit();
    call.event(&chunk("home ")).await;
    relay.has_cut().await;
    // More of it by the time it is tried again.
    call.events([chunk("now."), finish("stop")]).await;
    call.done().await;

    answer.is_heard().await;
    answer.is_whole(&server).await;
}

/// Requests that passed the guard just before the database went away, and those that need no
/// session: none waits for a connection.
#[tokio::test]
async fn accounts_are_refused_at_once() {
    let Some(cluster) = Cluster::alone(DURABLE).await else {
        return;
    };
    let flags = ["--database-acquire-timeout", "30s"];
    let server = Server::start(Database::on(cluster).await, &flags).await;
    let ada = server.join("ada").await;
    let input = "input: { currentPassword: \"correct horse battery staple\", newPassword: \"a new horse altogether\" }";
    let operations = [
        "{ profile { sessions { id } } }".to_owned(),
        "{ profile { usage { readingsToday } } }".to_owned(),
        "mutation { logout { revokedSessions } }".to_owned(),
        "mutation { logout(input: { everywhere: false }) { revokedSessions } }".to_owned(),
        format!("mutation {{ revokeSession(input: {{ id: \"{}\" }}) {{ session {{ id }} }} }}", ada.session),
        format!("mutation {{ changePassword({input}) {{ revokedSessions }} }}"),
        "mutation { deleteAccount(input: { password: \"correct horse battery staple\" }) { deletedUserId } }".to_owned(),
    ];
    server
        .graphql(&ada, "{ profile { id } }", json!({}))
        .await
        .data();

    cluster.crash().await;

    let begin = Instant::now();
    let signed_in = join_all(
        operations
            .iter()
            .map(|operation| server.graphql(&ada, operation, json!({}))),
    );
    let (answers, login, register) = futures_util::join!(
        signed_in,
        server.log_in("ada@example.com", crate::support::PASSWORD),
        server.register("bea"),
    );
    for answer in answers.iter().chain([&login, &register]) {
        assert_eq!(answer.code(), "OVERLOADED", "{}", answer.json);
    }
    // The monitor finds out in a second or two.
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    becomes(&server, 503).await;
    let begin = Instant::now();
    let (login, register) = futures_util::join!(
        server.log_in("ada@example.com", crate::support::PASSWORD),
        server.register("bea"),
    );
    for answer in [&login, &register] {
        assert_eq!(answer.code(), "OVERLOADED", "{}", answer.json);
    }
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
}

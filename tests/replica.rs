//! A read replica: what is read from it, and that nobody misses there what they have done.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    Cluster, Database, Instance, Member, Server, Service, mula, postgres::REPLICATES,
    refused_within_a_second, run,
};

const HISTORY: &str = "{ readings { totalCount nodes { id question } } }";
const ASK: &str = "mutation ($question: String!) {
    askAdvisor(input: { advisor: LEGBA, question: $question }) { reading { id status } }
}";

/// Two instances over a primary and its standby, and somebody with a reading that both hold.
struct Replicated {
    cluster: &'static Cluster,
    server: Server,
    other: Instance,
    ama: Member,
    reading: String,
    standby: sea_orm::DatabaseConnection,
}

impl Replicated {
    /// None where there is no PostgreSQL.
    async fn start() -> Option<Self> {
        let cluster = Cluster::alone(REPLICATES).await?;
        let database = Database::on(cluster).await;
        let Database::Postgres(_, name, _) = &database else {
            unreachable!("it is PostgreSQL's");
        };
        cluster.replicate().await;
        let url = cluster.standby_url(name);
        let flags = ["--database-read-url", &url];
        let server = Server::start(database, &flags).await;
        let other = Instance::beside(&server, &flags).await;
        let ama = server.join("ama").await;
        let mut options = sea_orm::ConnectOptions::new(&url);
        options.max_connections(1).sqlx_logging(false);
        let standby = sea_orm::Database::connect(options).await.unwrap();
        let reading = ask(&server, &ama, "Which way from here?").await;
        let replicated = Self {
            cluster,
            server,
            other,
            ama,
            reading,
            standby,
        };
        replicated.change_behind_the_back("Whereto?").await;
        Some(replicated)
    }

    /// The primary alone knows from now on what happens.
    async fn pause(&self) {
        self.on_standby("SELECT pg_wal_replay_pause()").await;
    }

    async fn on_standby(&self, sql: &str) -> u64 {
        use sea_orm::ConnectionTrait;
        let done = self.standby.execute_unprepared(sql).await;
        done.unwrap().rows_affected()
    }

    /// A change that no user made, which tells replica and primary apart. Waits until the replica
    /// has it.
    async fn change_behind_the_back(&self, question: &str) {
        let sql = format!("UPDATE readings SET question = '{question}'");
        assert!(self.server.database.execute(&sql).await > 0);
        let sql = format!("SELECT FROM readings WHERE question = '{question}'");
        let begin = Instant::now();
        while self.on_standby(&sql).await == 0 {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "it is not replicated"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn ask(service: &impl Service, who: &Member, question: &str) -> String {
    let answer = service
        .graphql(who, ASK, json!({ "question": question }))
        .await;
    let reading = &answer.data()["askAdvisor"]["reading"];
    assert_eq!(reading["status"], "COMPLETED");
    reading["id"].as_str().unwrap().to_owned()
}

/// The questions of a user's list, newest first.
async fn questions(service: &impl Service, who: &Member) -> Vec<Value> {
    let answer = service.graphql(who, HISTORY, json!({})).await;
    let readings = &answer.data()["readings"];
    let nodes = readings["nodes"].as_array().unwrap();
    assert_eq!(readings["totalCount"], nodes.len());
    nodes.iter().map(|node| node["question"].clone()).collect()
}

#[tokio::test]
async fn what_is_read_comes_from_the_replica() {
    let Some(it) = Replicated::start().await else {
        return;
    };
    it.pause().await;

    // Only the primary has this.
    it.server
        .database
        .execute("UPDATE readings SET question = 'Secretly'")
        .await;

    for service in [it.server.address(), it.other.address()] {
        let client = crate::support::Client::new(service);
        let answer = client.graphql(&it.ama, &json!({ "query": HISTORY })).await;
        assert_eq!(
            answer.data()["readings"]["nodes"][0]["question"],
            "Whereto?"
        );
    }
    assert_eq!(
        it.other.reading(&it.ama, &it.reading).await["question"],
        "Whereto?"
    );
    // What decides is the primary's: who is signed in, for one.
    it.server
        .database
        .execute("UPDATE sessions SET is_revoked = TRUE")
        .await;
    let list = async || it.other.graphql(&it.ama, HISTORY, json!({})).await;
    refused_within_a_second("UNAUTHENTICATED", list).await;
}

#[tokio::test]
async fn nobody_misses_what_they_have_done() {
    let Some(it) = Replicated::start().await else {
        return;
    };
    let bea = it.server.join("bea").await;
    ask(&it.server, &bea, "Will the river rise?").await;
    it.change_behind_the_back("What now?").await;
    it.pause().await;

    let asked = ask(&it.server, &it.ama, "And then?").await;

    // At once, here and there, and again.
    for _ in 0..3 {
        assert_eq!(
            questions(&it.server, &it.ama).await,
            ["And then?", "What now?"]
        );
        assert_eq!(
            questions(&it.other, &it.ama).await,
            ["And then?", "What now?"]
        );
    }
    assert_eq!(
        it.other.reading(&it.ama, &asked).await["status"],
        "COMPLETED"
    );
    assert_eq!(
        it.other.delete_reading(&it.ama, &asked).await.data()["deleteReading"]["deletedReadingId"],
        *asked
    );
    for _ in 0..3 {
        assert_eq!(questions(&it.server, &it.ama).await, ["What now?"]);
        assert_eq!(questions(&it.other, &it.ama).await, ["What now?"]);
    }
    let query = "query ($id: ID!) { reading(id: $id) { id } }";
    let gone = it
        .other
        .graphql(&it.ama, query, json!({ "id": asked }))
        .await;
    assert_eq!(gone.code(), "NOT_FOUND");
    // Whoever has done nothing meanwhile is still answered by the replica.
    it.server
        .database
        .execute("UPDATE readings SET question = 'Secretly'")
        .await;
    assert_eq!(questions(&it.other, &bea).await, ["What now?"]);
    assert_eq!(questions(&it.other, &it.ama).await, ["Secretly"]);
    // And so is everybody, once it has caught up.
    it.on_standby("SELECT pg_wal_replay_resume()").await;
    it.change_behind_the_back("Again?").await;
    it.pause().await;
    it.server
        .database
        .execute("UPDATE readings SET question = 'Secretly'")
        .await;
    assert_eq!(questions(&it.other, &it.ama).await, ["Again?"]);
}

#[tokio::test]
async fn without_the_replica_the_primary_answers() {
    let Some(it) = Replicated::start().await else {
        return;
    };

    it.cluster.end_standby().await;

    let begin = Instant::now();
    for _ in 0..20 {
        assert_eq!(questions(&it.server, &it.ama).await, ["Whereto?"]);
    }
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
    let ready = it.server.http("GET", "/health/ready").send().await.unwrap();
    assert_eq!(ready.status(), 200);
    // Nor does an instance need it to start.
    let Database::Postgres(_, name, _) = &it.server.database else {
        unreachable!("it is PostgreSQL's");
    };
    let url = it.cluster.standby_url(name);
    let third = Instance::beside(&it.server, &["--database-read-url", &url]).await;
    assert_eq!(questions(&third, &it.ama).await, ["Whereto?"]);
}

#[tokio::test]
async fn the_doctor_looks_at_it() {
    let Some(it) = Replicated::start().await else {
        return;
    };
    let Database::Postgres(_, name, _) = &it.server.database else {
        unreachable!("it is PostgreSQL's");
    };
    let standby = it.cluster.standby_url(name);
    let database = &it.server.database;
    let doctor = async |url: &str| {
        let mut command = mula(database.dir(), &["doctor"]);
        command.args(database.flags(&["--database-read-url", url]));
        let (_, said, _) = run(command).await;
        let line = said.lines().find(|line| line.contains(" replica "));
        line.unwrap_or_default().to_owned()
    };

    let line = doctor(&standby).await;
    assert!(
        line.starts_with("ok ") && line.contains("follows"),
        "{line}"
    );
    it.pause().await;
    let line = doctor(&standby).await;
    assert!(
        line.starts_with("warning ") && line.contains("replays nothing"),
        "{line}"
    );
    let line = doctor(&database.url()).await;
    assert!(
        line.starts_with("failed ") && line.contains("no standby"),
        "{line}"
    );
    it.cluster.end_standby().await;
    let line = doctor(&standby).await;
    assert!(
        line.starts_with("warning ") && line.contains("DATABASE_READ_URL"),
        "{line}"
    );
}

//! Answers that cannot be recovered, or not be written at all: each ends by itself, and holds up no
//! other.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    Database, Member, Process, Provider, Server, Service, Told, Via, chunk, finish, on_both,
};

/// Less than the time for which an unavailable database is waited for.
const SOON: Duration = Duration::from_secs(20);

fn model<'a>(url: &'a str, writers: &'a str) -> Vec<&'a str> {
    vec![
        "--model-base-url",
        url,
        "--model-name",
        "m",
        "--lease",
        "1s",
        "--writers",
        writers,
    ]
}

/// A reading once it has ended.
async fn ended(service: &impl Service, who: &Member, id: &str) -> Value {
    let begin = Instant::now();
    loop {
        let reading = service.reading(who, id).await;
        if reading["status"] != "WRITING" && reading["status"] != "PENDING" {
            return reading;
        }
        assert!(begin.elapsed() < SOON, "it does not end: {reading}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[track_caller]
fn assert_interrupted(reading: &Value, text: &Value) {
    assert_eq!(reading["status"], "FAILED", "{reading}");
    assert_eq!(reading["failure"]["code"], "INTERRUPTED");
    assert_eq!(&reading["response"], text);
}

/// The oldest of two answers of a dead process cannot be read back.
async fn one_that_cannot_be_read_holds_up_no_other(database: Database) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let process = Process::start(&database, &model(&url, "2")).await;
    let ama = process.join("ama").await;
    let mut readings = Vec::new();
    for question in ["Which way?", "And then?"] {
        let id = process.begin(&ama, question).await;
        let mut call = provider.call().await;
        call.begin().await;
        call.event(&chunk("Go on")).await;
        let mut follower = process.follow(Via::Events, &ama, &id, 0).await;
        assert!(Told::default().listen(&mut follower, 1).await.is_none());
        readings.push((id, call));
    }
    process.kill();
    let first = "(SELECT id FROM generations ORDER BY id LIMIT 1)";
    let spoil = format!("UPDATE generations SET sources = '7' WHERE id = {first}");
    assert_eq!(database.execute(&spoil).await, 1);

    let process = Process::start(&database, &model(&url, "2")).await;

    // Until then nobody can read it.
    let begin = Instant::now();
    while database
        .count("generations WHERE completed_at IS NULL")
        .await
        > 0
    {
        assert!(begin.elapsed() < SOON, "some answer does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (id, _) in &readings {
        assert_interrupted(&process.reading(&ama, id).await, &json!("Go on"));
    }
    let usage = "{ profile { usage { tokensThisMonth } } }";
    let usage = process.graphql(&ama, usage, json!({})).await;
    assert!(
        usage.data()["profile"]["usage"]["tokensThisMonth"]
            .as_i64()
            .unwrap()
            > 0
    );
}

/// Each of its writers has died.
async fn one_that_ends_its_writers_is_given_up(database: Database) {
    let flags = ["--embedded-pace", "10", "--lease", "1s"];
    let process = Process::start(&database, &flags).await;
    let ama = process.join("ama").await;
    let id = process.begin(&ama, "Which way from here?").await;
    let mut told = Told::default();
    let mut follower = process.follow(Via::Events, &ama, &id, 0).await;
    assert!(told.listen(&mut follower, 1).await.is_none());
    process.kill();
    assert_eq!(
        database.execute("UPDATE generations SET epoch = 5").await,
        1
    );

    let process = Process::start(&database, &flags).await;

    let reading = ended(&process, &ama, &id).await;
    assert_interrupted(&reading, &reading["response"]);
    assert!(
        reading["response"]
            .as_str()
            .unwrap()
            .starts_with(&told.text)
    );
}

#[tokio::test]
async fn one_that_cannot_be_read_holds_up_no_other_on_sqlite() {
    one_that_cannot_be_read_holds_up_no_other(Database::sqlite()).await;
}

#[tokio::test]
async fn one_that_cannot_be_read_holds_up_no_other_on_postgres() {
    if let Some(database) = Database::postgres().await {
        one_that_cannot_be_read_holds_up_no_other(database).await;
    }
}

#[tokio::test]
async fn one_that_ends_its_writers_is_given_up_on_sqlite() {
    one_that_ends_its_writers_is_given_up(Database::sqlite()).await;
}

#[tokio::test]
async fn one_that_ends_its_writers_is_given_up_on_postgres() {
    if let Some(database) = Database::postgres().await {
        one_that_ends_its_writers_is_given_up(database).await;
    }
}

on_both! {
    async fn one_that_cannot_be_written_fails_at_once(server: Server) {
        let mut provider = Provider::start().await;
        let url = provider.url().to_owned();
        let flags = model(&url, "1");
        let server = server.restart(&flags).await;
        let ama = server.join("ama").await;
        let first = server.begin(&ama, "Which way?").await;
        let mut call = provider.call().await;
        let second = server.begin(&ama, "And then?").await;
        // No throw of the shells comes to this.
        let spoil = "UPDATE generations SET cast_open = 99 WHERE status = 'PENDING'";
        assert_eq!(server.database.execute(spoil).await, 1);

        call.begin().await;
        call.events([chunk("Home."), finish("stop")]).await;
        call.done().await;

        assert_eq!(ended(&server, &ama, &first).await["response"], "Home.");
        assert_interrupted(&ended(&server, &ama, &second).await, &Value::Null);
        assert!(provider.is_idle(), "nothing was asked for it");
        // Its writer is free.
        let third = server.begin(&ama, "And what now?").await;
        let mut call = provider.call().await;
        call.begin().await;
        call.events([chunk("Stay."), finish("stop")]).await;
        call.done().await;
        assert_eq!(ended(&server, &ama, &third).await["response"], "Stay.");
    }

    // As on a machine that is too busy for the writer to renew its lease in time.
    #[settings("--embedded-pace", "60", "--lease", "1s")]
    async fn a_writer_that_is_late_keeps_its_answer(server: Server) {
        let ama = server.join("ama").await;
        let id = server.begin(&ama, "Which way?").await;

        let late = "UPDATE generations SET lease_expires_at = created_at WHERE status = 'WRITING'";
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(2) {
            server.database.execute(late).await;
        }

        assert_eq!(ended(&server, &ama, &id).await["status"], "COMPLETED");
        assert_eq!(server.database.count("generations WHERE epoch = 1").await, 1);
    }
}

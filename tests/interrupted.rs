//! Model answers whose process ends while it receives them: resumable ones are resumed, and no call
//! is made, or paid for, twice.

mod kills;

use serde_json::json;

use crate::support::{
    Call, Database, Instance, Member, Process, Provider, Server, Service, Told, Via, chunk, deltas,
    finish, on_both, state, with_each_database,
};

/// The settings of a server whose answers this provider writes.
fn chat(url: &str) -> Vec<&str> {
    vec![
        "--model-base-url",
        url,
        "--model-name",
        "m",
        "--lease",
        "1s",
    ]
}

/// One whose broken streams are taken up again.
fn background(url: &str) -> Vec<&str> {
    [
        chat(url),
        vec!["--model-dialect", "responses", "--model-background", "true"],
    ]
    .concat()
}

/// A process that has been told the first words of an answer and has passed them on.
async fn midway(
    process: &Process,
    who: &Member,
    id: &str,
    call: &mut Call,
    events: impl IntoIterator<Item = serde_json::Value>,
) -> Told {
    let mut follower = process.follow(Via::Socket, who, id, 0).await;
    call.begin().await;
    call.events(events).await;
    let mut told = Told::default();
    assert!(told.listen(&mut follower, 1).await.is_none());
    told
}

/// Follows from where it was left to the end, and compares with what is stored.
async fn to_the_end(
    service: &impl Service,
    who: &Member,
    id: &str,
    told: &mut Told,
) -> serde_json::Value {
    let mut follower = service.follow(Via::Socket, who, id, told.last).await;
    told.listen_to_end(&mut follower).await;
    let reading = service.reading(who, id).await;
    assert_eq!(reading["response"].as_str().unwrap_or_default(), told.text);
    reading
}

async fn killed_while_a_model_writes(database: Database) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let process = Process::start(&database, &chat(&url)).await;
    let ama = process.join("ama").await;
    let id = process.begin(&ama, "Which way?").await;
    let mut call = provider.call().await;
    let mut told = midway(&process, &ama, &id, &mut call, [chunk("Go on")]).await;

    process.kill();
    call.closed().await;
    let process = Process::start(&database, &chat(&url)).await;
    let reading = to_the_end(&process, &ama, &id, &mut told).await;

    assert_eq!(reading["status"], "FAILED");
    assert_eq!(reading["failure"]["code"], "INTERRUPTED");
    assert_eq!(reading["response"], "Go on");
    assert_eq!(reading["isEstimated"], true);
    assert!(reading["tokensUsed"].as_i64().unwrap() > 0);
    assert!(provider.is_idle(), "it is not asked again");
}

async fn killed_before_a_model_was_asked(database: Database) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let flags = [chat(&url), vec!["--writers", "1"]].concat();
    let process = Process::start(&database, &flags).await;
    let ama = process.join("ama").await;
    let first = process.begin(&ama, "Which way?").await;
    let call = provider.call().await;
    let second = process.begin(&ama, "And then?").await;

    process.kill();
    call.closed().await;
    let process = Process::start(&database, &flags).await;
    let mut call = provider.call().await;
    call.begin().await;
    call.events([chunk("Home."), finish("stop")]).await;
    call.done().await;

    let reading = to_the_end(&process, &ama, &second, &mut Told::default()).await;
    assert_eq!(
        (&reading["status"], &reading["response"]),
        (&json!("COMPLETED"), &json!("Home."))
    );
    let reading = to_the_end(&process, &ama, &first, &mut Told::default()).await;
    assert_eq!(reading["failure"]["code"], "INTERRUPTED");
    assert!(provider.is_idle(), "the first is not asked again");
}

async fn killed_and_taken_up_at_the_provider(database: Database) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let process = Process::start(&database, &background(&url)).await;
    let ama = process.join("ama").await;
    let id = process.begin(&ama, "Which way?").await;
    let mut call = provider.call().await;
    let created = state(
        0,
        "response.created",
        &json!({ "id": "resp_1", "model": "m-1" }),
    );
    let words = deltas(1, &["Go "]);
    let mut told = midway(
        &process,
        &ama,
        &id,
        &mut call,
        [created].into_iter().chain(words),
    )
    .await;

    process.kill();
    call.closed().await;
    let process = Process::start(&database, &background(&url)).await;

    let mut call = provider.call().await;
    assert_eq!(call.method, "GET");
    assert!(call.path.contains("/resp_1?"), "{}", call.path);
    assert!(call.path.contains("starting_after=1"), "{}", call.path);
    call.begin().await;
    call.events(deltas(2, &["home ", "now."])).await;
    let usage = json!({ "total_tokens": 12, "cost": { "total_cost": 0.25 } });
    let whole = json!({ "id": "resp_1", "status": "completed", "usage": usage });
    call.event(&state(4, "response.completed", &whole)).await;
    let reading = to_the_end(&process, &ama, &id, &mut told).await;
    assert_eq!(reading["status"], "COMPLETED");
    assert_eq!(reading["response"], "Go home now.");
    assert_eq!(
        (&reading["cost"], &reading["tokensUsed"]),
        (&json!("0.25"), &json!(12))
    );
    assert!(provider.is_idle(), "it is asked for once");
}

async fn killed_again_and_again(database: Database) {
    kills::nothing_is_asked_twice(database).await;
}

with_each_database! {
    killed_while_a_model_writes
    killed_before_a_model_was_asked
    killed_and_taken_up_at_the_provider
    killed_again_and_again
}

on_both! {
    // There is no time to wait for it, and nobody could go on.
    async fn stopped_while_a_model_writes(server: Server) {
        let mut provider = Provider::start().await;
        let url = provider.url().to_owned();
        let flags = [chat(&url), vec!["--shutdown-timeout", "100ms"]].concat();
        let server = server.restart(&flags).await;
        let ama = server.join("ama").await;
        let id = server.begin(&ama, "Which way?").await;
        let mut call = provider.call().await;
        call.begin().await;
        call.event(&chunk("Go ")).await;

        let server = server.restart(&chat(&url)).await;

        call.closed().await;
        let reading = server.reading(&ama, &id).await;
        assert_eq!(reading["status"], "FAILED");
        assert_eq!(reading["failure"]["code"], "INTERRUPTED");
    }

    // Another instance goes on where it was, with the provider's response.
    async fn handed_over_while_a_model_writes(server: Server) {
        let mut provider = Provider::start().await;
        let url = provider.url().to_owned();
        let flags = [background(&url), vec!["--shutdown-timeout", "100ms"]].concat();
        let server = server.restart(&flags).await;
        let ama = server.join("ama").await;
        let id = server.begin(&ama, "Which way?").await;
        let mut call = provider.call().await;
        let mut follower = server.follow(Via::Events, &ama, &id, 0).await;
        call.begin().await;
        call.event(&state(0, "response.created", &json!({ "id": "resp_1" }))).await;
        call.events(deltas(1, &["Go "])).await;
        let mut told = Told::default();
        assert!(told.listen(&mut follower, 1).await.is_none());
        let other = Instance::beside(&server, &background(&url)).await;

        let stopped = tokio::spawn(server.stop());
        call.closed().await;
        let mut call = provider.call().await;

        assert!(call.path.contains("/resp_1?"), "{}", call.path);
        call.begin().await;
        call.events(deltas(2, &["home."])).await;
        call.event(&state(3, "response.completed", &json!({ "status": "completed" }))).await;
        let reading = to_the_end(&other, &ama, &id, &mut told).await;
        assert_eq!((&reading["status"], &reading["response"]), (&json!("COMPLETED"), &json!("Go home.")));
        stopped.await.unwrap();
    }
}

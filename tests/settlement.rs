//! Each call of a language model is accounted once, whatever becomes of the reading or the account
//! it was made for. Every call costs a dollar, as reported or as estimated.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    commands::over,
    support::{
        Answer, Call, Database, Member, PASSWORD, Process, Provider, Server, Service, chunk,
        finish, on_both, run,
    },
};

const DOLLAR: i64 = 1_000_000_000;

/// How long it may take until an answer without a reader has ended.
const SOON: Duration = Duration::from_secs(20);

/// The settings of a server whose answers this provider writes.
fn model(url: &str) -> Vec<&str> {
    let model = ["--model-base-url", url, "--model-name", "m"];
    let prices = [
        "--model-input-price",
        "0",
        "--model-output-price",
        "0",
        "--model-answer-price",
        "1",
    ];
    [&model[..], &prices, &["--writers", "50", "--lease", "1s"]].concat()
}

async fn restarted(server: Server, provider: &Provider, limits: &[&str]) -> Server {
    let flags = [&model(provider.url())[..], limits].concat();
    server.restart(&flags).await
}

/// Every third answer comes to its end only when its reader leaves.
async fn answer(number: usize, mut call: Call) {
    call.begin().await;
    call.event(&chunk("So be it.")).await;
    if number.is_multiple_of(3) {
        return call.closed().await;
    }
    finished(call).await;
}

/// Every answer comes to its end.
async fn answer_at_once(_: usize, mut call: Call) {
    call.begin().await;
    call.event(&chunk("So be it.")).await;
    finished(call).await;
}

async fn finished(mut call: Call) {
    call.event(&finish("stop")).await;
    let usage = json!({ "total_tokens": 40, "cost": 1 });
    call.event(&json!({ "choices": [], "usage": usage })).await;
    call.done().await;
}

/// Waits until every answer has ended, and compares the provider's account with the service's.
/// `taken` answers were asked for: one that is given up in the moment it is sent for may be
/// accounted and never reach the provider.
async fn assert_settled(database: &Database, calls: &AtomicUsize, taken: usize) {
    let begin = Instant::now();
    let unfinished = "SELECT count(*) FROM generations WHERE completed_at IS NULL";
    while database.number(unfinished).await > 0 {
        assert!(begin.elapsed() < SOON, "some answer does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A call that was just made may not have been counted.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let dollars = |count: usize| i64::try_from(count).unwrap() * DOLLAR;
    let calls = dollars(calls.load(Ordering::SeqCst));
    let spent = spent(database).await;
    assert!(spent >= calls, "{spent} are accounted of {calls}");
    assert!(
        spent <= dollars(taken),
        "{spent} are accounted for {taken} answers"
    );
}

/// By all users, those who have left included.
async fn spent(database: &Database) -> i64 {
    database
        .number("SELECT CAST(sum(cost) AS bigint) FROM service_months")
        .await
}

#[track_caller]
fn assert_one_of(answer: &Answer, codes: &[&str]) {
    if !answer.is_good() {
        assert!(codes.contains(&answer.code()), "{:#}", answer.json);
    }
}

async fn leave(server: &Server, who: &Member) -> Answer {
    let leave = "mutation ($input: DeleteAccountInput!) {
        deleteAccount(input: $input) { deletedUserId }
    }";
    let input = json!({ "password": PASSWORD });
    server.graphql(who, leave, json!({ "input": input })).await
}

/// Asks, and has a new answer written while the reading is deleted; until the budget is used up.
/// Returns how many answers were taken on.
async fn regenerate_and_delete(server: &Server, who: &Member) -> usize {
    let mut taken = 0;
    for n in 0..15 {
        let question = format!("Which way, for the {n}th time?");
        let asked = server.ask_with(who, &question, json!({})).await;
        if !asked.is_good() {
            assert_eq!(asked.code(), "QUOTA_EXCEEDED");
            break;
        }
        let id = asked.data()["askAdvisor"]["reading"]["id"].clone();
        let again = json!({ "id": id, "wait": false });
        let (again, deleted) = tokio::join!(
            server.regenerate(who, again),
            server.delete_reading(who, id.as_str().unwrap()),
        );
        assert_one_of(&again, &["NOT_FOUND", "QUOTA_EXCEEDED"]);
        deleted.data();
        taken += 1 + usize::from(again.is_good());
    }
    taken
}

on_both! {
    async fn a_new_answer_that_races_the_deletion_of_its_reading(server: Server) {
        let provider = Provider::start().await;
        let server = restarted(server, &provider, &["--cost-per-month", "20"]).await;
        let calls = provider.answering(answer_at_once);
        let members = server.join_all(8).await;

        let taken = join_all(members.iter().map(|who| regenerate_and_delete(&server, who))).await;

        assert_settled(&server.database, &calls, taken.iter().sum()).await;
        for who in &members {
            let usage = "{ profile { usage { costThisMonth } } }";
            let usage = server.graphql(who, usage, json!({})).await;
            let cost = usage.data()["profile"]["usage"]["costThisMonth"].as_str().unwrap();
            assert!(cost.parse::<i64>().unwrap() <= 20, "{cost}");
        }
    }

    async fn an_account_that_is_deleted_while_it_asks(server: Server) {
        let provider = Provider::start().await;
        let server = restarted(server, &provider, &["--service-cost-per-month", "1000"]).await;
        let calls = provider.answering(answer);
        let members = server.join_all(24).await;

        let taken = join_all(members.iter().map(async |who| {
            let ask = |question| server.ask_with(who, question, json!({ "wait": false }));
            ask("Which way?").await.data();
            let (again, left) = tokio::join!(ask("And then?"), leave(&server, who));
            assert_one_of(&again, &["UNAUTHENTICATED", "NOT_FOUND"]);
            left.data();
            1 + usize::from(again.is_good())
        }))
        .await;

        assert_settled(&server.database, &calls, taken.iter().sum()).await;
        assert_eq!(server.database.number("SELECT count(*) FROM users").await, 0);
    }

    async fn an_account_that_is_deleted_by_command_while_a_model_writes(server: Server) {
        let mut provider = Provider::start().await;
        let server = restarted(server, &provider, &[]).await;
        let ama = server.join("ama").await;
        server.begin(&ama, "Which way?").await;
        let mut call = provider.call().await;
        call.begin().await;
        call.event(&chunk("Go on ")).await;

        let delete = ["user", "delete", "ama@example.com", "--yes"];
        let (code, _, err) = run(over(&server.database, &delete)).await;

        assert_eq!(code, Some(0), "{err}");
        call.closed().await;
        assert_eq!(spent(&server.database).await, DOLLAR);
        assert!(server.database.number("SELECT tokens FROM service_months").await > 0);
    }
}

/// No process knows the cost any more: the most it could be is accounted.
async fn deleted_by_command_after_a_crash(database: Database) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let process = Process::start(&database, &model(&url)).await;
    let ama = process.join("ama").await;
    process.begin(&ama, "Which way?").await;
    let call = provider.call().await;
    process.kill();
    call.closed().await;

    let delete = ["user", "delete", "ama@example.com", "--yes"];
    let (code, _, err) = run(over(&database, &delete)).await;

    assert_eq!(code, Some(0), "{err}");
    assert_eq!(spent(&database).await, DOLLAR);
}

#[tokio::test]
async fn deleted_by_command_after_a_crash_on_sqlite() {
    deleted_by_command_after_a_crash(Database::sqlite()).await;
}

#[tokio::test]
async fn deleted_by_command_after_a_crash_on_postgres() {
    if let Some(database) = Database::postgres().await {
        deleted_by_command_after_a_crash(database).await;
    }
}

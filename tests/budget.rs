//! Costs of answers: the month each is accounted to, and the end of a budget. Every answer costs a
//! dollar at most, whatever it says.

mod accounts;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Call, Member, Provider, Server, Service, chunk, finish, on_both};

/// A server whose answers this provider writes, for a dollar each, with these limits.
async fn priced(server: Server, provider: &Provider, limits: &[&str]) -> Server {
    let model = ["--model-base-url", provider.url(), "--model-name", "m"];
    let prices = ["--model-input-price", "0", "--model-output-price", "0"];
    let more = ["--model-answer-price", "1", "--writers", "200"];
    server
        .restart(&[&model[..], &prices, &more, limits].concat())
        .await
}

/// Ends an answer, for so many dollars.
async fn end(mut call: Call, dollars: &str) {
    call.begin().await;
    call.event(&chunk("So be it.")).await;
    call.event(&finish("stop")).await;
    // As a number in JSON, which is what providers send.
    let usage = format!(
        "data: {{\"choices\": [], \"usage\": {{\"total_tokens\": 40, \"cost\": {dollars}}}}}\n\n"
    );
    call.bytes(usage.as_bytes()).await;
    call.done().await;
}

/// Has a question answered, for so many dollars.
async fn answered(
    server: &Server,
    provider: &mut Provider,
    who: &Member,
    question: &str,
    dollars: &str,
) -> Value {
    let asked = server.ask_with(who, question, json!({}));
    let written = async { end(provider.call().await, dollars).await };
    let (answer, ()) = tokio::join!(asked, written);
    answer.data()["askAdvisor"]["reading"].clone()
}

async fn usage(server: &Server, who: &Member) -> Value {
    let query = "{ profile { readings { totalCount } usage {
        readingsToday tokensThisMonth costThisMonth costPerMonth
    } } }";
    let answer = server.graphql(who, query, json!({})).await;
    answer.data()["profile"].clone()
}

on_both! {
    async fn a_month_adds_up_what_was_reported(server: Server) {
        let mut provider = Provider::start().await;
        let server = priced(server, &provider, &["--cost-per-month", "5"]).await;
        let ama = server.join("ama").await;

        let first = answered(&server, &mut provider, &ama, "Which way?", "0.000123456").await;
        let again = server.ask_with(&ama, "Which way?", json!({})).await;
        answered(&server, &mut provider, &ama, "And then?", "1e-9").await;

        assert_eq!((&first["cost"], &first["tokensUsed"]), (&json!("0.000123456"), &json!(40)));
        let again = &again.data()["askAdvisor"]["reading"];
        assert_eq!((&again["isCached"], &again["cost"]), (&json!(true), &json!("0")));
        let expected = json!({
            "readings": { "totalCount": 3 },
            "usage": {
                "readingsToday": 3, "tokensThisMonth": 80,
                "costThisMonth": "0.000123457", "costPerMonth": "5",
            },
        });
        assert_eq!(usage(&server, &ama).await, expected);

        // What is deleted was paid for all the same.
        let id = first["id"].as_str().unwrap();
        server.delete_reading(&ama, id).await.data();
        assert_eq!(usage(&server, &ama).await["usage"]["costThisMonth"], "0.000123457");
    }

    async fn a_month_that_is_used_up(server: Server) {
        let mut provider = Provider::start().await;
        let server = priced(server, &provider, &["--cost-per-month", "2"]).await;
        let ama = server.join("ama").await;
        answered(&server, &mut provider, &ama, "Which way?", "1.5").await;
        let before = usage(&server, &ama).await;

        let refused = server.ask_with(&ama, "And then?", json!({})).await;

        assert_eq!(refused.code(), "QUOTA_EXCEEDED");
        let resets_at = refused.error()["extensions"]["resetsAt"].as_str().unwrap();
        assert!(resets_at.ends_with("-01T00:00:00.000000Z"), "{resets_at}");
        assert!(refused.message().contains("this month"));
        assert_eq!(usage(&server, &ama).await, before);
        assert!(provider.is_idle());

        // Somebody else's month is another, and so is the next one.
        let kofi = server.join("kofi").await;
        answered(&server, &mut provider, &kofi, "And then?", "0.5").await;
        server.clock.advance(TimeDelta::days(31));
        let ama = server.sign_in("ama").await;
        answered(&server, &mut provider, &ama, "And then?", "0.25").await;
        assert_eq!(usage(&server, &ama).await["usage"]["costThisMonth"], "0.25");
    }

    async fn what_is_on_its_way_is_held_back(server: Server) {
        let mut provider = Provider::start().await;
        let server = priced(server, &provider, &["--cost-per-month", "1.99"]).await;
        let ama = server.join("ama").await;

        // The first may come to a dollar: there is no room for another beside it.
        server.begin(&ama, "Which way?").await;
        let call = provider.call().await;
        let beside = server.ask_with(&ama, "And then?", json!({ "wait": false })).await;
        assert_eq!(beside.code(), "QUOTA_EXCEEDED");

        // It came to less.
        end(call, "0.5").await;
        loop {
            let after = server.ask_with(&ama, "And then?", json!({ "wait": false })).await;
            if after.is_good() {
                break;
            }
            assert_eq!(after.code(), "QUOTA_EXCEEDED");
        }
        end(provider.call().await, "0.5").await;
    }

    // A hundred questions at once, and dollars for ten of them.
    async fn the_services_month_is_exact(server: Server) {
        let mut provider = Provider::start().await;
        let server = priced(server, &provider, &["--service-cost-per-month", "10"]).await;
        let members = server.join_all(50).await;

        let asking = members.iter().flat_map(|who| {
            ["Which way?", "And then?"]
                .map(|question| server.ask_with(who, question, json!({ "wait": false })))
        });
        let answers = join_all(asking).await;

        let (passed, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.is_good());
        assert_eq!(passed.len(), 10);
        assert!(refused.iter().all(|answer| answer.code() == "QUOTA_EXCEEDED"));
        for _ in 0..10 {
            end(provider.call().await, "1").await;
        }
        assert!(provider.is_idle());
    }

    async fn what_is_cancelled_is_paid_for_by_estimate(server: Server) {
        let mut provider = Provider::start().await;
        let server = priced(server, &provider, &["--cost-per-month", "5"]).await;
        let ama = server.join("ama").await;
        let id = server.begin(&ama, "Which way?").await;
        let mut call = provider.call().await;
        call.begin().await;
        call.event(&chunk("Go on ")).await;

        let cancelled = server.cancel(&ama, &id).await;

        call.closed().await;
        let reading = &cancelled.data()["cancelReading"]["reading"];
        assert_eq!(reading["status"], "CANCELLED");
        assert_eq!((&reading["cost"], &reading["isEstimated"]), (&json!("1"), &json!(true)));
        let spent = usage(&server, &ama).await;
        assert_eq!(spent["usage"]["costThisMonth"], "1");
        assert_eq!(spent["usage"]["tokensThisMonth"], reading["tokensUsed"]);
    }

    async fn what_is_deleted_unfinished_is_paid_for_by_estimate(server: Server) {
        let mut provider = Provider::start().await;
        let server = priced(server, &provider, &["--cost-per-month", "5"]).await;
        let ama = server.join("ama").await;
        let id = server.begin(&ama, "Which way?").await;
        let call = provider.call().await;

        server.delete_reading(&ama, &id).await.data();

        call.closed().await;
        assert_eq!(usage(&server, &ama).await["usage"]["costThisMonth"], "1");
    }

    // The account is gone, and what it spent is not free for others.
    async fn what_the_deleted_spent_is_spent(server: Server) {
        let mut provider = Provider::start().await;
        let server = priced(server, &provider, &["--service-cost-per-month", "2"]).await;
        let (ama, kofi) = (server.join("ama").await, server.join("kofi").await);
        server.begin(&ama, "Which way?").await;
        let call = provider.call().await;

        let leave = "mutation ($input: DeleteAccountInput!) {
            deleteAccount(input: $input) { deletedUserId }
        }";
        let input = json!({ "password": crate::support::PASSWORD });
        server.graphql(&ama, leave, json!({ "input": input })).await.data();

        call.closed().await;
        answered(&server, &mut provider, &kofi, "Which way?", "0.5").await;
        let refused = server.ask_with(&kofi, "And then?", json!({})).await;
        assert_eq!(refused.code(), "QUOTA_EXCEEDED");
    }

    // Neither of these sends a response. Each may have been charged for the request.
    async fn what_may_have_reached_a_model_is_paid_for_by_estimate(server: Server) {
        let mut provider = Provider::start().await;
        let flags = ["--cost-per-month", "5", "--model-first-token-timeout", "1s"];
        let server = priced(server, &provider, &flags).await;
        let ama = server.join("ama").await;

        let asked = server.ask_with(&ama, "Which way?", json!({}));
        let (cut, ()) = tokio::join!(asked, async { provider.call().await.break_off() });
        let asked = server.ask_with(&ama, "And then?", json!({}));
        let (silent, ()) = tokio::join!(asked, async { provider.call().await.closed().await });

        for (answer, code) in [(cut, "PROVIDER_CUT"), (silent, "PROVIDER_TIMEOUT")] {
            let reading = &answer.data()["askAdvisor"]["reading"];
            assert_eq!(reading["failure"]["code"], code);
            assert_eq!((&reading["cost"], &reading["isEstimated"]), (&json!("1"), &json!(true)));
        }
        assert_eq!(usage(&server, &ama).await["usage"]["costThisMonth"], "2");
        assert!(provider.is_idle());
    }

    async fn what_never_reached_a_model_costs_nothing(server: Server) {
        let provider = Provider::start().await;
        // Nobody listens there.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{closed}/v1");
        let server = priced(server, &provider, &[]).await;
        let server = server
            .restart(&[
                "--model-base-url", &url, "--model-name", "m", "--model-input-price", "1",
                "--model-output-price", "1", "--model-answer-price", "1",
            ])
            .await;
        let ama = server.join("ama").await;

        let answer = server.ask_with(&ama, "Which way?", json!({})).await;

        let reading = &answer.data()["askAdvisor"]["reading"];
        assert_eq!(reading["failure"]["code"], "PROVIDER_UNAVAILABLE");
        assert_eq!((&reading["cost"], &reading["isEstimated"]), (&json!("0"), &json!(false)));
    }
}

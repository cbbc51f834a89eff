//! Limits of a user's own, by `mula user quota`: in place of the settings', on every instance.

mod files;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    commands::over,
    support::{
        Answer, Call, Instance, Member, Nobody, PASSWORD, Provider, Server, Service, chunk, finish,
        on_both, run,
    },
};

/// `mula user quota` over the server's database.
async fn quota(server: &Server, arguments: &[&str]) -> (Option<i32>, String, String) {
    run(over(
        &server.database,
        &[&["user", "quota"], arguments].concat(),
    ))
    .await
}

/// The same, when it goes well: the JSON object that it prints.
async fn set(server: &Server, arguments: &[&str]) -> Value {
    let (code, out, err) = quota(server, &[arguments, &["--json"]].concat()).await;
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

async fn usage(service: &impl Service, who: &Member) -> Value {
    let query = "{ profile { usage { readingsPerDay costPerMonth } } }";
    let answer = service.graphql(who, query, json!({})).await;
    answer.data()["profile"]["usage"].clone()
}

/// Within a second, as every instance sees it.
async fn usage_becomes(service: &impl Service, who: &Member, expected: Value) {
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        let seen = usage(service, who).await;
        if seen == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{seen} is not {expected}");
    }
}

#[track_caller]
fn is_used_up(answer: &Answer, reason: &str) {
    assert_eq!(answer.code(), "QUOTA_EXCEEDED");
    assert_eq!(answer.error()["extensions"]["reason"], reason);
}

/// Has a question answered, for so many dollars.
async fn answered(
    server: &Server,
    provider: &mut Provider,
    who: &Member,
    question: &str,
    dollars: &str,
) {
    let asked = server.ask_with(who, question, json!({}));
    let written = async { end(provider.call().await, dollars).await };
    let (answer, ()) = tokio::join!(asked, written);
    assert_eq!(
        answer.data()["askAdvisor"]["reading"]["status"],
        "COMPLETED"
    );
}

async fn end(mut call: Call, dollars: &str) {
    call.begin().await;
    call.event(&chunk("So be it.")).await;
    call.event(&finish("stop")).await;
    let usage = format!(
        "data: {{\"choices\": [], \"usage\": {{\"total_tokens\": 40, \"cost\": {dollars}}}}}\n\n"
    );
    call.bytes(usage.as_bytes()).await;
    call.done().await;
}

const PRICES: [&str; 6] = [
    "--model-input-price",
    "0",
    "--model-output-price",
    "0",
    "--model-answer-price",
    "1",
];

/// A server whose answers this provider writes, for a dollar each at most where they have prices.
async fn written(server: Server, provider: &Provider, more: &[&str]) -> Server {
    let model = ["--model-base-url", provider.url(), "--model-name", "m"];
    server.restart(&[&model[..], more].concat()).await
}

on_both! {
    #[settings("--readings-per-day", "2")]
    async fn own_readings_hold_in_place_of_the_settings(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let other = Instance::beside(&server, &["--readings-per-day", "2"]).await;
        usage_becomes(&other, &ada, json!({ "readingsPerDay": 2, "costPerMonth": null })).await;

        set(&server, &["ada@example.com", "--readings", "1"]).await;
        usage_becomes(&server, &ada, json!({ "readingsPerDay": 1, "costPerMonth": null })).await;
        usage_becomes(&other, &ada, json!({ "readingsPerDay": 1, "costPerMonth": null })).await;
        server.ask(&ada, "LEGBA", "The first?").await;
        is_used_up(&server.try_to_ask(&ada, "LEGBA", "The second?").await, "DAY");
        is_used_up(&other.ask_with(&ada, "The second?", json!({})).await, "DAY");

        set(&server, &[&ada.id, "--readings", "3"]).await;
        server.ask(&ada, "LEGBA", "The second?").await;
        other.ask_with(&ada, "The third?", json!({})).await.data();
        is_used_up(&server.try_to_ask(&ada, "LEGBA", "The fourth?").await, "DAY");

        set(&server, &[&ada.id, "--readings", "unlimited"]).await;
        let fourth = server.ask(&ada, "LEGBA", "The fourth?").await;
        server.regenerate(&ada, json!({ "id": fourth["id"] })).await.data();
        usage_becomes(&other, &ada, json!({ "readingsPerDay": 0, "costPerMonth": null })).await;

        set(&server, &[&ada.id, "--readings", "default"]).await;
        is_used_up(&server.try_to_ask(&ada, "LEGBA", "The sixth?").await, "DAY");
        is_used_up(&server.regenerate(&ada, json!({ "id": fourth["id"] })).await, "DAY");
        usage_becomes(&server, &ada, json!({ "readingsPerDay": 2, "costPerMonth": null })).await;

        // Other accounts keep the setting's limit.
        assert_eq!(usage(&server, &bea).await["readingsPerDay"], 2);
        for question in ["The first?", "The second?"] {
            server.ask(&bea, "LEGBA", question).await;
        }
        is_used_up(&server.try_to_ask(&bea, "LEGBA", "The third?").await, "DAY");
        other.stop().await;
    }

    #[settings("--readings-per-day", "2")]
    async fn of_questions_at_once_as_many_pass_as_the_own_limit_has_room_for(server: Server) {
        let ada = server.join("ada").await;
        let other = Instance::beside(&server, &["--readings-per-day", "2"]).await;
        set(&server, &[&ada.id, "--readings", "4"]).await;
        for question in ["The first?", "The second?", "The third?"] {
            server.ask(&ada, "LEGBA", question).await;
        }

        let asking = (0..6).map(|n| {
            let (server, other, ada) = (&server, &other, &ada);
            async move {
                let question = format!("The last, by the {n}th?");
                let answer = match n % 2 {
                    0 => server.ask_with(ada, &question, json!({})).await,
                    _ => other.ask_with(ada, &question, json!({})).await,
                };
                if !answer.is_good() {
                    is_used_up(&answer, "DAY");
                }
                usize::from(answer.is_good())
            }
        });
        let passed: usize = join_all(asking).await.into_iter().sum();

        assert_eq!(passed, 1);
        assert_eq!(server.database.count("readings").await, 4);
        other.stop().await;
    }

    async fn an_own_limit_of_costs_is_kept(server: Server) {
        let mut provider = Provider::start().await;
        let server = written(server, &provider, &PRICES).await;
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);

        set(&server, &[&ada.id, "--cost", "2"]).await;
        usage_becomes(&server, &ada, json!({ "readingsPerDay": 0, "costPerMonth": "2" })).await;
        answered(&server, &mut provider, &ada, "The first?", "0.5").await;
        // Half a dollar is spent and one promised: the second of two at once finds no room.
        server.begin(&ada, "The second?").await;
        is_used_up(&server.ask_with(&ada, "The third?", json!({})).await, "USER_MONTH");
        end(provider.call().await, "1").await;
        is_used_up(&server.ask_with(&ada, "The third?", json!({})).await, "USER_MONTH");
        answered(&server, &mut provider, &bea, "The first?", "1").await;

        set(&server, &[&ada.id, "--cost", "2.5"]).await;
        answered(&server, &mut provider, &ada, "The third?", "1").await;
        is_used_up(&server.ask_with(&ada, "The fourth?", json!({})).await, "USER_MONTH");
        set(&server, &[&ada.id, "--cost", "default"]).await;
        answered(&server, &mut provider, &ada, "The fourth?", "1").await;
        usage_becomes(&server, &ada, json!({ "readingsPerDay": 0, "costPerMonth": null })).await;

        // A limit in the settings is replaced as well, by more and by less.
        let limit = [&PRICES[..], &["--cost-per-month", "1"]].concat();
        let server = written(server, &provider, &limit).await;
        is_used_up(&server.ask_with(&ada, "The fifth?", json!({})).await, "USER_MONTH");
        set(&server, &[&ada.id, "--cost", "unlimited"]).await;
        answered(&server, &mut provider, &ada, "The fifth?", "1").await;
        usage_becomes(&server, &ada, json!({ "readingsPerDay": 0, "costPerMonth": null })).await;
        let usage = run(over(&server.database, &["usage", "--user", "ada@example.com", "--json"])).await.1;
        let usage: Value = serde_json::from_str(&usage).unwrap();
        assert_eq!([&usage["cost_per_month"], &usage["own_limits"]["cost_per_month"]], [&Value::Null, &json!("unlimited")]);
        assert_eq!([&usage["answers"][0]["answers"], &usage["answers"][0]["cost"]], [&json!(5), &json!("4.5")]);
        let cleo = server.join("cleo").await;
        set(&server, &[&cleo.id, "--cost", "0.999999999"]).await;
        is_used_up(&server.ask_with(&cleo, "The first?", json!({})).await, "USER_MONTH");
    }

    // Prices were removed from the settings after the limit was set.
    async fn an_own_limit_without_prices_holds_once_it_is_spent(server: Server) {
        let mut provider = Provider::start().await;
        let server = written(server, &provider, &[]).await;
        let ada = server.join("ada").await;
        set(&server, &[&ada.id, "--cost", "1"]).await;

        answered(&server, &mut provider, &ada, "The first?", "0.9").await;
        answered(&server, &mut provider, &ada, "The second?", "0.1").await;

        is_used_up(&server.ask_with(&ada, "The third?", json!({})).await, "USER_MONTH");
    }

    async fn limits_are_shown_and_nothing_changes_by_mistake(server: Server) {
        let ada = server.join("ada").await;
        let (code, out, err) = quota(&server, &["ada@example.com"]).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(out.contains("50, READINGS_PER_DAY") && out.contains("unlimited, COST_PER_MONTH"), "{out}");

        let shown = set(&server, &[&ada.id, "--readings", "7", "--cost", "0.15"]).await;

        let own = json!({ "readings_per_day": 7, "cost_per_month": "0.15" });
        assert_eq!([&shown["id"], &shown["email"]], [ada.id.as_str(), "ada@example.com"]);
        assert_eq!([&shown["readings_per_day"], &shown["cost_per_month"]], [&json!(7), &json!("0.15")]);
        assert_eq!(shown["own_limits"], own);
        let (_, out, _) = quota(&server, &[&ada.id]).await;
        assert!(out.contains("7, its own limit") && out.contains("$0.15, its own limit"), "{out}");
        for (readings, cost, why) in [
            ("0", "1", "--readings"), ("-1", "1", "from 1 to 1000000"), ("1000001", "1", "--readings"),
            ("1.5", "1", "--readings"), ("many", "1", "unlimited or default"), ("", "1", "--readings"),
            ("1", "-0.01", "--cost"), ("1", "0.0000000001", "at most nine decimals"), ("1", "1000001", "--cost"),
            ("1", "none", "unlimited or default"),
        ] {
            let (code, out, err) = quota(&server, &[&ada.id, "--readings", readings, "--cost", cost]).await;
            assert_eq!((code, out.as_str()), (Some(2), ""), "{readings} {cost}: {err}");
            assert!(err.contains(why), "{err}");
        }
        let model = ["--model-base-url", "http://127.0.0.1:9/v1", "--model-name", "m"];
        let (code, _, err) = quota(&server, &[&[&*ada.id, "--readings", "1", "--cost", "1"], &model[..]].concat()).await;
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("--cost") && err.contains("MODEL_INPUT_PRICE"), "{err}");
        let (code, _, err) = quota(&server, &["nobody@example.com", "--readings", "1"]).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("nobody@example.com"), "{err}");
        assert_eq!(set(&server, &[&ada.id]).await["own_limits"], own);

        let user = async |arguments: &[&str]| {
            let (code, out, err) = run(over(&server.database, &[&["user"], arguments].concat())).await;
            assert_eq!(code, Some(0), "{err}");
            out
        };
        let shown: Value = serde_json::from_str(&user(&["show", &ada.id, "--json"]).await).unwrap();
        assert_eq!([&shown["readings_per_day"], &shown["cost_per_month"]], [&json!(7), &json!("0.15")]);
        assert_eq!(shown["own_limits"], own);
        let text = user(&["show", &ada.id]).await;
        assert!(text.contains("0 of 7 readings") && text.contains("7 readings a day, $0.15 a month"), "{text}");
        let usage = run(over(&server.database, &["usage", "--user", &ada.id, "--json"])).await.1;
        let usage: Value = serde_json::from_str(&usage).unwrap();
        assert_eq!([&usage["own_limits"], &usage["answers"]], [&own, &json!([])]);
        let listed: Value = serde_json::from_str(&user(&["list", "--json"]).await).unwrap();
        assert_eq!(listed[0]["own_limits"], own);
        let shown = set(&server, &[&ada.id, "--readings", "unlimited", "--cost", "unlimited"]).await;
        assert_eq!([&shown["readings_per_day"], &shown["cost_per_month"]], [&Value::Null, &Value::Null]);
        assert_eq!(shown["own_limits"], json!({ "readings_per_day": "unlimited", "cost_per_month": "unlimited" }));
        let shown = set(&server, &[&ada.id, "--readings", "default", "--cost", "default"]).await;
        assert_eq!(shown["own_limits"], json!({ "readings_per_day": null, "cost_per_month": null }));
    }

    #[settings("--guest-readings-per-day", "1")]
    async fn a_guests_own_limit_is_apart_from_the_address_and_outlives_the_claim(server: Server) {
        let begin = "mutation { continueAsGuest { accessToken user { id } session { id } } }";
        let guest = async || {
            let answer = server.graphql(&Nobody, begin, json!({})).await;
            Member::of(&answer.data()["continueAsGuest"], String::new())
        };
        let (ada, bea) = (guest().await, guest().await);
        let shown = set(&server, &[&ada.id, "--guest-readings-per-day", "1"]).await;
        assert_eq!(shown["readings_per_day"], 1);
        set(&server, &[&ada.id, "--readings", "3"]).await;

        for question in ["The first?", "The second?"] {
            server.ask(&ada, "LEGBA", question).await;
        }
        server.ask(&bea, "LEGBA", "The first of the address?").await;
        is_used_up(&server.try_to_ask(&bea, "LEGBA", "The second of the address?").await, "DAY");
        server.ask(&ada, "LEGBA", "The third?").await;
        is_used_up(&server.try_to_ask(&ada, "LEGBA", "The fourth?").await, "DAY");

        let claim = "mutation ($input: RegisterInput!) { claimAccount(input: $input) {
            user { usage { readingsPerDay } } } }";
        let input = json!({ "email": "ada@example.com", "username": "ada", "password": PASSWORD });
        let claimed = server.graphql(&ada, claim, json!({ "input": input })).await;
        assert_eq!(claimed.data()["claimAccount"]["user"]["usage"]["readingsPerDay"], 3);
        is_used_up(&server.try_to_ask(&ada, "LEGBA", "The fourth?").await, "DAY");
    }
}

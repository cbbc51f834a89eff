//! Limits of guests, by every way in.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{CONTINUE, PASSWORD, QUESTION, claim, guest, leave, profile};
use crate::support::{Answer, Member, Nobody, Server, Service, on_both};

const ASK: &str =
    "mutation ($input: AskAdvisorInput!) { askAdvisor(input: $input) { reading { id engine } } }";

const HOME: &str = "198.51.100.7";
const AWAY: &str = "203.0.113.20";

async fn ask_from(address: &str, server: &Server, who: &Member, question: &str) -> Answer {
    let input = json!({ "advisor": "LEGBA", "question": question });
    let request = server
        .request("POST", "/graphql")
        .header("accept", "application/graphql-response+json")
        .header("x-forwarded-for", address)
        .bearer_auth(&who.token)
        .json(&json!({ "query": ASK, "variables": { "input": input } }));
    Answer::of(request.send().await.unwrap()).await
}

#[track_caller]
fn is_used_up(answer: &Answer) {
    let extensions = &answer.error()["extensions"];
    assert_eq!(
        [&extensions["code"], &extensions["reason"]],
        ["QUOTA_EXCEEDED", "DAY"]
    );
    assert!(extensions["resetsAt"].is_string());
}

on_both! {
    async fn a_guest_has_three_readings_a_day(server: Server) {
        let ada = guest(&server).await;
        let reading = server.ask(&ada, "LEGBA", QUESTION).await;
        server.regenerate(&ada, json!({ "id": reading["id"] })).await.data();
        // What is refused, and what is repeated, counts for nothing.
        let answer = server.try_to_ask(&ada, "LEGBA", "Why?").await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        for _ in 0..3 {
            server.ask_with(&ada, "And then?", json!({ "idempotencyKey": "one" })).await.data();
        }

        is_used_up(&server.try_to_ask(&ada, "LEGBA", "One too many?").await);
        is_used_up(&server.regenerate(&ada, json!({ "id": reading["id"] })).await);

        // Help is outside of every quota.
        let help = server.ask(&ada, "LEGBA", "I want to kill myself").await;
        assert_eq!(help["engine"], "CARE");
        // Nor do those at the same address count who have an account.
        let bea = server.join("bea").await;
        for n in 0..4 {
            server.ask(&bea, "LEGBA", &format!("Question number {n}?")).await;
        }
        server.clock.advance(TimeDelta::days(1));
        let extend = "mutation { extendSession { accessToken } }";
        let token = server.graphql(&ada, extend, json!({})).await.data()["extendSession"]["accessToken"].clone();
        let ada = Member { token: token.as_str().unwrap().to_owned(), ..ada };
        server.ask(&ada, "LEGBA", "Another day?").await;
    }

    #[settings("--trusted-proxies", "127.0.0.1")]
    async fn guests_at_one_address_share_them(server: Server) {
        let (ada, bea) = (guest(&server).await, guest(&server).await);
        for n in 0..2 {
            ask_from(HOME, &server, &ada, &format!("Question number {n}?")).await.data();
        }
        ask_from(HOME, &server, &bea, QUESTION).await.data();

        is_used_up(&ask_from(HOME, &server, &ada, "One too many?").await);
        is_used_up(&ask_from(HOME, &server, &bea, "One too many?").await);
        // Leaving and coming back gives none.
        leave(&server, &ada, "").await.data();
        let ada = guest(&server).await;
        is_used_up(&ask_from(HOME, &server, &ada, "One too many?").await);
        assert_eq!(profile(&server, &bea).await["usage"]["readingsToday"], 1);

        for n in 0..2 {
            ask_from(AWAY, &server, &bea, &format!("Question number {n}?")).await.data();
        }
        // A guest's own day is the same everywhere.
        is_used_up(&ask_from(AWAY, &server, &bea, "One too many?").await);
        ask_from(AWAY, &server, &ada, QUESTION).await.data();
        // One subscriber's network is one address.
        let (carl, dora) = (guest(&server).await, guest(&server).await);
        for n in 0..3 {
            ask_from("2001:db8::1", &server, &carl, &format!("Question number {n}?")).await.data();
        }
        is_used_up(&ask_from("2001:db8::ffff:2", &server, &dora, QUESTION).await);
        ask_from("2001:db8:0:1::1", &server, &dora, QUESTION).await.data();
        // No address is stored, and each only for its day.
        let plain = format!("guest_days WHERE network LIKE '%{HOME}%' OR length(network) <> 64");
        assert_eq!(server.database.count(&plain).await, 0);
        assert_eq!(server.database.count("guest_days").await, 4);
    }

    #[settings("--guest-readings-per-day", "0", "--readings-per-day", "1")]
    async fn the_limit_may_be_none(server: Server) {
        let ada = guest(&server).await;
        for n in 0..4 {
            server.ask(&ada, "LEGBA", &format!("Question number {n}?")).await;
        }
        assert_eq!(profile(&server, &ada).await["usage"]["readingsPerDay"], 0);
    }

    #[settings("--guest-readings-per-day", "5")]
    async fn of_many_questions_at_once_as_many_pass_as_there_is_room_for(server: Server) {
        let mut guests = Vec::new();
        for _ in 0..4 {
            guests.push(guest(&server).await);
        }
        let asking = (0..12).map(|n| {
            let (server, who) = (&server, &guests[n % 4]);
            async move {
                let answer = server.try_to_ask(who, "LEGBA", &format!("Question number {n}?")).await;
                if !answer.is_good() {
                    is_used_up(&answer);
                }
                usize::from(answer.is_good())
            }
        });

        let passed: usize = futures_util::future::join_all(asking).await.into_iter().sum();

        assert_eq!(passed, 5);
        assert_eq!(server.database.count("readings").await, 5);
    }

    #[settings("--register-rate", "2/1h")]
    async fn guests_are_made_at_the_rate_of_registrations(server: Server) {
        let ada = guest(&server).await;
        server.register("bea").await.data();

        let refused = json!({ "code": "RATE_LIMITED", "reason": "TOO_MANY_ATTEMPTS", "retryAfter": 1800 });
        let is_refused = |extensions: &Value| {
            let mut extensions = extensions.clone();
            assert!(extensions["retryAfter"].as_i64().unwrap() <= 1800);
            extensions["retryAfter"] = json!(1800);
            assert_eq!(extensions, refused);
        };
        let answer = server.graphql(&Nobody, CONTINUE, json!({})).await;
        assert_eq!(answer.status, 429);
        is_refused(&answer.error()["extensions"]);
        for accept in ["application/json", "text/event-stream", "multipart/mixed;subscriptionSpec=1.0"] {
            let request = server.request("POST", "/graphql").header("accept", accept);
            let text = request.json(&json!({ "query": CONTINUE })).send().await.unwrap().text().await.unwrap();
            assert!(text.contains("RATE_LIMITED"), "{accept}: {text}");
        }
        let mut socket = server.socket(&Nobody).await;
        socket.subscribe("1", CONTINUE, json!({})).await;
        let message = socket.message().await;
        let errors = if message["type"] == "error" { &message["payload"] } else { &message["payload"]["errors"] };
        is_refused(&errors[0]["extensions"]);
        let answer = claim(&server, &ada, "ada@example.com", "ada").await;
        is_refused(&answer.error()["extensions"]);
        assert_eq!(server.database.count("users").await, 2);

        server.clock.advance(TimeDelta::minutes(31));
        claim(&server, &ada, "ada@example.com", "ada").await.data();
    }

    async fn a_document_makes_one_guest(server: Server) {
        let twice = "mutation { a: continueAsGuest { tokenType } b: continueAsGuest { tokenType } }";

        let answer = server.graphql(&Nobody, twice, json!({})).await;

        assert_eq!(answer.code(), "QUERY_TOO_COMPLEX");
        let both = "mutation ($input: RegisterInput!) { continueAsGuest { tokenType } claimAccount(input: $input) { user { id } } }";
        let input = json!({ "email": "ada@example.com", "username": "ada", "password": PASSWORD });
        let answer = server.graphql(&Nobody, both, json!({ "input": input })).await;
        assert_eq!(answer.code(), "QUERY_TOO_COMPLEX");
        assert_eq!(server.database.count("users").await, 0);
    }
}

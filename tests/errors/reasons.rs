//! Reasons of errors, and parameters of field errors.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{
    Answer, Events, FOLLOW, Nobody, PASSWORD, Provider, Server, Service, on_both,
};

const LOGOUT: &str = "mutation { logout { message } }";

/// The code and the reason of the one error.
fn why(answer: &Answer) -> (&str, &str) {
    let reason = answer.error()["extensions"]["reason"].as_str();
    (answer.code(), reason.unwrap_or_default())
}

/// The code of each field and the numbers of its rule.
fn params(answer: &Answer) -> Vec<(&str, &str, &Value)> {
    let fields = answer.fields();
    let named = answer.error()["extensions"]["fields"].as_array().unwrap();
    let params = named.iter().map(|field| &field["params"]);
    fields
        .into_iter()
        .zip(params)
        .map(|((path, code), params)| (path, code, params))
        .collect()
}

/// A server whose answers are written by this provider, for a dollar each.
async fn priced(server: Server, provider: &Provider, limits: &[&str]) -> Server {
    let model = ["--model-base-url", provider.url(), "--model-name", "m"];
    let prices = ["--model-input-price", "0", "--model-output-price", "0"];
    let answer = ["--model-answer-price", "1"];
    server
        .restart(&[&model[..], &prices, &answer, limits].concat())
        .await
}

/// The reason of a question for which a budget of a dollar has no room.
async fn past_budget(server: Server, limit: &str) -> String {
    let provider = Provider::start().await;
    let server = priced(server, &provider, &[limit, "1"]).await;
    let ada = server.join("ada").await;
    // It may come to a dollar.
    server.begin(&ada, "Which way?").await;
    let answer = server.ask_with(&ada, "And then?", json!({})).await;
    let (code, reason) = why(&answer);
    assert_eq!(code, "QUOTA_EXCEEDED");
    reason.to_owned()
}

on_both! {
    async fn of_a_request_that_is_not_signed_in(server: Server) {
        let ada = server.join("ada").await;

        let answer = server.graphql(&Nobody, LOGOUT, json!({})).await;
        assert_eq!(why(&answer), ("UNAUTHENTICATED", "NO_TOKEN"));
        let answer = server.graphql("no.token.ours", LOGOUT, json!({})).await;
        assert_eq!(why(&answer), ("UNAUTHENTICATED", "INVALID_TOKEN"));
        for (email, password) in [("ada@example.com", "not this one"), ("bea@example.com", PASSWORD)] {
            let answer = server.log_in(email, password).await;
            assert_eq!(why(&answer), ("UNAUTHENTICATED", "WRONG_CREDENTIALS"), "{email}");
        }

        let other = server.sign_in("ada").await;
        server.graphql(&other, "mutation { logout(input: { everywhere: false }) { message } }", json!({})).await.data();
        let answer = server.graphql(&other, LOGOUT, json!({})).await;
        assert_eq!(why(&answer), ("UNAUTHENTICATED", "SESSION_ENDED"));
        server.clock.advance(TimeDelta::hours(24));
        let answer = server.graphql(&ada, LOGOUT, json!({})).await;
        assert_eq!(why(&answer), ("UNAUTHENTICATED", "TOKEN_EXPIRED"));

        server.database.execute("UPDATE users SET is_active = FALSE").await;
        let answer = server.log_in("ada@example.com", PASSWORD).await;
        assert_eq!(why(&answer), ("FORBIDDEN", "ACCOUNT_INACTIVE"));
    }

    #[settings("--login-rate", "3/1h", "--readings-per-day", "1")]
    async fn of_a_limit(server: Server) {
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;

        let answer = server.try_to_ask(&ada, "LEGBA", "And from there?").await;
        assert_eq!(why(&answer), ("QUOTA_EXCEEDED", "DAY"));
        for _ in 0..2 {
            server.sign_in("ada").await;
        }
        let answer = server.log_in("ada@example.com", PASSWORD).await;
        assert_eq!(why(&answer), ("RATE_LIMITED", "TOO_MANY_ATTEMPTS"));
    }

    async fn of_a_users_budget(server: Server) {
        assert_eq!(past_budget(server, "--cost-per-month").await, "USER_MONTH");
    }

    async fn of_the_services_budget(server: Server) {
        assert_eq!(past_budget(server, "--service-cost-per-month").await, "SERVICE_MONTH");
    }

    async fn of_readings_that_are_not_finished(server: Server) {
        let provider = Provider::start().await;
        let server = priced(server, &provider, &[]).await;
        let ada = server.join("ada").await;
        for question in ["Which way?", "And then?"] {
            server.begin(&ada, question).await;
        }

        let answer = server.ask_with(&ada, "And after that?", json!({ "wait": false })).await;

        assert_eq!(why(&answer), ("RATE_LIMITED", "UNFINISHED_READINGS"));
    }

    async fn on_every_transport_the_same(server: Server) {
        let expected = json!({ "code": "UNAUTHENTICATED", "reason": "NO_TOKEN" });
        let send = async |accept: &str| {
            let request = server.request("POST", "/graphql").header("accept", accept);
            request.json(&json!({ "query": LOGOUT })).send().await.unwrap()
        };
        for accept in ["application/json", "application/graphql-response+json"] {
            let answer = Answer::of(send(accept).await).await;
            assert_eq!(answer.error()["extensions"], expected, "{accept}");
        }
        let (_, event) = Events::of(send("text/event-stream").await).next().await.unwrap();
        let event: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(event["errors"][0]["extensions"], expected);
        let parts = send("multipart/mixed;subscriptionSpec=1.0").await.text().await.unwrap();
        let part = parts.lines().find(|line| line.starts_with('{')).unwrap();
        let part: Value = serde_json::from_str(part).unwrap();
        assert_eq!(part["payload"]["errors"][0]["extensions"], expected, "{parts}");
        let mut socket = server.socket(&Nobody).await;
        socket.subscribe("1", LOGOUT, json!({})).await;
        let message = socket.message().await;
        assert_eq!(message["payload"]["errors"][0]["extensions"], expected, "{message}");
    }

    async fn of_a_stream_whose_session_ends(server: Server) {
        let provider = Provider::start().await;
        let server = priced(server, &provider, &[]).await;
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way?").await;
        let variables = json!({ "id": id, "after": 0 });
        let mut socket = server.socket(&ada).await;
        socket.subscribe("1", FOLLOW, variables.clone()).await;
        let request = server.request("POST", "/graphql").header("accept", "text/event-stream");
        let body = json!({ "query": FOLLOW, "variables": variables });
        let request = request.bearer_auth(&ada.token).json(&body);
        let mut events = Events::of(request.send().await.unwrap());

        server.graphql(&ada, LOGOUT, json!({})).await.data();

        let expected = json!({ "code": "UNAUTHENTICATED", "reason": "SESSION_ENDED" });
        let message = socket.message().await;
        assert_eq!(message["payload"][0]["extensions"], expected, "{message}");
        let (_, event) = events.next().await.unwrap();
        let event: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(event["errors"][0]["extensions"], expected);
    }

    async fn fields_have_the_numbers_of_their_rules(server: Server) {
        let answer = server.register_as("nobody", "x", "y").await;
        assert_eq!(params(&answer), [
            ("input.email", "INVALID_EMAIL", &json!({})),
            ("input.username", "TOO_SHORT", &json!({ "min": 3, "max": 100 })),
            ("input.password", "TOO_SHORT", &json!({ "min": 8, "max": 72 })),
        ]);
        let long = "x".repeat(300);
        let answer = server.register_as(&format!("{long}@example.com"), &long, &long).await;
        assert_eq!(params(&answer), [
            ("input.email", "TOO_LONG", &json!({ "min": 3, "max": 255 })),
            ("input.username", "TOO_LONG", &json!({ "min": 3, "max": 100 })),
            ("input.password", "TOO_LONG", &json!({ "min": 8, "max": 72 })),
        ]);

        let ada = server.join("ada").await;
        let answer = server.try_to_ask(&ada, "LEGBA", "Why?").await;
        assert_eq!(params(&answer), [("input.question", "TOO_SHORT", &json!({ "min": 5, "max": 500 }))]);
        let answer = server.ask_with(&ada, "Which way?", json!({ "idempotencyKey": "a b" })).await;
        assert_eq!(params(&answer), [("input.idempotencyKey", "INVALID_KEY", &json!({ "min": 1, "max": 255 }))]);
        for (query, field) in [
            ("{ readings(first: 101) { totalCount } }", ("first", "OUT_OF_RANGE", json!({ "min": 1, "max": 100 }))),
            ("{ readings(first: 3000000000) { totalCount } }", ("first", "INVALID_VALUE", json!({}))),
            ("{ profile { ...a } } fragment a on User { readings(last: 3000000000) { totalCount } }", ("last", "INVALID_VALUE", json!({}))),
            ("{ readings(first: \"one\") { totalCount } }", ("first", "INVALID_VALUE", json!({}))),
            ("{ readings(after: \"there\") { totalCount } }", ("after", "INVALID_CURSOR", json!({}))),
            ("{ reading(id: \"there\") { id } }", ("id", "INVALID_ID", json!({}))),
        ] {
            let answer = server.graphql(&ada, query, json!({})).await;
            let (path, code, numbers) = field;
            assert_eq!(params(&answer), [(path, code, &numbers)], "{query}");
        }
        let ids = vec![&ada.id; 101];
        let nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let answer = server.graphql(&ada, nodes, json!({ "ids": ids })).await;
        assert_eq!(params(&answer), [("ids", "TOO_MANY", &json!({ "min": 0, "max": 100 }))]);
        let answer = server.graphql(&ada, "query ($id: ID!) { node(id: $id) { id } }", json!({})).await;
        assert_eq!(params(&answer), [("id", "INVALID_VALUE", &json!({}))]);
    }

    async fn a_failure_of_another_version_is_one_of_the_provider(server: Server) {
        let ada = server.join("ada").await;
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
        for table in ["readings", "generations"] {
            let failed = format!("UPDATE {table} SET status = 'FAILED', failure_code = 'PROVIDER_MOVED', failure_message = 'It moved.'");
            server.database.execute(&failed).await;
        }
        let query = "query ($id: ID!) { reading(id: $id) { failure { code message } generations { failure { code } } } }";

        let answer = server.graphql(&ada, query, json!({ "id": reading["id"] })).await;

        assert_eq!(answer.data()["reading"], json!({
            "failure": { "code": "PROVIDER_FAILED", "message": "It moved." },
            "generations": [{ "failure": { "code": "PROVIDER_FAILED" } }],
        }));
    }
}

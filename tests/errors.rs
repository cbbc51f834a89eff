//! Every code an error can have, and what comes with it.

mod page;
mod reasons;

use std::future::Future;

use futures_util::{StreamExt, stream::FuturesUnordered};
use serde_json::{Value, json};

use crate::support::{Answer, Events, Nobody, PASSWORD, Server, Service, on_both};

async fn ask(server: &Server, query: &str) -> Answer {
    server.graphql(&Nobody, query, json!({})).await
}

/// Errors never show internals.
#[track_caller]
fn assert_masked(answer: &Answer) {
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
    let extensions = &answer.error()["extensions"];
    assert_eq!(extensions["requestId"], answer.header("x-request-id"));
    assert_eq!(extensions.as_object().unwrap().len(), 2, "{extensions}");
    let text = answer.json.to_string().to_lowercase();
    for inside in [
        "sql",
        "table",
        "readings_",
        "no such",
        "relation",
        "driver",
        "sea_orm",
        "exec",
    ] {
        assert!(!text.contains(inside), "{inside:?} is in {text}");
    }
}

on_both! {
    async fn graphql_parse_failed(server: Server) {
        for bad in ["{", "}", "query", "{ profile { id }", "{ a(b: ) }", "\u{0}", "{ \"x\" }", ""] {
            let answer = ask(&server, bad).await;
            assert_eq!(answer.code(), "GRAPHQL_PARSE_FAILED", "{bad:?}");
            assert_eq!(answer.status, 400);
            assert!(answer.json.get("data").is_none(), "{:#}", answer.json);
        }
    }

    async fn graphql_validation_failed(server: Server) {
        for bad in [
            "{ secrets }",
            "{ profile }",
            "{ profile { id { x } } }",
            "{ reading { id } }",
            "{ advisors(x: 1) { name } }",
            "query ($x: Int) { advisors { name } node(id: $y) { id } }",
            "query ($x: Nothing) { advisors { name } node(id: $x) { id } }",
            "query ($x: [Nothing!] = [\"x\"]) { advisors { name } node(id: $x) { id } }",
            "{ ...missing }",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
            "mutation { login { accessToken } }",
        ] {
            let answer = ask(&server, bad).await;
            let errors = answer.json["errors"].as_array().unwrap();
            assert!(
                errors.iter().all(|error| error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"),
                "{bad}: {:#}",
                answer.json
            );
            assert_eq!(answer.status, 400);
            assert!(answer.json.get("data").is_none());
        }
    }

    async fn operation_resolution_failure(server: Server) {
        let two = "query A { advisors { name } } query B { advisors { title } }";
        for operation in [Value::Null, json!("C"), json!("a")] {
            let body = json!({ "query": two, "operationName": operation });
            let request = server.request("POST", "/graphql").json(&body);
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!(answer.code(), "OPERATION_RESOLUTION_FAILURE", "{operation}");
            assert!(answer.json.get("data").is_none());
        }
        let body = json!({ "query": two, "operationName": "B" });
        let request = server.request("POST", "/graphql").json(&body);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.data()["advisors"][0]["title"], "Keeper of the Crossroads");
    }

    async fn bad_request(server: Server) {
        for bad in [
            "",
            "{",
            "null",
            "[]",
            "\"{ advisors { name } }\"",
            "{}",
            r#"{"query": 1}"#,
            r#"{"query": "{ advisors { name } }", "variables": []}"#,
            r#"[{"query": "{ advisors { name } }"}]"#,
        ] {
            let request = server.request("POST", "/graphql").header("content-type", "application/json");
            let answer = Answer::of(request.body(bad).send().await.unwrap()).await;
            assert_eq!(answer.status, 400, "{bad}");
            assert_eq!(answer.code(), "BAD_REQUEST", "{bad}");
        }
    }

    // The rest of what is too complex is in guard.rs.
    async fn query_too_complex(server: Server) {
        let aliases: Vec<_> = (0..51).map(|n| format!("a{n}: __typename")).collect();

        let answer = ask(&server, &format!("{{ {} }}", aliases.join(" "))).await;

        assert_eq!(answer.code(), "QUERY_TOO_COMPLEX");
        let extensions = &answer.error()["extensions"];
        assert_eq!((&extensions["limit"], &extensions["actual"]), (&json!(50), &json!(51)));
        assert_eq!(
            answer.message(),
            "The operation, after fragment expansion, has 51 aliases; the limit is 50. \
             Split it into several requests."
        );
        assert_eq!(answer.status, 400);
    }

    // The rest of it is in persisted.rs.
    async fn persisted_query_not_found(server: Server) {
        let hash = json!({ "version": 1, "sha256Hash": "0".repeat(64) });
        let body = json!({ "extensions": { "persistedQuery": hash } });
        let request = server.request("POST", "/graphql").json(&body);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_FOUND");
        // The message that clients of the protocol look for.
        assert_eq!(answer.message(), "PersistedQueryNotFound");
    }

    async fn bad_user_input(server: Server) {
        // Rules of ours and types of the schema alike.
        let answer = server.register_as("nobody", "x", "y").await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(answer.fields().len(), 3);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json["data"], json!({ "register": null }));

        let ada = server.join("ada").await;
        for (query, variables) in [
            ("query ($id: ID!) { node(id: $id) { id } }", json!({})),
            ("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": null })),
            ("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": [1] })),
            ("query ($n: Int) { readings(first: $n) { totalCount } }", json!({ "n": "five" })),
            ("query ($f: ReadingFilter) { readings(filter: $f) { totalCount } }", json!({ "f": { "advisor": "ZEUS" } })),
            ("{ readings(first: \"five\") { totalCount } }", json!({})),
        ] {
            let answer = server.graphql(&ada, query, variables.clone()).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{query} {variables}: {:#}", answer.json);
            assert_eq!(answer.fields().len(), 1, "{query} {variables}");
        }
    }

    async fn conflict(server: Server) {
        server.register("ada").await.data();

        let answer = server.register("ada").await;

        assert_eq!(answer.code(), "CONFLICT");
        assert_eq!(answer.fields(), [("input.email", "TAKEN"), ("input.username", "TAKEN")]);
        assert_eq!(answer.status, 200);
    }

    async fn unauthenticated(server: Server) {
        let query = "mutation { logout { message } }";
        for answer in [ask(&server, query).await, server.graphql("no.token.ours", query, json!({})).await] {
            assert_eq!(answer.code(), "UNAUTHENTICATED");
            assert_eq!(answer.status, 200);
            assert_eq!(answer.json["data"], json!({ "logout": null }));
        }
        // One field's failure leaves the rest standing.
        let answer = ask(&server, "{ advisors { name } profile { id } }").await;
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        assert_eq!(answer.error()["path"], json!(["profile"]));
        assert_eq!(answer.json["data"]["advisors"].as_array().unwrap().len(), 4);
    }

    async fn forbidden(server: Server) {
        server.register("ada").await.data();
        server.database.execute("UPDATE users SET is_active = FALSE").await;

        assert_eq!(server.log_in("ada@example.com", PASSWORD).await.code(), "FORBIDDEN");
    }

    async fn not_found(server: Server) {
        let ada = server.join("ada").await;

        let query = "{ reading(id: \"reading_01h455vb4pex5vsknk084sn02q\") { id } }";
        let answer = server.graphql(&ada, query, json!({})).await;

        assert_eq!(answer.code(), "NOT_FOUND");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json["data"], json!({ "reading": null }));
    }

    #[settings("--readings-per-day", "2")]
    async fn quota_exceeded(server: Server) {
        let ada = server.join("ada").await;
        for n in 0..2 {
            server.ask(&ada, "LEGBA", &format!("Question number {n}?")).await;
        }

        let answer = server.try_to_ask(&ada, "LEGBA", "One question too many?").await;

        assert_eq!(answer.code(), "QUOTA_EXCEEDED");
        let resets_at = answer.error()["extensions"]["resetsAt"].as_str().unwrap();
        let resets_at: chrono::DateTime<chrono::Utc> = resets_at.parse().unwrap();
        assert_eq!(resets_at.time(), chrono::NaiveTime::MIN);
        // The next day there is room again.
        server.clock.advance(resets_at - server.clock.now());
        server.ask(&server.sign_in("ada").await, "LEGBA", "One question too many?").await;
    }

    // bcrypt as slow as in production: its queue fills faster than it empties.
    #[settings("--bcrypt-cost", "12")]
    async fn overloaded(server: Server) {
        // The queue's 128, what four threads can be at, and as much again as they may finish.
        let registrations = (0..190).map(|n| {
            let server = &server;
            async move { server.register(&format!("member-{n}")).await }
        });
        let answer = first_failure(registrations).await;

        assert_eq!(answer.code(), "OVERLOADED");
        let seconds = answer.error()["extensions"]["retryAfter"].as_u64().unwrap();
        assert!(seconds > 0);
        assert_eq!(answer.header("retry-after"), seconds.to_string());
        // Nobody who needs no password waits for those who do.
        ask(&server, "{ advisors { name } }").await.data();
    }

    async fn internal_server_error(server: Server) {
        let ada = server.join("ada").await;
        for table in ["chunks", "idempotency_keys", "generations", "reading_words", "readings"] {
            server.database.execute(&format!("DROP TABLE {table}")).await;
        }

        let answer = server.graphql(&ada, "{ readings { totalCount } profile { id } }", json!({})).await;
        assert_masked(&answer);
        assert_eq!(answer.error()["path"], json!(["readings"]));
        assert_eq!(answer.json["data"]["profile"]["id"], ada.id.as_str());
        assert_masked(&server.graphql(&ada, "{ readings { nodes { id } } }", json!({})).await);
        assert_masked(&server.try_to_ask(&ada, "LEGBA", "Which way from here?").await);

        // The id is the caller's own where one was sent.
        let request = server
            .request("POST", "/graphql")
            .bearer_auth(&ada.token)
            .header("x-request-id", "my-own-id_7")
            .json(&json!({ "query": "{ readings { nodes { id } } }" }));
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_masked(&answer);
        assert_eq!(answer.error()["extensions"]["requestId"], "my-own-id_7");
    }
}

on_both! {
    // The end of chrono's calendar: the moment a session would end is past it, and adding to a
    // moment panics there. It is a fault like any other, and needs no resolver made for it.
    #[settings("--token-lifetime", "365days")]
    async fn a_panic_is_an_error_like_any_other(server: Server) {
        server.register("ada").await.data();
        let now = server.clock.now();
        let almost_the_end = chrono::DateTime::<chrono::Utc>::MAX_UTC - chrono::TimeDelta::days(100);
        server.clock.advance(almost_the_end - now);

        // Over HTTP, in events and on a socket, again and again.
        for _ in 0..3 {
            let answer = server.log_in("ada@example.com", PASSWORD).await;
            assert_masked(&answer);
            assert_eq!(answer.status, 500);
        }
        let login = format!(
            "mutation {{ login(input: {{ email: \"ada@example.com\", password: \"{PASSWORD}\" }}) {{ tokenType }} }}"
        );
        let request = server.request("POST", "/graphql").header("accept", "text/event-stream");
        let response = request.json(&json!({ "query": login })).send().await.unwrap();
        let mut events = Events::of(response);
        let (_, answer) = events.next().await.unwrap();
        assert!(answer.contains("INTERNAL_SERVER_ERROR") && answer.contains("requestId"), "{answer}");
        assert_eq!(events.next().await.unwrap().0, "complete");
        let mut socket = server.socket(&Nobody).await;
        for _ in 0..2 {
            socket.subscribe("1", &login, json!({})).await;
            let message = socket.message().await;
            assert_eq!(message["type"], "error", "{message}");
            assert_eq!(message["payload"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR");
            assert!(message["payload"][0]["extensions"]["requestId"].is_string());
        }

        // Nothing is broken by it.
        server.clock.advance(now - almost_the_end);
        server.sign_in("ada").await;
        socket.subscribe("1", &login, json!({})).await;
        assert_eq!(socket.message().await["payload"]["data"]["login"]["tokenType"], "bearer");
    }
}

/// The first answer with an error; the rest is not waited for.
async fn first_failure(asked: impl Iterator<Item = impl Future<Output = Answer>>) -> Answer {
    let mut answers: FuturesUnordered<_> = asked.collect();
    while let Some(answer) = answers.next().await {
        if answer.json.get("errors").is_some() {
            return answer;
        }
    }
    panic!("nothing failed")
}

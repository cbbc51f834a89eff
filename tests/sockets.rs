//! `graphql-transport-ws` to the letter: every close code, what is refused, and how a stream
//! ends that its session does not outlive.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Events, FOLLOW, Heard, Member, Nobody, Server, Service, Socket, Told, Via, on_both,
};

const ADVISORS: &str = "{ advisors { advisor } }";

fn init(authorization: &str) -> Value {
    json!({ "type": "connection_init", "payload": { "authorization": authorization } })
}

async fn open(server: &Server) -> Socket {
    Socket::open(server.address(), &[]).await.unwrap()
}

/// A fresh socket closes with this code after each of these messages.
async fn closes_with(server: &Server, code: u16, messages: &[&str]) {
    let mut socket = open(server).await;
    for message in messages {
        socket.send_text(message).await;
    }
    assert_eq!(socket.close_code().await, code, "{messages:?}");
}

/// A socket and a stream of events that will go on for long, opened in this session.
async fn two_streams(server: &Server, who: &Member, id: &str) -> (Socket, Events) {
    let mut socket = server.socket(who).await;
    socket.subscribe("1", FOLLOW, json!({ "id": id })).await;
    assert_eq!(socket.message().await["type"], "next");
    let request = server
        .http("POST", "/graphql")
        .header("accept", "text/event-stream")
        .bearer_auth(&who.token)
        .json(&json!({ "query": FOLLOW, "variables": { "id": id } }));
    let mut events = Events::of(request.send().await.unwrap());
    assert_eq!(events.next().await.unwrap().0, "next");
    (socket, events)
}

/// Both end, and say first that the session has.
async fn both_end((mut socket, mut events): (Socket, Events)) {
    let last = loop {
        let message = socket.message().await;
        if message["type"] != "next" {
            break message;
        }
    };
    assert_eq!((&last["type"], &last["id"]), (&json!("error"), &json!("1")));
    assert_eq!(last["payload"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(
        socket.hear().await,
        Heard::Closed(4401, "The session has ended".to_owned())
    );

    let mut last = Value::Null;
    loop {
        match events.next().await.unwrap() {
            (name, data) if name == "next" => last = serde_json::from_str(&data).unwrap(),
            (name, _) => break assert_eq!(name, "complete"),
        }
    }
    assert_eq!(last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(last.get("data"), None);
    assert_eq!(events.next().await, None);
}

on_both! {
    async fn queries_and_mutations_are_answered_too(server: Server) {
        let ada = server.join("ada").await;
        let mut socket = server.socket(&ada).await;

        socket.subscribe("a", "{ profile { email } }", json!({})).await;
        assert_eq!(socket.message().await, json!({
            "id": "a", "type": "next", "payload": { "data": { "profile": { "email": ada.email } } },
        }));
        assert_eq!(socket.message().await, json!({ "id": "a", "type": "complete" }));

        // An id is free again once its operation has ended.
        let ask = "mutation ($question: String!) {
            askAdvisor(input: { advisor: LEGBA, question: $question }) { reading { status } }
        }";
        socket.subscribe("a", ask, json!({ "question": "Which way from here?" })).await;
        let answer = socket.message().await;
        assert_eq!(answer["payload"]["data"]["askAdvisor"]["reading"]["status"], "COMPLETED");
        assert_eq!(socket.message().await["type"], "complete");
        // An error in a field is part of an answer.
        let missing = "{ reading(id: \"reading_01h455vb4pex5vsknk084sn02q\") { id } }";
        socket.subscribe("a", missing, json!({})).await;
        let answer = socket.message().await;
        assert_eq!(answer["type"], "next");
        assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND");
        assert_eq!(answer["payload"]["data"], json!({ "reading": null }));
        assert_eq!(socket.message().await["type"], "complete");
    }

    async fn a_token_is_asked_for_only_where_one_is_needed(server: Server) {
        let ada = server.join("ada").await;

        let mut nobody = server.socket(&Nobody).await;
        nobody.subscribe("1", ADVISORS, json!({})).await;
        assert_eq!(nobody.message().await["type"], "next");

        // In the upgrade's header, as programs can and browsers cannot.
        let bearer = format!("Bearer {}", ada.token);
        let mut socket = Socket::open(server.address(), &[("authorization", &bearer)]).await.unwrap();
        socket.send(&json!({ "type": "connection_init" })).await;
        assert_eq!(socket.message().await["type"], "connection_ack");
        socket.subscribe("1", "{ profile { id } }", json!({})).await;
        assert_eq!(socket.message().await["payload"]["data"]["profile"]["id"], ada.id);

        for bad in ["Bearer nonsense", "Basic YTpi", ""] {
            closes_with(&server, 4401, &[&init(bad).to_string()]).await;
        }
        let mut socket = Socket::open(server.address(), &[("authorization", "Bearer no")]).await.unwrap();
        socket.send(&json!({ "type": "connection_init" })).await;
        assert_eq!(socket.close_code().await, 4401);
        // Who is known, and not let in.
        server.database.execute("UPDATE users SET is_active = FALSE").await;
        let known = init(&format!("Bearer {}", ada.token)).to_string();
        let refused = async || {
            let mut socket = open(&server).await;
            socket.send_text(&known).await;
            socket.hear().await
        };
        // The session may be cached.
        while refused().await == Heard::Message(json!({ "type": "connection_ack" })) {}
        assert!(matches!(refused().await, Heard::Closed(4403, _)));
    }

    async fn messages_outside_the_protocol_close_the_socket(server: Server) {
        let ack = r#"{"type":"connection_init"}"#;
        for bad in [
            "",
            "hello",
            "[]",
            "{}",
            r#"{"type":"unheard of"}"#,
            r#"{"type":1}"#,
            r#"{"type":"next","id":"1","payload":{}}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":"{a}"}"#,
            r#"{"type":"complete"}"#,
        ] {
            closes_with(&server, 4400, &[ack, bad]).await;
        }
        let mut socket = open(&server).await;
        socket.send_frame(Message::binary(vec![1, 2, 3])).await;
        assert_eq!(socket.close_code().await, 4400);
        let subscribe = r#"{"type":"subscribe","id":"1","payload":{"query":"{ advisors { name } }"}}"#;
        closes_with(&server, 4401, &[subscribe]).await;
        closes_with(&server, 4429, &[ack, ack]).await;
        let mut plain = Socket::open_with(server.address(), &[]).await.unwrap();
        assert_eq!(plain.close_code().await, 4406);
    }

    async fn pings_are_answered(server: Server) {
        // Also before anything else is said.
        let mut socket = open(&server).await;
        socket.send(&json!({ "type": "ping", "payload": { "n": 1 } })).await;
        assert_eq!(socket.message().await, json!({ "type": "pong" }));
        socket.send(&json!({ "type": "pong" })).await;
        socket.send_frame(Message::Ping(Vec::new().into())).await;
        assert_eq!(socket.hear().await, Heard::Pong);
    }

    async fn a_document_that_is_not_valid_is_an_error(server: Server) {
        let mut socket = server.socket(&Nobody).await;

        for (document, code) in [
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ advisors {", "GRAPHQL_PARSE_FAILED"),
            ("query A { advisors { name } } query B { advisors { name } }", "OPERATION_RESOLUTION_FAILURE"),
            ("subscription { readingUpdates(id: \"x\") { text } }", "UNAUTHENTICATED"),
        ] {
            socket.subscribe("1", document, json!({})).await;
            let refused = socket.message().await;
            assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("1")), "{refused}");
            assert_eq!(refused["payload"][0]["extensions"]["code"], code);
            assert!(refused["payload"][0]["message"].is_string());
        }
        socket.send(&json!({ "id": "1", "type": "subscribe", "payload": { "query": 1 } })).await;
        let refused = socket.message().await;
        assert_eq!(refused["payload"][0]["extensions"]["code"], "BAD_REQUEST");
        // The error was the end of it: the next thing heard is the next thing asked.
        socket.subscribe("1", ADVISORS, json!({})).await;
        assert_eq!(socket.message().await["type"], "next");
    }

    #[settings("--embedded-pace", "10")]
    async fn a_socket_runs_so_many_operations(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut socket = server.socket(&ada).await;
        for n in 0..32 {
            socket.subscribe(&n.to_string(), FOLLOW, json!({ "id": id })).await;
        }

        socket.subscribe("one too many", FOLLOW, json!({ "id": id })).await;

        let refused = loop {
            let message = socket.message().await;
            if message["id"] == "one too many" {
                break message;
            }
            assert_eq!(message["type"], "next");
        };
        assert_eq!(refused["type"], "error");
        let extensions = &refused["payload"][0]["extensions"];
        assert_eq!(extensions, &json!({ "code": "QUERY_TOO_COMPLEX", "limit": 32, "actual": 33 }));
        // With one less there is room.
        socket.send(&json!({ "id": "0", "type": "complete" })).await;
        socket.subscribe("one too many", ADVISORS, json!({})).await;
        loop {
            let message = socket.message().await;
            if message["id"] == "one too many" {
                assert_eq!(message["type"], "next");
                break;
            }
        }
    }

    #[settings("--embedded-pace", "10")]
    async fn an_id_names_one_operation(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut socket = server.socket(&ada).await;
        for _ in 0..2 {
            socket.subscribe("twice", FOLLOW, json!({ "id": id })).await;
        }

        let closed = loop {
            if let Heard::Closed(code, reason) = socket.hear().await {
                break (code, reason);
            }
        };
        assert_eq!(closed, (4409, "Subscriber for twice already exists".to_owned()));
    }

    #[settings("--embedded-pace", "20")]
    async fn complete_stops_an_operation_and_nothing_else(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut socket = server.socket(&ada).await;
        socket.subscribe("1", FOLLOW, json!({ "id": id })).await;
        assert_eq!(socket.message().await["type"], "next");

        socket.send(&json!({ "id": "1", "type": "complete" })).await;
        // For what is not there, or no more, it is too late and no fault.
        socket.send(&json!({ "id": "1", "type": "complete" })).await;
        socket.send(&json!({ "id": "unknown", "type": "complete" })).await;
        socket.subscribe("2", FOLLOW, json!({ "id": id, "after": 1 })).await;

        let mut told = Told { last: 1, ..Told::default() };
        while told.status.is_none() {
            let message = socket.message().await;
            // The first may have been on its way.
            if message["id"] == "2" {
                told.hear(&message["payload"]["data"]["readingUpdates"]);
                if told.last == 3 {
                    break;
                }
            } else {
                assert_eq!(told.last, 1, "nothing more of what was completed: {message}");
            }
        }
        // The answer is written all the same.
        assert_eq!(server.reading(&ada, &id).await["status"], "WRITING");
    }

    #[settings("--embedded-pace", "10")]
    async fn an_id_can_be_used_again_at_once(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut socket = server.socket(&ada).await;
        for _ in 0..20 {
            socket.subscribe("1", ADVISORS, json!({})).await;
            socket.send(&json!({ "id": "1", "type": "complete" })).await;
        }
        socket.subscribe("1", FOLLOW, json!({ "id": id })).await;

        let mut told = Told::default();
        while told.last < 2 {
            let message = socket.message().await;
            match message["payload"]["data"].get("readingUpdates") {
                Some(update) => told.hear(update),
                // An earlier one that was faster than its end; later, no other's end ends it.
                None => assert_eq!(told.last, 0, "{message}"),
            }
        }
    }

    #[settings("--allowed-origins", "https://app.example.org")]
    async fn browsers_connect_from_known_origins_only(server: Server) {
        let from = async |origin: &str| {
            Socket::open(server.address(), &[("origin", origin)]).await.err()
        };

        assert_eq!(from("https://evil.example.org").await, Some(403));
        assert_eq!(from("http://app.example.org").await, Some(403));
        assert_eq!(from("null").await, Some(403));
        assert_eq!(from("https://app.example.org").await, None);
        assert_eq!(from("http://localhost:5173").await, Some(403));
        // The service's own pages: GraphiQL.
        assert_eq!(from(&format!("http://{}", server.address())).await, None);
    }

    async fn in_development_pages_of_the_same_machine_connect(server: Server) {
        // As Vite's proxy passes it on: `Host` is the service's.
        let origin = [("origin", "http://localhost:5173")];
        assert!(Socket::open(server.address(), &origin).await.is_ok());
        let other = [("origin", "https://app.example.org")];
        assert_eq!(Socket::open(server.address(), &other).await.err(), Some(403));
    }

    #[settings("--embedded-pace", "5")]
    async fn streams_end_with_their_session(server: Server) {
        let ada = server.join("ada").await;
        let elsewhere = server.sign_in("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut stays = server.socket(&elsewhere).await;

        // Signed out of this one.
        let streams = two_streams(&server, &ada, &id).await;
        let logout = "mutation { logout(input: { everywhere: false }) { revokedSessions } }";
        server.graphql(&ada, logout, json!({})).await.data();
        both_end(streams).await;
        stays.subscribe("1", "{ profile { id } }", json!({})).await;
        assert_eq!(stays.message().await["payload"]["data"]["profile"]["id"], ada.id);

        // By another of the user's devices.
        let phone = server.sign_in("ada").await;
        let streams = two_streams(&server, &phone, &id).await;
        let revoke = "mutation ($id: ID!) { revokeSession(input: { id: $id }) { session { id } } }";
        server.graphql(&elsewhere, revoke, json!({ "id": phone.session })).await.data();
        both_end(streams).await;

        // Signed out everywhere.
        let streams = two_streams(&server, &elsewhere, &id).await;
        server.graphql(&elsewhere, "mutation { logout { revokedSessions } }", json!({})).await.data();
        both_end(streams).await;
        assert_eq!(stays.close_code().await, 4401);
    }

    #[settings("--embedded-pace", "5")]
    async fn streams_end_when_the_account_is_shut(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let streams = two_streams(&server, &ada, &id).await;

        server.database.execute("UPDATE users SET is_active = FALSE").await;

        both_end(streams).await;
    }

    #[settings("--embedded-pace", "5")]
    async fn streams_end_when_the_session_expires(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let streams = two_streams(&server, &ada, &id).await;

        server.clock.advance(TimeDelta::days(30));

        both_end(streams).await;
    }

    #[settings("--embedded-pace", "10", "--shutdown-timeout", "1s")]
    async fn a_service_that_stops_says_come_back(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let (mut socket, mut events) = two_streams(&server, &ada, &id).await;
        let mut idle = open(&server).await;

        let database = server.stop().await;

        assert_eq!(socket.close_code().await, 1012);
        assert_eq!(idle.close_code().await, 1012);
        while let Some((name, _)) = events.next().await {
            assert_eq!(name, "next", "it is not complete");
        }
        // What was being written was handed over, and goes on where it stopped.
        let server = Server::start(database, &["--lease", "5m"]).await;
        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(Via::Socket, &ada, &id, 0).await).await;
        assert_eq!(told.status.as_deref(), Some("COMPLETED"));
    }
}

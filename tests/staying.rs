//! Staying signed in: tokens that are extended, sessions that idle and end, and what users see and
//! change of both.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{
    Answer, Credentials, Events, Heard, News, Nobody, PASSWORD, Server, Service, Socket, Told, Via,
    on_both,
};

const PROFILE: &str = "{ profile { id } }";

const EXTEND: &str = "mutation { extendSession {
    accessToken tokenType expiresIn session { id expiresAt isCurrent }
} }";

const OTHERS: &str = "mutation { revokeOtherSessions { revokedSessions user { id } } }";

const UPDATE: &str = "mutation ($input: UpdateProfileInput!) {
    updateProfile(input: $input) { user { username locale } }
}";

async fn extend(server: &Server, who: &(impl Credentials + ?Sized)) -> Value {
    let answer = server.graphql(who, EXTEND, json!({})).await;
    answer.data()["extendSession"].clone()
}

async fn extended(server: &Server, who: &(impl Credentials + ?Sized)) -> String {
    let extended = extend(server, who).await;
    extended["accessToken"].as_str().unwrap().to_owned()
}

fn reason(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.code(), "UNAUTHENTICATED");
    answer.json["errors"][0]["extensions"]["reason"].as_str()
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

async fn update(server: &Server, who: &(impl Credentials + ?Sized), input: Value) -> Answer {
    server.graphql(who, UPDATE, json!({ "input": input })).await
}

async fn closes(mut socket: Socket) -> (u16, String) {
    loop {
        if let Heard::Closed(code, why) = socket.hear().await {
            return (code, why);
        }
    }
}

fn init(token: &str) -> Value {
    let payload = json!({ "authorization": format!("Bearer {token}") });
    json!({ "type": "connection_init", "payload": payload })
}

on_both! {
    async fn a_token_is_followed_by_another_of_the_same_session(server: Server) {
        let ada = server.join("ada").await;
        server.clock.advance(TimeDelta::hours(23));

        let next = extend(&server, &ada).await;

        assert_eq!(next["tokenType"], "bearer");
        assert_eq!(next["expiresIn"], 24 * 60 * 60);
        assert_eq!(next["session"]["id"], ada.session.as_str());
        assert_eq!(next["session"]["isCurrent"], true);
        let idle = time(&next["session"]["expiresAt"]) - server.clock.now();
        assert!((idle - TimeDelta::days(30)).abs() < TimeDelta::minutes(5), "{idle}");
        let next = next["accessToken"].as_str().unwrap();
        assert_ne!(next, ada.token);
        // The one before is good until its time.
        server.graphql(&ada, PROFILE, json!({})).await.data();
        server.clock.advance(TimeDelta::hours(2));
        let late = server.graphql(&ada, PROFILE, json!({})).await;
        assert_eq!(reason(&late), Some("TOKEN_EXPIRED"));
        server.graphql(next, PROFILE, json!({})).await.data();
        assert_eq!(server.database.count("sessions").await, 1);
    }

    async fn an_expired_token_extends_and_does_nothing_else(server: Server) {
        let ada = server.join("ada").await;
        server.clock.advance(TimeDelta::hours(25));

        for does in [
            PROFILE,
            OTHERS,
            "mutation { logout { message } }",
            "mutation { updateProfile(input: { locale: \"fr\" }) { user { id } } }",
            "{ readings { nodes { id } } }",
        ] {
            let answer = server.graphql(&ada, does, json!({})).await;
            assert_eq!(reason(&answer), Some("TOKEN_EXPIRED"), "{does}");
        }
        let next = extended(&server, &ada).await;
        server.graphql(next.as_str(), PROFILE, json!({})).await.data();
        // What is open to everyone is open with it, too.
        server.graphql(&ada, "{ advisors { name } }", json!({})).await.data();
    }

    async fn a_session_that_is_not_extended_ends(server: Server) {
        let ada = server.join("ada").await;
        server.clock.advance(TimeDelta::days(29));
        let next = extended(&server, &ada).await;
        server.clock.advance(TimeDelta::days(29));
        let next = extended(&server, next.as_str()).await;

        server.clock.advance(TimeDelta::days(30));

        for token in [next.as_str(), &ada.token] {
            for does in [PROFILE, EXTEND] {
                let answer = server.graphql(token, does, json!({})).await;
                assert_ne!(reason(&answer), Some("TOKEN_EXPIRED"), "it cannot be extended");
            }
        }
    }

    #[settings("--session-max", "40days")]
    async fn no_session_is_extended_past_its_longest_time(server: Server) {
        let ada = server.join("ada").await;
        server.clock.advance(TimeDelta::days(29));
        let next = extended(&server, &ada).await;
        server.clock.advance(TimeDelta::days(11) - TimeDelta::hours(1));

        let last = extend(&server, next.as_str()).await;

        let lifetime = last["expiresIn"].as_i64().unwrap();
        assert!((3_000..=3_600).contains(&lifetime), "{lifetime}");
        server.clock.advance(TimeDelta::hours(1));
        let last = last["accessToken"].as_str().unwrap();
        let answer = server.graphql(last, EXTEND, json!({})).await;
        assert_ne!(reason(&answer), Some("TOKEN_EXPIRED"));
    }

    async fn tabs_that_extend_at_once_all_stay_signed_in(server: Server) {
        let ada = server.join("ada").await;
        server.clock.advance(TimeDelta::hours(25));

        let tokens = join_all((0..8).map(|_| extended(&server, &ada))).await;

        for token in &tokens {
            server.graphql(token.as_str(), PROFILE, json!({})).await.data();
        }
    }

    async fn extending_does_not_outlive_a_sign_out(server: Server) {
        let ada = server.join("ada").await;
        let tokens = join_all((0..4).map(|_| extended(&server, &ada))).await;
        server.clock.advance(TimeDelta::hours(2));

        let extending = join_all((0..8).map(|_| server.graphql(&ada, EXTEND, json!({}))));
        let logout = server.graphql(&ada, "mutation { logout { message } }", json!({}));
        let (answers, logout) = join(extending, logout).await;

        logout.data();
        let extended = answers.iter().filter_map(|answer| {
            answer.json["data"]["extendSession"]["accessToken"].as_str()
        });
        let tokens = tokens.iter().map(String::as_str).chain(extended);
        for token in tokens.chain([ada.token.as_str()]) {
            for does in [PROFILE, EXTEND] {
                let answer = server.graphql(token, does, json!({})).await;
                assert_ne!(reason(&answer), Some("TOKEN_EXPIRED"), "it has ended");
            }
        }
    }

    async fn nobody_extends_without_a_token(server: Server) {
        let answer = server.graphql(&Nobody, EXTEND, json!({})).await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
    }

    async fn a_socket_ends_with_its_token_and_its_client_comes_back(server: Server) {
        let ada = server.join("ada").await;
        let socket = server.socket(&ada).await;

        server.clock.advance(TimeDelta::hours(24));

        let expired = (4403, "Token expired".to_owned());
        assert_eq!(closes(socket).await, expired);
        // Also one that comes back with it.
        let mut again = Socket::open(server.address(), &[]).await.unwrap();
        again.send(&init(&ada.token)).await;
        assert_eq!(closes(again).await, expired);
        let next = extended(&server, &ada).await;
        let socket = server.socket(next.as_str()).await;
        drop(socket);
        // A session that has ended is not worth coming back for.
        server.graphql(next.as_str(), "mutation { logout { message } }", json!({})).await.data();
        let mut ended = Socket::open(server.address(), &[]).await.unwrap();
        ended.send(&init(&ada.token)).await;
        assert_eq!(closes(ended).await.0, 4401);
    }

    #[settings("--embedded-pace", "60")]
    async fn an_answer_is_followed_past_the_end_of_its_token(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut followers = Vec::new();
        for via in [Via::Socket, Via::Events] {
            let mut follower = server.follow(via, &ada, &id, 0).await;
            let mut told = Told::default();
            assert!(told.listen(&mut follower, 1).await.is_none());
            followers.push((follower, told));
        }

        server.clock.advance(TimeDelta::hours(25));

        for (follower, told) in &mut followers {
            told.listen_to_end(follower).await;
            assert_eq!(told.status.as_deref(), Some("COMPLETED"));
        }
        let (mut socket, _) = followers.swap_remove(0);
        assert!(matches!(socket.next().await, News::Broken(code) if code == 4403));
    }

    async fn a_stream_without_end_ends_with_its_token(server: Server) {
        let ada = server.join("ada").await;
        let events = "subscription { readingEvents { __typename } }";
        let mut socket = server.socket(&ada).await;
        socket.subscribe("1", events, json!({})).await;
        let request = server
            .http("POST", "/graphql")
            .header("accept", "text/event-stream")
            .bearer_auth(&ada.token)
            .json(&json!({ "query": events }));
        let mut stream = Events::of(request.send().await.unwrap());

        server.clock.advance(TimeDelta::hours(24));

        let last = socket.message().await;
        assert_eq!(last["type"], "error");
        assert_eq!(last["payload"][0]["extensions"]["reason"], "TOKEN_EXPIRED");
        assert_eq!(closes(socket).await, (4403, "Token expired".to_owned()));
        let (name, data) = stream.next().await.unwrap();
        assert_eq!(name, "next");
        let data: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(data["errors"][0]["extensions"]["reason"], "TOKEN_EXPIRED");
        assert_eq!(stream.next().await.unwrap().0, "complete");
    }

    async fn the_last_use_is_known_to_the_minute_and_written_seldom(server: Server) {
        let ada = server.join("ada").await;
        let query = "{ profile { sessions { lastUsedAt label createdAt } } }";
        let mut used = None;
        for _ in 0..3 {
            server.clock.advance(TimeDelta::minutes(7));
            let answer = server.graphql(&ada, query, json!({})).await;
            let session = &answer.data()["profile"]["sessions"][0];
            assert_eq!(session["label"], "mula-tests");
            let last = time(&session["lastUsedAt"]);
            let ago = server.clock.now() - last;
            assert!(ago < TimeDelta::minutes(2), "{ago}");
            assert_eq!(last.timestamp() % 60, 0);
            assert!(used < Some(last));
            used = Some(last);
        }
        let written = "sessions WHERE last_used_at IS NOT NULL";
        assert_eq!(server.database.count(written).await, 0);

        let server = server.restart(&[]).await;

        assert_eq!(server.database.count(written).await, 1);
        let bea = server.join("bea").await;
        let answer = server.graphql(&bea, query, json!({})).await;
        let session = &answer.data()["profile"]["sessions"][0];
        assert!(time(&session["createdAt"]) - time(&session["lastUsedAt"]) < TimeDelta::minutes(1));
    }

    async fn all_sessions_but_this_one_end_at_once(server: Server) {
        let here = server.join("ada").await;
        let others = [server.sign_in("ada").await, server.sign_in("ada").await];
        let bea = server.join("bea").await;
        let open = server.socket(&others[0]).await;

        let answer = server.graphql(&here, OTHERS, json!({})).await;

        let revoked = json!({ "revokedSessions": 2, "user": { "id": here.id } });
        assert_eq!(answer.data()["revokeOtherSessions"], revoked);
        assert_eq!(closes(open).await.0, 4401);
        for other in &others {
            let answer = server.graphql(other, PROFILE, json!({})).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED");
        }
        for who in [&here, &bea] {
            server.graphql(who, PROFILE, json!({})).await.data();
        }
    }

    async fn a_profile_changes_by_what_is_given(server: Server) {
        let ada = server.join("ada").await;
        server.join("bea").await;

        let answer = update(&server, &ada, json!({ "username": "Ada L", "locale": "english!" })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(answer.fields(), [
            ("input.username", "INVALID_CHARACTERS"),
            ("input.locale", "INVALID_VALUE"),
        ]);
        let taken = update(&server, &ada, json!({ "username": "BEA", "locale": "fr" })).await;
        assert_eq!(taken.code(), "CONFLICT");
        assert_eq!(taken.fields(), [("input.username", "TAKEN")]);

        for (input, name, locale) in [
            (json!({}), "ada", "en"),
            (json!({ "locale": "PT-br", "username": null }), "ada", "pt-BR"),
            (json!({ "username": "ADA", "locale": null }), "ADA", "pt-BR"),
            (json!({ "username": "ada.lovelace", "memory": false }), "ada.lovelace", "pt-BR"),
        ] {
            let answer = update(&server, &ada, input).await;
            let user = json!({ "username": name, "locale": locale });
            assert_eq!(answer.data()["updateProfile"]["user"], user);
        }
        let stored = "users WHERE username_key = 'ada.lovelace' AND NOT memory";
        assert_eq!(server.database.count(stored).await, 1);
        let answer = server.graphql(&ada, "{ profile { username } }", json!({})).await;
        assert_eq!(answer.data()["profile"]["username"], "ada.lovelace");
        // The name is free for others.
        server.register_as("eve@example.com", "ada", PASSWORD).await.data();
    }

    #[settings("--register-rate", "2/1h")]
    async fn asking_for_names_is_limited(server: Server) {
        let ada = server.join("ada").await;

        update(&server, &ada, json!({ "username": "first-name" })).await.data();
        let answer = update(&server, &ada, json!({ "username": "second-name" })).await;

        assert_eq!(answer.code(), "RATE_LIMITED");
        // What asks nothing of others is not.
        update(&server, &ada, json!({ "username": "First-Name", "locale": "ht" })).await.data();
    }

    async fn a_new_account_has_the_language_of_its_client(server: Server) {
        for (name, header, locale) in [
            ("ada", Some("ht, fr;q=0.8"), "ht"),
            ("bea", Some("*"), "en"),
            ("carl", None, "en"),
        ] {
            let query = "mutation ($input: RegisterInput!) { register(input: $input) { user { locale } } }";
            let email = format!("{name}@example.com");
            let input = json!({ "email": email, "username": name, "password": PASSWORD });
            let body = json!({ "query": query, "variables": { "input": input } });
            let mut request = server.request("POST", "/graphql").json(&body);
            if let Some(header) = header {
                request = request.header("accept-language", header);
            }
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!(answer.data()["register"]["user"]["locale"], locale);
        }
    }
}

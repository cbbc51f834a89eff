//! Mutations whose client hangs up, is signed out or is served by an instance that stops: each runs
//! to its end and is answered, on every transport.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, time::timeout};

use crate::support::{
    Events, FOLLOW, Hasty, Heard, Instance, Member, Over, Server, Service, on_both,
    refused_within_a_second,
};

const ASK: &str = "mutation { askAdvisor(input: {
    advisor: LEGBA, question: \"Which way from here?\", wait: false
}) { reading { id } } }";

const LOGOUT: &str = "mutation { logout(input: { everywhere: false }) { revokedSessions } }";

const PROFILE: &str = "{ profile { email } }";

/// How long something is waited for that does not come.
const SHORT: Duration = Duration::from_millis(500);

/// How long it may take until a mutation is done whose client has hung up.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_question_is_answered_at_once_though_its_client_has_hung_up() {
    for over in Over::EVERY {
        let Some((server, relay)) = Server::relayed(&[]).await else {
            return;
        };
        let ama = server.join("ama").await;
        relay.hold("COMMIT");
        let asking = Hasty::send(&server, &ama, over, ASK).await;
        relay.has_held(1).await;

        asking.hang_up().await;
        relay.pass();

        let begun = Instant::now();
        let completed = async || {
            let answer = server
                .graphql(&ama, "{ readings { nodes { status } } }", json!({}))
                .await;
            answer.data()["readings"]["nodes"][0]["status"] == "COMPLETED"
        };
        while !completed().await {
            assert!(begun.elapsed() < SOON, "{over:?}: not answered");
        }
    }
}

/// Signs out over each transport and hangs up in the middle of it; with what is to be seen then.
async fn signed_out_in_mid_air(server: &Server, refused: impl AsyncFn(&Member)) {
    server.register("ada").await.data();
    let mut revoked = 0;
    for over in Over::EVERY {
        let ada = server.sign_in("ada").await;
        // The session is in the cache.
        server.graphql(&ada, PROFILE, json!({})).await.data();
        let lock = server.database.lock().await;
        let leaving = Hasty::send(server, &ada, over, LOGOUT).await;
        // It waits for the lock: nothing but the lock's end shows when.
        tokio::time::sleep(Duration::from_millis(200)).await;

        leaving.hang_up().await;
        lock.release().await;

        let begun = Instant::now();
        revoked += 1;
        while server.database.count("sessions WHERE is_revoked").await < revoked {
            assert!(begun.elapsed() < SOON, "{over:?}: it is not revoked");
        }
        refused(&ada).await;
    }
}

on_both! {
    async fn whoever_signs_out_and_hangs_up_is_signed_out(server: Server) {
        signed_out_in_mid_air(&server, async |ada| {
            refused_within_a_second("UNAUTHENTICATED", async || {
                server.graphql(ada, PROFILE, json!({})).await
            })
            .await;
        })
        .await;
    }

    async fn signing_out_is_answered_and_then_the_socket_closes(server: Server) {
        server.register("ada").await.data();
        for _ in 0..10 {
            let ada = server.sign_in("ada").await;
            let mut socket = server.socket(&ada).await;
            socket.subscribe("out", LOGOUT, json!({})).await;
            assert_eq!(socket.message().await, json!({
                "id": "out", "type": "next",
                "payload": { "data": { "logout": { "revokedSessions": 1 } } },
            }));
            assert_eq!(socket.message().await, json!({ "id": "out", "type": "complete" }));
            assert!(matches!(socket.hear().await, Heard::Closed(4401, _)));
        }
    }

    async fn signing_out_over_a_stream_is_answered_to_the_end(server: Server) {
        server.register("ada").await.data();
        for _ in 0..10 {
            let ada = server.sign_in("ada").await;
            let request = server
                .http("POST", "/graphql")
                .header("accept", "text/event-stream")
                .bearer_auth(&ada.token)
                .json(&json!({ "query": LOGOUT }));
            let mut events = Events::of(request.send().await.unwrap());
            let (name, data) = events.next().await.unwrap();
            assert_eq!(name, "next");
            assert_eq!(data, r#"{"data":{"logout":{"revokedSessions":1}}}"#);
            assert_eq!(events.next().await.unwrap().0, "complete");
            assert_eq!(events.next().await, None);
        }
    }

    #[settings("--embedded-pace", "5")]
    async fn a_multipart_answer_says_that_its_session_has_ended(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let request = server
            .http("POST", "/graphql")
            .header("accept", "multipart/mixed;subscriptionSpec=1.0")
            .bearer_auth(&ada.token)
            .json(&json!({ "query": FOLLOW, "variables": { "id": id } }));
        let answer = request.send().await.unwrap();

        server.graphql(&ada, LOGOUT, json!({})).await.data();

        let text = answer.text().await.unwrap();
        let (_, last) = text.trim_end().rsplit_once("\r\n\r\n").unwrap();
        let last = last.strip_suffix("\r\n--graphql--").expect("it is closed");
        let last: Value = serde_json::from_str(last).unwrap();
        assert_eq!(last["payload"], Value::Null);
        assert_eq!(last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }

    async fn a_mutation_is_answered_by_a_service_that_stops(server: Server) {
        for over in Over::EVERY {
            // One that stops beside one that stays.
            let instance = Instance::beside(&server, &[]).await;
            let name = format!("{over:?}").to_lowercase();
            let ada = server.join(&name).await;
            let lock = server.database.lock().await;
            let mut asking = Hasty::send(&instance, &ada, over, ASK).await;
            tokio::time::sleep(Duration::from_millis(200)).await;

            let stopping = tokio::spawn(instance.stop());
            tokio::time::sleep(Duration::from_millis(200)).await;
            lock.release().await;

            let mut answer = Vec::new();
            let whole = asking.0.read_to_end(&mut answer);
            timeout(Duration::from_mins(1), whole).await.unwrap().unwrap();
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.contains("{\"id\":\"reading_"), "{over:?}: {answer}");
            stopping.await.unwrap();
        }
    }
}

/// So many operations of a user run at once.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn a_read_ends_with_its_client_and_a_mutation_does_not() {
    for over in Over::EVERY {
        let Some((server, relay)) = Server::relayed(&[]).await else {
            return;
        };
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let profile = |who| server.graphql(who, PROFILE, json!({}));
        // Both sessions are in the cache.
        profile(&ada).await.data();
        profile(&bea).await.data();
        let waits = async |who| {
            let begun = Instant::now();
            while timeout(SHORT, profile(who)).await.is_ok() {
                assert!(begun.elapsed() < SOON, "{over:?}: it does not wait");
            }
        };
        let hasty = async |query: &str, at: &'static str| {
            relay.hold(at);
            let all = (0..AT_ONCE).map(|_| Hasty::send(&server, &ada, over, query));
            let all = join_all(all).await;
            relay.has_held(1).await;
            // All of them run once one more has to wait, and nobody else has to.
            waits(&ada).await;
            timeout(SOON, profile(&bea)).await.unwrap().data();
            join_all(all.into_iter().map(Hasty::hang_up)).await;
        };

        hasty("{ readings { nodes { id } } }", "\"readings\"").await;
        timeout(SOON, profile(&ada))
            .await
            .expect("none runs")
            .data();
        relay.pass();

        hasty(ASK, "BEGIN").await;
        assert!(
            timeout(SHORT, profile(&ada)).await.is_err(),
            "{over:?}: they run"
        );
        relay.pass();
        timeout(SOON, profile(&ada)).await.unwrap().data();
    }
}

#[tokio::test]
async fn whoever_signs_out_and_hangs_up_is_signed_out_elsewhere() {
    let Some(server) = Server::on_postgres(&[]).await else {
        return;
    };
    let other = Instance::beside(&server, &[]).await;
    signed_out_in_mid_air(&server, async |ada| {
        refused_within_a_second("UNAUTHENTICATED", async || {
            other.graphql(ada, PROFILE, json!({})).await
        })
        .await;
    })
    .await;
}

//! Events of a user's readings: a second device sees what the first does, wherever both are connected,
//! or is told that it may have missed something.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{Follower, Instance, Member, News, Nobody, Server, Service, Via, on_both};

const EVENTS: &str = "subscription { readingEvents {
    __typename
    ... on ReadingAsked { edge { cursor node { id status question } } user { ...Spent } }
    ... on ReadingChanged { reading { id status response generation { id } } user { ...Spent } }
    ... on ReadingDeleted { deletedReadingId user { ...Spent } }
} }
fragment Spent on User { id usage { readingsToday } readings { totalCount } }";

const ALL: [Via; 3] = [Via::Socket, Via::Events, Via::Multipart];

/// Waits until so many subscriptions are open at the service that has these metrics.
async fn are_open(metrics: Option<SocketAddr>, count: usize) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/metrics", metrics.expect("it is set"));
    let wanted = format!("\nmula_followers {count}\n");
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let text = client.get(&url).send().await.unwrap().text().await.unwrap();
        if text.contains(&wanted) {
            return;
        }
        assert!(Instant::now() < until, "there are not {count}: {text}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn open(service: &impl Service, via: Via, who: &Member) -> Follower {
    Follower::subscribe(service, via, who, EVENTS, json!({})).await
}

async fn event(device: &mut Follower) -> Value {
    match device.next().await {
        News::Update(event) => event,
        other => panic!("an event was expected, not {other:?}"),
    }
}

/// The code of what a stream ends with.
async fn code(device: &mut Follower) -> String {
    match device.next().await {
        News::Broken(errors) => errors[0]["extensions"]["code"].as_str().unwrap().to_owned(),
        other => panic!("an error was expected, not {other:?}"),
    }
}

/// The first event that is it; changes may come before it, each as the reading is when it is sent.
async fn until(device: &mut Follower, is_it: impl Fn(&Value) -> bool) -> Value {
    loop {
        let event = event(device).await;
        if is_it(&event) {
            return event;
        }
        assert_eq!(event["__typename"], "ReadingChanged", "{event}");
    }
}

/// Whether an event shows a reading as it is stored.
fn shows(event: &Value, stored: &Value) -> bool {
    let shown = &event["reading"];
    ["id", "status", "response"]
        .iter()
        .all(|field| shown[field] == stored[field])
}

/// The kind of an event, and its reading.
fn what(event: &Value) -> (String, String) {
    let id = [
        &event["edge"]["node"]["id"],
        &event["reading"]["id"],
        &event["deletedReadingId"],
    ];
    let id = id.into_iter().find_map(Value::as_str);
    let kind = event["__typename"].as_str().unwrap();
    (kind.to_owned(), id.unwrap().to_owned())
}

on_both! {
    #[settings("--embedded-pace", "80", "--metrics-address", "127.0.0.1:0")]
    async fn a_second_device_sees_what_the_first_does(server: Server) {
        let (ada, phone) = (server.join("ada").await, server.sign_in("ada").await);
        let mut devices = Vec::new();
        for via in ALL {
            devices.push(open(&server, via, &phone).await);
        }
        are_open(server.metrics_address(), devices.len()).await;

        let id = server.begin(&ada, "Which way from here?").await;
        for device in &mut devices {
            let asked = event(device).await;
            assert_eq!(what(&asked), ("ReadingAsked".to_owned(), id.clone()));
            assert_eq!(asked["edge"]["node"]["question"], "Which way from here?");
            assert_eq!(asked["user"], json!({
                "id": ada.id, "usage": { "readingsToday": 1 }, "readings": { "totalCount": 1 },
            }));
            // A list takes its cursor.
            let query = "query ($after: String) { readings(after: $after) { nodes { id } } }";
            let after = json!({ "after": asked["edge"]["cursor"] });
            let answer = server.graphql(&phone, query, after).await;
            assert_eq!(answer.data()["readings"]["nodes"], json!([]));
        }
        let mut follower = server.follow(Via::Events, &ada, &id, 0).await;
        while !matches!(follower.next().await, News::End) {}
        let completed = server.reading(&ada, &id).await;
        for device in &mut devices {
            until(device, |event| shows(event, &completed)).await;
        }
        server.regenerate(&ada, json!({ "id": id })).await.data();
        let regenerated = server.reading(&ada, &id).await;
        assert_ne!(regenerated["response"], completed["response"]);
        for device in &mut devices {
            let changed = until(device, |event| shows(event, &regenerated)).await;
            assert_eq!(changed["user"]["usage"]["readingsToday"], 2);
        }
        let second = server.begin(&ada, "And where to then?").await;
        server.cancel(&ada, &second).await.data();
        let cancelled = server.reading(&ada, &second).await;
        for device in &mut devices {
            let asked = ("ReadingAsked".to_owned(), second.clone());
            until(device, |event| what(event) == asked).await;
            until(device, |event| shows(event, &cancelled)).await;
        }
        server.delete_reading(&ada, &id).await.data();
        for device in &mut devices {
            let gone = ("ReadingDeleted".to_owned(), id.clone());
            let deleted = until(device, |event| what(event) == gone).await;
            assert_eq!(deleted["user"]["readings"]["totalCount"], 1);
        }
    }

    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn there_is_an_event_for_each_change_and_no_other(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let mut device = open(&server, Via::Socket, &ada).await;
        let mut other = open(&server, Via::Events, &bea).await;
        are_open(server.metrics_address(), 2).await;

        let key = json!({ "idempotencyKey": "once" });
        let ask = || server.ask_with(&ada, "Which way from here?", key.clone());
        let first = ask().await.data()["askAdvisor"]["reading"]["id"].clone();
        assert_eq!(ask().await.data()["askAdvisor"]["reading"]["id"], first);
        let first = first.as_str().unwrap();
        // Ended already, and there is no answer to cancel.
        server.cancel(&ada, first).await.data();
        let again = server.begin(&ada, "Which way from here?").await;
        let theirs = server.begin(&bea, "Whose are these?").await;
        server.delete_reading(&ada, first).await.data();

        for expected in [("ReadingAsked", first), ("ReadingAsked", &again), ("ReadingDeleted", first)] {
            assert_eq!(what(&event(&mut device).await), (expected.0.to_owned(), expected.1.to_owned()));
        }
        assert_eq!(what(&event(&mut other).await), ("ReadingAsked".to_owned(), theirs));
    }

    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn events_end_with_their_session(server: Server) {
        let ada = server.join("ada").await;
        for by in ["revoked", "signed out", "expired"] {
            let phone = server.sign_in("ada").await;
            let mut devices = Vec::new();
            for via in ALL {
                devices.push(open(&server, via, &phone).await);
            }
            are_open(server.metrics_address(), devices.len()).await;
            match by {
                "revoked" => {
                    let revoke = "mutation ($id: ID!) { revokeSession(input: { id: $id }) { revokedSessionId } }";
                    server.graphql(&ada, revoke, json!({ "id": phone.session })).await.data();
                }
                "signed out" => {
                    let logout = "mutation { logout(input: { everywhere: false }) { message } }";
                    server.graphql(&phone, logout, json!({})).await.data();
                }
                _ => server.clock.advance(chrono::TimeDelta::days(30)),
            }
            for device in &mut devices {
                assert_eq!(code(device).await, "UNAUTHENTICATED", "{by}");
            }
            let [Follower::Socket(socket), Follower::Events(events), Follower::Multipart(parts)] = devices.as_mut_slice() else {
                panic!("they are opened in this order");
            };
            assert_eq!(socket.close_code().await, 4401);
            assert_eq!(events.next().await, Some(("complete".to_owned(), String::new())));
            assert_eq!(parts.next().await, Ok(None));
            drop(devices);
            are_open(server.metrics_address(), 0).await;
        }
    }

    async fn events_are_for_members_and_within_the_limits(server: Server) {
        let ada = server.join("ada").await;
        let mut socket = server.socket(&Nobody).await;
        socket.subscribe("1", EVENTS, json!({})).await;
        assert_eq!(socket.message().await["payload"][0]["extensions"]["code"], "UNAUTHENTICATED");

        let mut socket = server.socket(&ada).await;
        for number in 0..=32 {
            socket.subscribe(&number.to_string(), EVENTS, json!({})).await;
        }
        let refused = socket.message().await;
        assert_eq!((&refused["id"], &refused["type"]), (&json!("32"), &json!("error")));
        assert_eq!(refused["payload"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX");

        // Each event may cost as much as an operation.
        let many: Vec<_> = (0..20).map(|n| format!("a{n}: usage {{ readingsToday }}")).collect();
        let many = many.join(" ");
        let query = format!("subscription {{ readingEvents {{ ... on ReadingDeleted {{ user {{ {many} }} }} }} }}");
        let mut dear = Follower::subscribe(&server, Via::Socket, &ada, &query, json!({})).await;
        assert_eq!(code(&mut dear).await, "QUERY_TOO_COMPLEX");
    }
}

const METRICS: [&str; 2] = ["--metrics-address", "127.0.0.1:0"];

#[tokio::test]
async fn devices_at_different_instances_see_the_same() {
    let flags = [&METRICS[..], &["--embedded-pace", "80"]].concat();
    let Some(here) = Server::on_postgres(&flags).await else {
        return;
    };
    let there = Instance::beside(&here, &flags).await;
    let (ada, phone) = (here.join("ada").await, here.sign_in("ada").await);
    let mut devices = [
        open(&here, Via::Socket, &ada).await,
        open(&here, Via::Events, &phone).await,
        open(&there, Via::Socket, &ada).await,
        open(&there, Via::Multipart, &phone).await,
    ];
    are_open(here.metrics_address(), 2).await;
    are_open(there.metrics_address(), 2).await;

    let first = there.begin(&ada, "Which way from here?").await;
    let second = here.begin(&ada, "And where to then?").await;
    there.cancel(&ada, &second).await.data();
    here.regenerate(&ada, json!({ "id": second })).await.data();
    there.delete_reading(&ada, &second).await.data();

    let mut seen = Vec::new();
    for device in &mut devices {
        let mut events = Vec::new();
        while events.last() != Some(&("ReadingDeleted".to_owned(), second.clone())) {
            events.push(what(&event(device).await));
        }
        seen.push(events);
    }
    // Changes are as the reading is when they are sent: some may be of one that is gone by then.
    let kind = |kind: &str, id: &String| (kind.to_owned(), id.clone());
    for events in seen {
        assert!(
            events.contains(&kind("ReadingChanged", &second)),
            "{events:#?}"
        );
        let others = events
            .into_iter()
            .filter(|(kind, _)| kind != "ReadingChanged");
        let expected = [
            kind("ReadingAsked", &first),
            kind("ReadingAsked", &second),
            kind("ReadingDeleted", &second),
        ];
        assert!(others.eq(expected));
    }

    // Revoked at the other instance.
    let revoke = "mutation ($id: ID!) { revokeSession(input: { id: $id }) { revokedSessionId } }";
    let id = json!({ "id": phone.session });
    here.graphql(&ada, revoke, id).await.data();
    for device in [1, 3] {
        assert_eq!(code(&mut devices[device]).await, "UNAUTHENTICATED");
    }
    there.stop().await;
}

#[tokio::test]
async fn a_device_that_may_have_missed_events_is_told() {
    let Some((server, relay)) = Server::relayed(&METRICS).await else {
        return;
    };
    let ada = server.join("ada").await;
    let disconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for how in ["cut", "silent"] {
        let mut device = open(&server, Via::Socket, &ada).await;
        are_open(server.metrics_address(), 1).await;
        if how == "cut" {
            server.database.execute(disconnect).await;
        } else {
            relay.deafen_listeners();
        }

        assert_eq!(code(&mut device).await, "OVERLOADED", "{how}");

        relay.pass();
        drop(device);
        are_open(server.metrics_address(), 0).await;
        let mut again = open(&server, Via::Socket, &ada).await;
        are_open(server.metrics_address(), 1).await;
        let id = server.begin(&ada, "Which way from here?").await;
        assert_eq!(
            what(&event(&mut again).await),
            ("ReadingAsked".to_owned(), id)
        );
        drop(again);
        are_open(server.metrics_address(), 0).await;
    }
}

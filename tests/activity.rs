//! Events of accounts: what is recorded, for whom, and for how long.

use chrono::TimeDelta;
use mula::{db, upkeep};
use serde_json::{Value, json};

use crate::support::{
    Answer, Credentials, Instance, MailServer, Member, Nobody, PASSWORD, Server, Service, count_is,
    on_both,
};

const EVENTS: &str = "query ($first: Int, $after: String, $last: Int, $before: String) { profile {
    events(first: $first, after: $after, last: $last, before: $before) {
        nodes { id kind }
        edges { cursor node { id kind createdAt userAgent } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
} }";

const OTHERS: &str = "mutation { revokeOtherSessions { revokedSessions } }";

async fn page(server: &impl Service, who: &Member, arguments: Value) -> Value {
    let answer = server.graphql(who, EVENTS, arguments).await;
    answer.data()["profile"]["events"].clone()
}

/// The events of a page, in its order.
fn events(page: &Value) -> Vec<Value> {
    let edges = page["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

/// The kinds of all events, oldest first.
async fn kinds(server: &impl Service, who: &Member) -> Vec<String> {
    let page = page(server, who, json!({ "first": 100 })).await;
    let kinds = events(&page).into_iter().rev();
    kinds
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect()
}

async fn act(server: &Server, who: &(impl Credentials + ?Sized), mutation: &str) -> Answer {
    let mutation = format!("mutation {{ {mutation} }}").replace("PASSWORD", PASSWORD);
    server.graphql(who, &mutation, json!({})).await
}

/// Writes events behind the server's back, before those that there are.
async fn fill(server: &Server, kind: &str, count: usize) {
    for n in 0..count {
        let id = format!("00000000-0000-7000-8000-{:012}", n + kind.len() * 10_000);
        let id = match server.database {
            crate::support::Database::Sqlite(_) => format!("x'{}'", id.replace('-', "")),
            crate::support::Database::Postgres(..) => format!("'{id}'"),
        };
        let insert = format!(
            "INSERT INTO account_events (id, user_id, kind, created_at)
            SELECT {id}, id, '{kind}', created_at FROM users"
        );
        assert_eq!(server.database.execute(&insert).await, 1);
    }
}

on_both! {
    async fn what_happens_to_an_account_is_recorded_with_its_client(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let lost = server.sign_in("ada").await;
        let revoke = format!("revokeSession(input: {{ id: \"{}\" }}) {{ revokedSessionId }}", lost.session);
        act(&server, &ada, &revoke).await.data();
        server.sign_in("ada").await;
        server.graphql(&ada, OTHERS, json!({})).await.data();
        // There is none left.
        server.graphql(&ada, OTHERS, json!({})).await.data();
        act(&server, &ada, "changePassword(input: { currentPassword: \"PASSWORD\", newPassword: \"a new horse altogether\" }) { revokedSessions }").await.data();
        act(&server, &ada, "changeEmail(input: { newEmail: \"lovelace@example.com\", password: \"a new horse altogether\" }) { user { email } }").await.data();
        act(&server, &ada, "changeEmail(input: { newEmail: \"bea@example.com\", password: \"a new horse altogether\" }) { user { email } }").await.code();
        act(&server, &ada, "changeEmail(input: { newEmail: \"x@example.com\", password: \"wrong\" }) { user { email } }").await.code();
        server.clock.advance(TimeDelta::seconds(5));
        act(&server, &ada, "logout { revokedSessions }").await.data();
        let login = "login(input: { email: \"lovelace@example.com\", password: \"a new horse altogether\" }) { accessToken user { id } session { id } }";
        let answer = act(&server, &Nobody, login).await;
        let ada = Member::of(&answer.data()["login"], "lovelace@example.com".to_owned());

        let page = page(&server, &ada, json!({})).await;

        let all = events(&page);
        let told: Vec<_> = all.iter().rev().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(told, [
            "REGISTERED", "SIGNED_IN", "SIGNED_IN", "SESSION_REVOKED", "SIGNED_IN", "SESSION_REVOKED",
            "PASSWORD_CHANGED", "EMAIL_CHANGED", "SIGNED_OUT", "SIGNED_IN",
        ]);
        assert!(all.iter().all(|event| event["userAgent"] == "mula-tests/1"), "{all:?}");
        let times: Vec<_> = all.iter().map(|event| event["createdAt"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
        assert_eq!(kinds(&server, &bea).await, ["REGISTERED", "SIGNED_IN"]);
    }

    async fn signing_in_with_a_registration_is_recorded_as_both(server: Server) {
        let register = "register(input: { email: \"ada@example.com\", username: \"ada\", password: \"PASSWORD\", signIn: true }) { login { accessToken user { id } session { id } } }";
        let answer = act(&server, &Nobody, register).await;
        let ada = Member::of(&answer.data()["register"]["login"], "ada@example.com".to_owned());

        assert_eq!(kinds(&server, &ada).await, ["REGISTERED", "SIGNED_IN"]);
        act(&server, &ada, "logout(input: { everywhere: false }) { revokedSessions }").await.data();
        let ada = server.sign_in("ada").await;
        assert_eq!(kinds(&server, &ada).await, ["REGISTERED", "SIGNED_IN", "SIGNED_OUT", "SIGNED_IN"]);
    }

    async fn links_from_mail_are_recorded(server: Server) {
        let mail = MailServer::start().await;
        let flags = mail.flags();
        let server = server.restart(&MailServer::with(&flags, &[])).await;
        let ada = server.join("ada").await;
        let verify = async || {
            let mut letter = mail.next().await;
            while letter.subject != "Confirm your address" {
                letter = mail.next().await;
            }
            let verify = format!("verifyEmail(input: {{ token: \"{}\" }}) {{ user {{ id }} }}", letter.token());
            act(&server, &Nobody, &verify).await.data();
        };
        verify().await;
        act(&server, &ada, "changeEmail(input: { newEmail: \"lovelace@example.com\", password: \"PASSWORD\" }) { user { email } }").await.data();
        assert_eq!(kinds(&server, &ada).await.len(), 3, "requested, and not changed yet");
        verify().await;
        act(&server, &Nobody, "requestPasswordReset(input: { email: \"lovelace@example.com\" }) { message }").await.data();
        let mut letter = mail.next().await;
        while letter.subject != "Choose a new password" {
            letter = mail.next().await;
        }
        let reset = format!("resetPassword(input: {{ token: \"{}\", newPassword: \"a new horse altogether\" }}) {{ revokedSessions }}", letter.token());
        act(&server, &Nobody, &reset).await.data();
        let answer = server.log_in("lovelace@example.com", "a new horse altogether").await;
        let login = &answer.data()["login"];
        let token = login["accessToken"].as_str().unwrap();

        let answer = server.graphql(token, EVENTS, json!({})).await;

        let all = events(&answer.data()["profile"]["events"]);
        let told: Vec<_> = all.iter().rev().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(told, [
            "REGISTERED", "SIGNED_IN", "EMAIL_VERIFIED", "EMAIL_CHANGED", "PASSWORD_RESET", "SIGNED_IN",
        ]);
    }

    // A wrong password does the same for an account that exists as for one that does not: no write is
    // waited for.
    async fn a_failed_sign_in_is_recorded_after_its_answer(server: Server) {
        let ada = server.join("ada").await;
        let lock = server.database.lock().await;
        for email in ["ada@example.com", "nobody@example.com"] {
            assert_eq!(server.log_in(email, "wrong").await.code(), "UNAUTHENTICATED");
        }
        assert_eq!(server.database.count("account_events").await, 2);
        lock.release().await;

        count_is(&server.database, "account_events", 3).await;
        let beside = Instance::beside(&server, &[]).await;
        assert_eq!(kinds(&beside, &ada).await, ["REGISTERED", "SIGNED_IN", "SIGN_IN_FAILED"]);
        beside.stop().await;
    }

    async fn failed_sign_ins_are_written_by_a_server_that_stops(server: Server) {
        let ada = server.join("ada").await;
        server.log_in("ada@example.com", "wrong").await.code();

        let server = server.restart(&[]).await;

        assert_eq!(kinds(&server, &ada).await, ["REGISTERED", "SIGNED_IN", "SIGN_IN_FAILED"]);
    }

    // Nor does a failed sign-in at an account that is deleted before it is written keep back the next.
    async fn an_account_takes_its_events_along(server: Server) {
        server.join("bea").await;
        let ada = server.join("ada").await;
        server.log_in("ada@example.com", "wrong").await.code();
        act(&server, &ada, "deleteAccount(input: { password: \"PASSWORD\" }) { deletedUserId }").await.data();
        server.log_in("bea@example.com", "wrong").await.code();

        count_is(&server.database, "account_events WHERE kind = 'SIGN_IN_FAILED'", 1).await;
        assert_eq!(server.database.count("account_events").await, 3);
    }

    async fn failed_sign_ins_displace_no_other_events(server: Server) {
        let ada = server.join("ada").await;
        fill(&server, "SIGN_IN_FAILED", 100).await;
        fill(&server, "SIGNED_OUT", 398).await;
        let failed = "account_events WHERE kind = 'SIGN_IN_FAILED'";
        assert_eq!(server.database.count("account_events").await, 500);

        server.log_in("ada@example.com", "wrong").await.code();

        count_is(&server.database, &format!("{failed} AND user_agent IS NOT NULL"), 1).await;
        assert_eq!(server.database.count(failed).await, 100);
        assert_eq!(server.database.count("account_events").await, 500);
        server.sign_in("ada").await;
        assert_eq!(server.database.count(failed).await, 100);
        assert_eq!(server.database.count("account_events").await, 500);
        let told = kinds(&server, &ada).await;
        assert_eq!(told[95..], ["SIGN_IN_FAILED", "REGISTERED", "SIGNED_IN", "SIGN_IN_FAILED", "SIGNED_IN"]);
    }

    async fn every_walk_sees_every_event_once(server: Server) {
        let ada = server.join("ada").await;
        server.join("bea").await;
        for _ in 0..5 {
            server.sign_in("ada").await;
        }
        let all = page(&server, &ada, json!({})).await;
        let ids = |page: &Value| {
            let ids: Vec<_> = events(page).iter().map(|event| event["id"].clone()).collect();
            let nodes: Vec<_> = page["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect();
            assert_eq!(ids, nodes);
            ids
        };
        assert_eq!(ids(&all).len(), 7);

        for size in 1..=8 {
            let (mut forwards, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = page(&server, &ada, json!({ "first": size, "after": after })).await;
                assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
                forwards.extend(ids(&page));
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
            assert_eq!(forwards, ids(&all), "{size}");
            let (mut backwards, mut before) = (Vec::new(), Value::Null);
            loop {
                let page = page(&server, &ada, json!({ "last": size, "before": before })).await;
                assert_eq!(page["pageInfo"]["hasNextPage"], !before.is_null());
                backwards.splice(0..0, ids(&page));
                if page["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
                before = page["pageInfo"]["startCursor"].clone();
            }
            assert_eq!(backwards, ids(&all), "{size}");
        }
    }

    async fn arguments_are_bounded_like_those_of_readings(server: Server) {
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;
        let readings = "{ readings { pageInfo { endCursor } } }";
        let answer = server.graphql(&ada, readings, json!({})).await;
        let cursor = answer.data()["readings"]["pageInfo"]["endCursor"].clone();

        for (arguments, field) in [
            (json!({ "first": 0 }), ("first", "OUT_OF_RANGE")),
            (json!({ "last": 101 }), ("last", "OUT_OF_RANGE")),
            (json!({ "first": 1, "last": 1 }), ("last", "BOTH_ENDS")),
            // Another list's.
            (json!({ "after": cursor }), ("after", "INVALID_CURSOR")),
        ] {
            let answer = server.graphql(&ada, EVENTS, arguments).await;
            assert_eq!(answer.fields(), [field]);
        }
        let each = (0..41).map(|n| format!("a{n}: events(first: 1) {{ nodes {{ id }} }}"));
        let query = format!("{{ profile {{ {} }} }}", each.collect::<Vec<_>>().join(" "));
        assert_eq!(server.graphql(&ada, &query, json!({})).await.code(), "QUERY_TOO_COMPLEX");
    }

    async fn an_event_is_found_by_its_owner_alone(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let id = events(&page(&server, &ada, json!({})).await)[0]["id"].clone();
        assert!(id.as_str().unwrap().starts_with("event_"), "{id}");
        let node = "query ($id: ID!) { node(id: $id) { __typename id ... on AccountEvent { kind } } }";

        let found = server.graphql(&ada, node, json!({ "id": id })).await;
        let expected = json!({ "__typename": "AccountEvent", "id": id, "kind": "SIGNED_IN" });
        assert_eq!(found.data()["node"], expected);
        let found = server.graphql(&bea, node, json!({ "id": id })).await;
        assert_eq!(found.data()["node"], Value::Null);
        assert_eq!(server.graphql(&Nobody, node, json!({ "id": id })).await.code(), "UNAUTHENTICATED");
    }

    async fn events_are_kept_for_180_days(server: Server) {
        server.join("ada").await;
        let settings = server.database.settings(&[]).database;
        let db = db::Database::connect(&settings).await.unwrap();
        let now = server.clock.now();

        assert_eq!(upkeep::delete_events(&db, now + TimeDelta::days(179)).await.unwrap(), 0);
        assert_eq!(upkeep::delete_events(&db, now + TimeDelta::days(181)).await.unwrap(), 2);
        db.close().await;
    }
}

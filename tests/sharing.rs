//! Sharing: links that show one reading to anyone.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{
    Answer, Follower, Instance, Member, News, Nobody, Server, Service, Via, on_both,
};

const LINK: &str =
    "fragment Link on Reading { id isShareable share { token createdAt expiresAt } }";

async fn try_to_share(service: &impl Service, who: &Member, input: Value) -> Answer {
    let query = format!(
        "mutation ($input: ShareReadingInput!) {{ shareReading(input: $input) {{ reading {{ ...Link }} }} }} {LINK}"
    );
    let variables = json!({ "input": input });
    service.graphql(who, &query, variables).await
}

async fn share(service: &impl Service, who: &Member, input: Value) -> Value {
    let answer = try_to_share(service, who, input).await;
    answer.data()["shareReading"]["reading"]["share"].clone()
}

async fn unshare(service: &impl Service, who: &Member, id: &str) -> Answer {
    let query = format!(
        "mutation ($id: ID!) {{ unshareReading(input: {{ id: $id }}) {{ reading {{ ...Link }} }} }} {LINK}"
    );
    service.graphql(who, &query, json!({ "id": id })).await
}

async fn link(service: &impl Service, who: &Member, id: &str) -> Value {
    let query = format!("query ($id: ID!) {{ reading(id: $id) {{ ...Link }} }} {LINK}");
    let answer = service.graphql(who, &query, json!({ "id": id })).await;
    answer.data()["reading"].clone()
}

const SHARED: &str = "query ($token: String!) { sharedReading(token: $token) {
    advisor question response engine sources { title excerpt url } createdAt
} }";

/// The reading that a token shows to somebody who has not signed in.
async fn shown(service: &impl Service, token: &Value) -> Value {
    let variables = json!({ "token": token });
    let answer = service.graphql(&Nobody, SHARED, variables).await;
    answer.data()["sharedReading"].clone()
}

fn id(reading: &Value) -> &str {
    reading["id"].as_str().unwrap()
}

/// In so many days.
fn days(server: &Server, days: i64) -> String {
    (server.clock.now() + TimeDelta::days(days)).to_rfc3339()
}

on_both! {
    #[settings("--sharing", "true")]
    async fn a_link_shows_one_reading_to_anyone(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let reading = server.ask(&ada, "OSHUN", "How do I forgive an old friend?").await;
        let other = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let before = json!({ "id": reading["id"], "isShareable": true, "share": null });
        assert_eq!(link(&server, &ada, id(&reading)).await, before);

        let first = share(&server, &ada, json!({ "id": reading["id"] })).await;
        let token = &first["token"];
        assert_eq!((token.as_str().unwrap().len(), &first["expiresAt"]), (43, &Value::Null));
        let expected = json!({
            "advisor": "OSHUN", "question": "How do I forgive an old friend?", "response": reading["response"],
            "engine": "EMBEDDED", "sources": reading["sources"], "createdAt": reading["createdAt"],
        });
        assert_eq!(shown(&server, token).await, expected);
        let to_bea = server.graphql(&bea, SHARED, json!({ "token": token })).await;
        assert_eq!(to_bea.data()["sharedReading"], expected);
        assert_eq!(to_bea.header("cache-control"), "no-store");
        assert_eq!(link(&server, &ada, id(&reading)).await["share"], first);
        let list = format!("{{ readings {{ nodes {{ ...Link }} }} }} {LINK}");
        let list = server.graphql(&ada, &list, json!({})).await;
        assert_eq!(list.data()["readings"]["nodes"][0]["share"], Value::Null);
        assert_eq!(list.data()["readings"]["nodes"][1]["share"], first);

        // Sharing again moves the end of the same link.
        let end = days(&server, 2);
        let again = share(&server, &ada, json!({ "id": reading["id"], "expiresAt": end })).await;
        assert_eq!((&again["token"], &again["createdAt"]), (token, &first["createdAt"]));
        assert_eq!(again["expiresAt"].as_str().unwrap()[..19], end[..19]);
        assert_eq!(shown(&server, token).await, expected);
        assert_ne!(share(&server, &ada, json!({ "id": other["id"] })).await["token"], *token);

        // Another's reading is not there, and a text that is no token shows nothing.
        let theirs = try_to_share(&server, &bea, json!({ "id": reading["id"] })).await;
        assert_eq!(theirs.code(), "NOT_FOUND");
        assert_eq!(unshare(&server, &bea, id(&reading)).await.code(), "NOT_FOUND");
        let long = "a".repeat(43);
        for none in ["", "a", "\u{0}", "é", long.as_str(), &"a".repeat(9000)] {
            assert_eq!(shown(&server, &json!(none)).await, Value::Null);
        }
        assert_eq!(shown(&server, token).await, expected);
    }

    #[settings("--sharing", "true", "--token-lifetime", "30days")]
    async fn a_link_that_has_ended_shows_nothing(server: Server) {
        let ada = server.join("ada").await;
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let input = json!({ "id": reading["id"], "expiresAt": days(&server, 2) });

        let expired = share(&server, &ada, input.clone()).await["token"].clone();
        server.clock.advance(TimeDelta::hours(49));
        assert_eq!(shown(&server, &expired).await, Value::Null);
        assert_eq!(link(&server, &ada, id(&reading)).await["share"], Value::Null);

        // The next link is another one.
        let second = share(&server, &ada, json!({ "id": reading["id"] })).await["token"].clone();
        assert_eq!(shown(&server, &expired).await, Value::Null);
        assert!(shown(&server, &second).await.is_object());
        let answer = unshare(&server, &ada, id(&reading)).await;
        assert_eq!(answer.data()["unshareReading"]["reading"]["share"], Value::Null);
        assert_eq!(shown(&server, &second).await, Value::Null);
        unshare(&server, &ada, id(&reading)).await.data();
        let third = share(&server, &ada, json!({ "id": reading["id"] })).await["token"].clone();
        assert_ne!(third, second);

        // An account that may not sign in shows nothing.
        let set = async |active: bool| {
            let sql = format!("UPDATE users SET is_active = {active} WHERE username = 'ada'");
            assert_eq!(server.database.execute(&sql).await, 1);
        };
        set(false).await;
        assert_eq!(shown(&server, &third).await, Value::Null);
        set(true).await;
        assert!(shown(&server, &third).await.is_object());

        server.delete_reading(&ada, id(&reading)).await.data();
        assert_eq!(shown(&server, &third).await, Value::Null);
        let last = server.ask(&ada, "LEGBA", "Which way to the river?").await;
        let last = share(&server, &ada, json!({ "id": last["id"] })).await["token"].clone();
        assert!(shown(&server, &last).await.is_object());
        server.database.execute("DELETE FROM users").await;
        assert_eq!(shown(&server, &last).await, Value::Null);
    }

    #[settings("--sharing", "true", "--embedded-pace", "5")]
    async fn only_a_complete_answer_is_shared(server: Server) {
        let ada = server.join("ada").await;
        let first = server.begin(&ada, "Which way from here?").await;
        let early = try_to_share(&server, &ada, json!({ "id": first })).await;
        assert_eq!((early.code(), early.fields()), ("CONFLICT", vec![("input.id", "UNFINISHED")]));
        assert_eq!(link(&server, &ada, &first).await["isShareable"], false);
        server.cancel(&ada, &first).await.data();
        let cry = server.ask(&ada, "LEGBA", "I want to die. Which door is left for me?").await;
        assert_eq!(cry["engine"], "CARE");
        for reading in [first.as_str(), id(&cry)] {
            let refused = try_to_share(&server, &ada, json!({ "id": reading })).await;
            assert_eq!((refused.code(), refused.fields()), ("CONFLICT", vec![("input.id", "NOT_SHAREABLE")]));
            assert_eq!(link(&server, &ada, reading).await["isShareable"], false);
        }

        // A link shows the present answer, and nothing while that is written.
        let server = server.restart(&["--sharing", "true"]).await;
        let reading = server.ask(&ada, "LEGBA", "Which way to the river?").await;
        for end in [days(&server, -1), days(&server, 0), "9999-12-31T23:59:59-01:00".to_owned()] {
            let refused = try_to_share(&server, &ada, json!({ "id": reading["id"], "expiresAt": end })).await;
            assert_eq!(
                (refused.code(), refused.fields()),
                ("BAD_USER_INPUT", vec![("input.expiresAt", "INVALID_TIME")]), "{end}"
            );
        }
        let token = share(&server, &ada, json!({ "id": reading["id"] })).await["token"].clone();
        let anew = server.regenerate(&ada, json!({ "id": reading["id"] })).await;
        let anew = &anew.data()["regenerateReading"]["reading"]["response"];
        assert_ne!(*anew, reading["response"]);
        assert_eq!(shown(&server, &token).await["response"], *anew);
        let server = server.restart(&["--sharing", "true", "--embedded-pace", "5"]).await;
        server.regenerate(&ada, json!({ "id": reading["id"], "wait": false })).await.data();
        assert_eq!(shown(&server, &token).await, Value::Null);
        assert_eq!(link(&server, &ada, id(&reading)).await["share"]["token"], token);
    }

    async fn nothing_is_shared_unless_the_operator_wants_it(server: Server) {
        let ada = server.join("ada").await;
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let refused = try_to_share(&server, &ada, json!({ "id": reading["id"] })).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        assert_eq!(refused.error()["extensions"]["reason"], "SHARING_OFF");

        let server = server.restart(&["--sharing", "true"]).await;
        let token = share(&server, &ada, json!({ "id": reading["id"] })).await["token"].clone();
        let server = server.restart(&[]).await;
        let none = json!({ "id": reading["id"], "isShareable": false, "share": null });
        assert_eq!(link(&server, &ada, id(&reading)).await, none);
        assert_eq!(shown(&server, &token).await, Value::Null);
        unshare(&server, &ada, id(&reading)).await.data();
        let server = server.restart(&["--sharing", "true"]).await;
        assert_eq!(shown(&server, &token).await, Value::Null);
    }

    #[settings("--sharing", "true", "--metrics-address", "127.0.0.1:0")]
    async fn other_devices_see_that_a_reading_is_shared(server: Server) {
        let (ada, phone) = (server.join("ada").await, server.sign_in("ada").await);
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
        // The question's own events may be late: another instance hears none of them.
        let server = server.restart(&["--sharing", "true", "--metrics-address", "127.0.0.1:0"]).await;
        let query = format!("subscription {{ readingEvents {{
            ... on ReadingChanged {{ reading {{ ...Link }} }}
        }} }} {LINK}");
        let mut device = Follower::subscribe(&server, Via::Socket, &phone, &query, json!({})).await;
        while !server.metrics().await.text().await.unwrap().contains("\nmula_followers 1\n") {
            tokio::task::yield_now().await;
        }
        let mut next = async || match device.next().await {
            News::Update(event) => event["reading"]["share"].clone(),
            other => panic!("an event was expected, not {other:?}"),
        };

        let shared = share(&server, &ada, json!({ "id": reading["id"] })).await;
        assert_eq!(next().await, shared);
        // Nothing changes, and there is no event.
        share(&server, &ada, json!({ "id": reading["id"] })).await;
        unshare(&server, &ada, id(&reading)).await.data();
        assert_eq!(next().await, Value::Null);
    }

    #[settings("--sharing", "true")]
    async fn looks_count_by_address(server: Server) {
        let token = json!({ "token": "a".repeat(43) });
        let mut looks = 0;
        let refused = loop {
            let answer = server.graphql(&Nobody, SHARED, token.clone()).await;
            if !answer.is_good() {
                break answer;
            }
            looks += 1;
        };
        // One more for each second that it takes.
        assert!((60..600).contains(&looks), "{looks}");
        assert_eq!(refused.code(), "RATE_LIMITED");
        assert_eq!(refused.error()["extensions"]["retryAfter"], 1);
        server.clock.advance(TimeDelta::seconds(1));
        server.graphql(&Nobody, SHARED, token).await.data();
    }
}

#[tokio::test]
async fn a_link_ends_on_all_instances() {
    let Some(server) = Server::on_postgres(&["--sharing", "true"]).await else {
        return;
    };
    let other = Instance::beside(&server, &["--sharing", "true"]).await;
    let ada = server.join("ada").await;
    let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
    let token = share(&server, &ada, json!({ "id": reading["id"] })).await["token"].clone();
    assert!(shown(&other, &token).await.is_object());

    unshare(&server, &ada, id(&reading)).await.data();
    assert_eq!(shown(&other, &token).await, Value::Null);
}

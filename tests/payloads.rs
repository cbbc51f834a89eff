//! The results of mutations: a client that caches objects by their ids updates its cache from them alone.

use serde_json::{Value, json};

use crate::support::{Member, Server, on_both};

const USER: &str = "user { id usage { readingsToday } readings { totalCount } sessions { id } }";

/// The user of a result: the one who asks, with the values after the mutation.
fn assert_user(payload: &Value, who: &Member, today: i64, readings: i64, sessions: &[&str]) {
    let sessions: Vec<_> = sessions.iter().map(|id| json!({ "id": id })).collect();
    let expected = json!({
        "id": who.id,
        "usage": { "readingsToday": today },
        "readings": { "totalCount": readings },
        "sessions": sessions,
    });
    assert_eq!(payload["user"], expected);
}

async fn mutate(server: &Server, who: &Member, field: &str, selected: &str) -> Value {
    let query = format!("mutation {{ payload: {field} {{ {selected} {USER} }} }}");
    let answer = server.graphql(who, &query, json!({})).await;
    answer.data()["payload"].clone()
}

on_both! {
    async fn a_question_gives_its_edge_and_its_user(server: Server) {
        let ada = server.join("ada").await;
        let earlier = server.ask(&ada, "LEGBA", "Which way from here?").await;

        for wait in [true, false] {
            let field = format!(
                "askAdvisor(input: {{ advisor: OSHUN, question: \"Does the river rise, {wait}?\", wait: {wait} }})"
            );
            let selected = "reading { id } edge { cursor node { id question } }";
            let payload = mutate(&server, &ada, &field, selected).await;

            let (edge, asked) = (&payload["edge"], if wait { 2 } else { 3 });
            assert_eq!(edge["node"]["id"], payload["reading"]["id"]);
            assert_eq!(edge["node"]["question"], format!("Does the river rise, {wait}?"));
            assert_user(&payload, &ada, asked, asked, &[&ada.session]);
            // Both lists take the cursor.
            let lists = "query ($after: String) {
                readings(first: 1, after: $after) { nodes { id } }
                profile { readings(first: 1, after: $after) { nodes { id } } }
            }";
            if wait {
                let lists = server.graphql(&ada, lists, json!({ "after": edge["cursor"] })).await;
                let rest = json!({ "nodes": [{ "id": earlier["id"] }] });
                let expected = json!({ "readings": rest, "profile": { "readings": rest } });
                assert_eq!(*lists.data(), expected);
            }
        }
    }

    async fn what_changes_a_reading_gives_its_user(server: Server) {
        let ada = server.join("ada").await;
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let input = format!("(input: {{ id: {} }})", reading["id"]);

        for (mutation, selected, today, readings) in [
            ("regenerateReading", "reading { id }", 2, 1),
            ("cancelReading", "reading { id }", 2, 1),
            ("deleteReading", "deletedReadingId", 2, 0),
        ] {
            let payload = mutate(&server, &ada, &format!("{mutation}{input}"), selected).await;
            assert_user(&payload, &ada, today, readings, &[&ada.session]);
        }
    }

    async fn an_ended_session_is_named_by_its_id(server: Server) {
        let ada = server.join("ada").await;
        let lost = server.sign_in("ada").await;
        let selected = "session { id } revokedSessionId";

        // Another session, then the one that asks.
        for (ended, left) in [(&lost.session, vec![ada.session.as_str()]), (&ada.session, vec![])] {
            let field = format!("revokeSession(input: {{ id: \"{ended}\" }})");
            let payload = mutate(&server, &ada, &field, selected).await;
            assert_eq!(payload["revokedSessionId"], **ended);
            assert_user(&payload, &ada, 0, 0, &left);
        }
    }
}

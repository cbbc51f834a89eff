//! The order of an answer's fields is the order they were selected in, on every transport.

use serde_json::json;

use crate::support::{Member, Server, Service, on_both};

/// Fields that wait for the database before fields that do not.
const QUERY: &str = "query Q($id: ID!) {
    readings { totalCount edges { node { question id } } pageInfo { hasNextPage } }
    profile { sessions { id } usage { readingsToday } username }
    node(id: $id) { ... on Reading { status id } ... on User { id username } }
    profile { email id }
    advisors { name }
}";

const KEYS: [&str; 18] = [
    "readings",
    "totalCount",
    "edges",
    "node",
    "question",
    "id",
    "pageInfo",
    "hasNextPage",
    "profile",
    "sessions",
    "id",
    "usage",
    "readingsToday",
    "username",
    "email",
    "id",
    "node",
    "status",
];

/// The first names of an answer's fields, in its order.
fn assert_ordered(answer: &str) {
    let names: Vec<_> = answer
        .split("\":")
        .filter_map(|part| part.rsplit('"').next())
        .collect();
    let data = names.iter().position(|name| *name == "data").unwrap() + 1;
    assert_eq!(names[data..data + KEYS.len()], KEYS, "{answer}");
}

async fn post(
    server: &Server,
    ada: &Member,
    accept: &str,
    variables: &serde_json::Value,
) -> String {
    let request = server
        .request("POST", "/graphql")
        .header("accept", accept)
        .bearer_auth(&ada.token);
    let request = request.json(&json!({ "query": QUERY, "variables": variables }));
    request.send().await.unwrap().text().await.unwrap()
}

on_both! {
    async fn fields_come_in_the_order_selected(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let variables = json!({ "id": id });
        let mut socket = server.socket(&ada).await;

        for _ in 0..10 {
            assert_ordered(&post(&server, &ada, "application/json", &variables).await);
            assert_ordered(&post(&server, &ada, "text/event-stream", &variables).await);
            assert_ordered(&post(&server, &ada, "multipart/mixed;subscriptionSpec=1.0", &variables).await);
            socket.subscribe("1", QUERY, variables.clone()).await;
            assert_ordered(&socket.text().await);
            assert_eq!(socket.message().await["type"], "complete");
        }
    }
}

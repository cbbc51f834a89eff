//! The signed-in user, and the readings under it.

use serde_json::{Value, json};

use crate::support::{Member, Nobody, Server, on_both};

const HISTORY: &str = "{ profile { readings {
    totalCount
    nodes { id question }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} } }";

async fn history(server: &Server, who: &Member) -> Value {
    server.graphql(who, HISTORY, json!({})).await.data()["profile"]["readings"].clone()
}

on_both! {
    async fn get_profile(server: Server) {
        let ada = server.join("ada").await;

        let query = "{ profile { id email username isActive createdAt updatedAt
            usage { readingsToday readingsPerDay tokensThisMonth costThisMonth resetsAt } } }";
        let answer = server.graphql(&ada, query, json!({})).await;

        let profile = &answer.data()["profile"];
        assert_eq!(profile["id"], ada.id.as_str());
        assert_eq!(profile["email"], "ada@example.com");
        assert_eq!(profile["username"], "ada");
        assert_eq!(profile["isActive"], true);
        assert_eq!(profile["usage"]["readingsToday"], 0);
        assert_eq!(profile["usage"]["costThisMonth"], "0");
    }

    async fn get_profile_unauthorized(server: Server) {
        let answer = server.graphql(&Nobody, "{ profile { id } }", json!({})).await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
        assert!(answer.json["data"]["profile"].is_null());
    }

    async fn get_profile_user_not_found(server: Server) {
        let ada = server.join("ada").await;
        server.database.execute("DELETE FROM users").await;

        let answer = server.graphql(&ada, "{ profile { id } }", json!({})).await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
    }

    async fn get_readings_history_empty(server: Server) {
        let ada = server.join("ada").await;

        let readings = history(&server, &ada).await;

        assert_eq!(readings["totalCount"], 0);
        assert_eq!(readings["nodes"], json!([]));
        assert_eq!(readings["pageInfo"], json!({
            "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null,
        }));
    }

    async fn get_readings_history_with_data(server: Server) {
        let ada = server.join("ada").await;
        let first = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let second = server.ask(&ada, "OSHUN", "Will the river rise?").await;

        let readings = history(&server, &ada).await;

        assert_eq!(readings["totalCount"], 2);
        assert_eq!(readings["nodes"], json!([
            { "id": second["id"], "question": "Will the river rise?" },
            { "id": first["id"], "question": "Which way from here?" },
        ]));
    }

    async fn get_readings_history_unauthorized(server: Server) {
        let answer = server.graphql(&Nobody, HISTORY, json!({})).await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
    }

    async fn profile_pagination(server: Server) {
        let ada = server.join("ada").await;
        for n in 0..5 {
            server.ask(&ada, "LEGBA", &format!("Question number {n}?")).await;
        }
        let query = "query ($after: String) { profile { readings(first: 2, after: $after) {
            nodes { question } pageInfo { hasNextPage endCursor }
        } } }";

        let (mut pages, mut after) = (Vec::new(), Value::Null);
        loop {
            let answer = server.graphql(&ada, query, json!({ "after": after })).await;
            let page = answer.data()["profile"]["readings"].clone();
            let numbers: String = page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|node| node["question"].as_str()?.chars().find(char::is_ascii_digit))
                .collect();
            pages.push(numbers);
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(pages, ["43", "21", "0"]);
    }

    async fn readings_ordering(server: Server) {
        let ada = server.join("ada").await;
        let mut asked = Vec::new();
        for n in 0..6 {
            let reading = server.ask(&ada, "YEMAYA", &format!("Question number {n}?")).await;
            asked.push(reading["id"].clone());
        }

        let query = "{ profile { readings { nodes { id createdAt } } } }";
        let answer = server.graphql(&ada, query, json!({})).await;

        let nodes = answer.data()["profile"]["readings"]["nodes"].as_array().unwrap();
        asked.reverse();
        assert_eq!(nodes.iter().map(|node| node["id"].clone()).collect::<Vec<_>>(), asked);
        // Written with a fixed number of digits, so the text's order is the time's.
        assert!(nodes.is_sorted_by(|a, b| a["createdAt"].as_str() > b["createdAt"].as_str()));
    }
}

//! Asking the advisors, and reading back.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{Nobody, Server, on_both};

const READING: &str = "query ($id: ID!) { reading(id: $id) {
    id advisor question status response engine model tokensUsed cost isCached
    sources { title excerpt url } failure { code message } createdAt completedAt
} }";

const LIST: &str =
    "{ readings { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage } } }";

/// Properties of every finished answer of the built-in engine.
async fn is_answered_by(server: &Server, advisor: &str, name: &str) {
    let ada = server.join("ada").await;

    let reading = server
        .ask(&ada, advisor, "  Should I learn to dance?  ")
        .await;

    assert_eq!(reading["advisor"], advisor);
    assert_eq!(reading["question"], "Should I learn to dance?");
    assert_eq!(reading["status"], "COMPLETED");
    assert_eq!(reading["engine"], "EMBEDDED");
    assert_eq!(reading["model"], Value::Null);
    assert_eq!(reading["tokensUsed"], 0);
    assert_eq!(reading["cost"], "0");
    assert_eq!(reading["failure"], Value::Null);
    assert!(reading["id"].as_str().unwrap().starts_with("reading_"));
    assert!(reading["completedAt"].as_str() >= reading["createdAt"].as_str());
    cites_its_sources(&reading);
    // The four are who they say they are.
    let query = "{ advisors { advisor name title domains greeting suggestions } }";
    let answer = server.graphql(&Nobody, query, json!({})).await;
    let profiles = answer.data()["advisors"].as_array().unwrap().clone();
    assert_eq!(profiles.len(), 4);
    let profile = profiles
        .iter()
        .find(|profile| profile["advisor"] == advisor)
        .unwrap();
    assert_eq!(profile["name"], name);
    for list in ["domains", "suggestions"] {
        assert!(!profile[list].as_array().unwrap().is_empty(), "{list}");
    }
}

/// Every source is cited in the text, `[1]` first, and nothing else is.
fn cites_its_sources(reading: &Value) {
    let response = reading["response"].as_str().unwrap();
    let sources = reading["sources"].as_array().unwrap();
    assert!(!sources.is_empty());
    let mut at = 0;
    for n in 1..=sources.len() {
        let mark = format!("[{n}]");
        at += response[at..]
            .find(&mark)
            .unwrap_or_else(|| panic!("{mark} is not in {response:?}"));
    }
    assert!(!response.contains(&format!("[{}]", sources.len() + 1)));
    for source in sources {
        assert_ne!(source["title"], "");
        assert_ne!(source["excerpt"], "");
    }
}

on_both! {
    async fn ask_advisor_legba(server: Server) {
        is_answered_by(&server, "LEGBA", "Legba").await;
    }

    async fn ask_advisor_oshun(server: Server) {
        is_answered_by(&server, "OSHUN", "Oshun").await;
    }

    async fn ask_advisor_shango(server: Server) {
        is_answered_by(&server, "SHANGO", "Shango").await;
    }

    async fn ask_advisor_yemaya(server: Server) {
        is_answered_by(&server, "YEMAYA", "Yemaya").await;
    }

    async fn ask_advisor_invalid_advisor(server: Server) {
        let ada = server.join("ada").await;

        let answer = server.try_to_ask(&ada, "ZEUS", "Which way from here?").await;

        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(server.graphql(&ada, LIST, json!({})).await.data()["readings"]["totalCount"], 0);
    }

    async fn ask_advisor_question_too_short(server: Server) {
        let ada = server.join("ada").await;

        for short in ["", "why?", "    why?    ", "wéé?"] {
            let answer = server.try_to_ask(&ada, "LEGBA", short).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{short:?}");
            assert_eq!(answer.fields(), [("input.question", "TOO_SHORT")]);
        }
        server.ask(&ada, "LEGBA", "why??").await;
        assert_eq!(server.graphql(&ada, LIST, json!({})).await.data()["readings"]["totalCount"], 1);
    }

    async fn ask_advisor_question_too_long(server: Server) {
        let ada = server.join("ada").await;

        // Characters, not bytes.
        let reading = server.ask(&ada, "OSHUN", &"é".repeat(500)).await;
        assert_eq!(reading["question"].as_str().unwrap().chars().count(), 500);

        let answer = server.try_to_ask(&ada, "OSHUN", &"é".repeat(501)).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(answer.fields(), [("input.question", "TOO_LONG")]);
    }

    async fn ask_advisor_response_is_real(server: Server) {
        let ada = server.join("ada").await;
        let question = "Why does every door I knock on stay shut?";

        let mut answers = HashSet::new();
        for advisor in ["LEGBA", "OSHUN", "SHANGO", "YEMAYA"] {
            let reading = server.ask(&ada, advisor, question).await;
            let response = reading["response"].as_str().unwrap().to_owned();
            assert!(response.len() > 300, "{response}");
            assert!(!response.to_lowercase().contains("placeholder"), "{response}");
            cites_its_sources(&reading);
            assert!(answers.insert(response), "four voices, four answers");
        }
        // It bears on the question: another one is answered from other passages.
        let sources = |reading: &Value| reading["sources"].clone();
        let door = server.ask(&ada, "LEGBA", "A door is closed to me: what opens it?").await;
        let language = server.ask(&ada, "LEGBA", "How do I learn a foreign language well?").await;
        assert_ne!(sources(&door), sources(&language));
        // And the cast is stored with it, as it fell.
        let odd = server.database.execute("DELETE FROM generations WHERE cast_open NOT BETWEEN 0 AND 4").await;
        assert_eq!(odd, 0);
    }

    async fn get_reading(server: Server) {
        let ada = server.join("ada").await;
        let asked = server.ask(&ada, "SHANGO", "Do I stand up or stand down?").await;

        let answer = server.graphql(&ada, READING, json!({ "id": asked["id"] })).await;

        assert_eq!(answer.data()["reading"], asked);
    }

    async fn get_reading_not_found(server: Server) {
        let ada = server.join("ada").await;
        let asked = server.ask(&ada, "SHANGO", "Do I stand up or stand down?").await;
        let delete = "mutation ($id: ID!) { deleteReading(input: { id: $id }) { deletedReadingId } }";

        let deleted = server.graphql(&ada, delete, json!({ "id": asked["id"] })).await;
        assert_eq!(deleted.data()["deleteReading"]["deletedReadingId"], asked["id"]);

        let answer = server.graphql(&ada, READING, json!({ "id": asked["id"] })).await;
        assert_eq!(answer.code(), "NOT_FOUND");
        assert!(answer.json["data"]["reading"].is_null());
        let again = server.graphql(&ada, delete, json!({ "id": asked["id"] })).await;
        assert_eq!(again.code(), "NOT_FOUND");
        let never = server.graphql(&ada, READING, json!({ "id": "reading_01h455vb4pex5vsknk084sn02q" })).await;
        assert_eq!(never.code(), "NOT_FOUND");
    }

    async fn get_reading_unauthorized(server: Server) {
        let ada = server.join("ada").await;
        let asked = server.ask(&ada, "LEGBA", "Which way from here?").await;

        let answer = server.graphql(&Nobody, READING, json!({ "id": asked["id"] })).await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
    }

    async fn get_reading_unauthorized_user(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let asked = server.ask(&ada, "LEGBA", "Which way from here?").await;

        let foreign = server.graphql(&bea, READING, json!({ "id": asked["id"] })).await;

        // As if there were none: nothing tells the two apart.
        let unknown = json!({ "id": "reading_01h455vb4pex5vsknk084sn02q" });
        let unknown = server.graphql(&bea, READING, unknown).await;
        assert_eq!(foreign.code(), "NOT_FOUND");
        assert_eq!(foreign.json, unknown.json);
        let delete = "mutation ($id: ID!) { deleteReading(input: { id: $id }) { deletedReadingId } }";
        let deleted = server.graphql(&bea, delete, json!({ "id": asked["id"] })).await;
        assert_eq!(deleted.code(), "NOT_FOUND");
        server.graphql(&ada, READING, json!({ "id": asked["id"] })).await.data();
    }

    async fn get_readings_list(server: Server) {
        let ada = server.join("ada").await;
        let mut asked = Vec::new();
        for advisor in ["LEGBA", "OSHUN", "SHANGO"] {
            let reading = server.ask(&ada, advisor, "Which way from here?").await;
            asked.insert(0, json!({ "id": reading["id"] }));
        }

        let answer = server.graphql(&ada, LIST, json!({})).await;

        assert_eq!(answer.data()["readings"], json!({
            "totalCount": 3,
            "nodes": asked,
            "pageInfo": { "hasNextPage": false, "hasPreviousPage": false },
        }));
    }

    async fn get_readings_empty(server: Server) {
        let ada = server.join("ada").await;

        let answer = server.graphql(&ada, LIST, json!({})).await;

        assert_eq!(answer.data()["readings"], json!({
            "totalCount": 0,
            "nodes": [],
            "pageInfo": { "hasNextPage": false, "hasPreviousPage": false },
        }));
    }

    async fn get_readings_pagination(server: Server) {
        let ada = server.join("ada").await;
        for n in 0..21 {
            server.ask(&ada, "LEGBA", &format!("Question number {n}?")).await;
        }

        // A page is 20 when no size is named.
        let query = "query ($after: String) { readings(after: $after) {
            totalCount edges { cursor node { question } } pageInfo { hasNextPage endCursor }
        } }";
        let answer = server.graphql(&ada, query, json!({})).await;
        let page = &answer.data()["readings"];
        assert_eq!(page["totalCount"], 21);
        assert_eq!(page["edges"].as_array().unwrap().len(), 20);
        assert_eq!(page["edges"][0]["node"]["question"], "Question number 20?");
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        assert_eq!(page["pageInfo"]["endCursor"], page["edges"][19]["cursor"]);

        let rest = server.graphql(&ada, query, json!({ "after": page["pageInfo"]["endCursor"] })).await;
        let rest = &rest.data()["readings"];
        assert_eq!(rest["totalCount"], 21);
        assert_eq!(rest["edges"].as_array().unwrap().len(), 1);
        assert_eq!(rest["edges"][0]["node"]["question"], "Question number 0?");
        assert_eq!(rest["pageInfo"]["hasNextPage"], false);
    }

    async fn get_readings_unauthorized(server: Server) {
        let answer = server.graphql(&Nobody, LIST, json!({})).await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
        assert!(answer.json["data"]["readings"].is_null());
    }
}

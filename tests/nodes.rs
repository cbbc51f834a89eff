//! Objects by their ids: one's own and no others.

use serde_json::{Value, json};

use crate::support::{Nobody, Server, Service, on_both};

const NODE: &str = "query ($id: ID!) { node(id: $id) {
    __typename id
    ... on Reading { question }
    ... on User { email }
    ... on Session { isCurrent }
    ... on Generation { sequence response }
    ... on Usage { readingsToday }
    ... on AdvisorProfile { name }
} }";

const NODES: &str = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";

/// Well formed, and nobody's.
const UNKNOWN: [&str; 7] = [
    "user_01h455vb4pex5vsknk084sn02q",
    "session_01h455vb4pex5vsknk084sn02q",
    "reading_01h455vb4pex5vsknk084sn02q",
    "generation_01h455vb4pex5vsknk084sn02q",
    "usage_01h455vb4pex5vsknk084sn02q",
    "advisor_01h455vb4pex5vsknk084sn02q",
    "event_01h455vb4pex5vsknk084sn02q",
];

const MALFORMED: [&str; 11] = [
    "",
    "1",
    "reading",
    "reading_",
    "reading_01h455vb4pex5vsknk084sn02",
    "reading_01h455vb4pex5vsknk084sn02qq",
    "reading_01H455VB4PEX5VSKNK084SN02Q",
    "reading_81h455vb4pex5vsknk084sn02q",
    "chunk_01h455vb4pex5vsknk084sn02q",
    "01890a5d-ac96-774b-bcce-b302099a8057",
    // 64 bytes before the last underscore, with a character across the 63rd.
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé_01h455vb4pex5vsknk084sn02q",
];

on_both! {
    async fn ones_own_objects_are_found_by_id(server: Server) {
        let ada = server.join("ada").await;
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;

        let query = "{ profile { usage { id } } advisors { id name } }";
        let ids = server.graphql(&ada, query, json!({})).await.data().clone();
        let usage = &ids["profile"]["usage"]["id"];

        for expected in [
            json!({ "__typename": "Usage", "id": usage, "readingsToday": 1 }),
            json!({ "__typename": "AdvisorProfile", "id": ids["advisors"][0]["id"], "name": "Legba" }),
            json!({ "__typename": "AdvisorProfile", "id": ids["advisors"][3]["id"], "name": "Yemaya" }),
            json!({ "__typename": "User", "id": ada.id, "email": ada.email }),
            json!({ "__typename": "Session", "id": ada.session, "isCurrent": true }),
            json!({ "__typename": "Reading", "id": reading["id"], "question": "Which way from here?" }),
        ] {
            let answer = server.graphql(&ada, NODE, json!({ "id": expected["id"] })).await;
            assert_eq!(answer.data()["node"], expected);
        }
    }

    async fn generations_are_found_with_their_texts(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let id = server.ask(&ada, "LEGBA", "Which way from here?").await["id"].clone();
        server.regenerate(&ada, json!({ "id": id })).await.data();
        let query = "query ($id: ID!) { reading(id: $id) {
            response generation { id } generations { id sequence response }
        } }";

        let answer = server.graphql(&ada, query, json!({ "id": id })).await;

        let reading = &answer.data()["reading"];
        let generations = reading["generations"].as_array().unwrap();
        assert_eq!(generations.len(), 2);
        assert_eq!(generations[0]["id"], reading["generation"]["id"]);
        assert_eq!(generations[0]["response"], reading["response"]);
        assert_ne!(generations[0]["response"], generations[1]["response"]);
        for expected in generations {
            let answer = server.graphql(&ada, NODE, json!({ "id": expected["id"] })).await;
            let mut found = answer.data()["node"].clone();
            assert_eq!(found.as_object_mut().unwrap().remove("__typename"), Some(json!("Generation")));
            assert_eq!(&found, expected);
            let answer = server.graphql(&bea, NODE, json!({ "id": expected["id"] })).await;
            assert_eq!(answer.data()["node"], Value::Null);
        }
    }

    async fn anothers_and_unknown_ones_are_null(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let reading = server.ask(&bea, "LEGBA", "Which way from here?").await;
        let usage = server.graphql(&bea, "{ profile { usage { id } } }", json!({})).await;
        let usage = &usage.data()["profile"]["usage"]["id"];
        let theirs = [bea.id.as_str(), &bea.session, reading["id"].as_str().unwrap(), usage.as_str().unwrap()];

        for id in theirs.into_iter().chain(UNKNOWN) {
            let answer = server.graphql(&ada, NODE, json!({ "id": id })).await;
            assert_eq!(answer.data()["node"], Value::Null, "{id}");
        }
        // In the order asked for, with gaps where there is nothing, as often as asked for.
        let ids = [theirs[2], &ada.session, UNKNOWN[0], &ada.id, &ada.session];
        let answer = server.graphql(&ada, NODES, json!({ "ids": ids })).await;
        assert_eq!(answer.data()["nodes"], json!([
            null,
            { "__typename": "Session", "id": ada.session },
            null,
            { "__typename": "User", "id": ada.id },
            { "__typename": "Session", "id": ada.session },
        ]));
    }

    async fn what_has_ended_or_gone_is_null(server: Server) {
        let ada = server.join("ada").await;
        let ended = server.sign_in("ada").await;
        server.graphql(&ended, "mutation { logout(input: { everywhere: false }) { message } }", json!({})).await.data();
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let delete = "mutation ($id: ID!) { deleteReading(input: { id: $id }) { deletedReadingId } }";
        server.graphql(&ada, delete, json!({ "id": reading["id"] })).await.data();

        let answer = server.graphql(&ada, NODES, json!({ "ids": [ended.session, reading["id"]] })).await;

        assert_eq!(answer.data()["nodes"], json!([null, null]));
    }

    async fn what_is_no_id_is_bad_input(server: Server) {
        let ada = server.join("ada").await;
        let reading = "query ($id: ID!) { reading(id: $id) { id } }";

        for id in MALFORMED {
            for (query, variables, path) in [
                (NODE, json!({ "id": id }), "id"),
                (reading, json!({ "id": id }), "id"),
            ] {
                let answer = server.graphql(&ada, query, variables).await;
                assert_eq!(answer.code(), "BAD_USER_INPUT", "{id:?}");
                assert_eq!(answer.fields(), [(path, "INVALID_ID")]);
            }
        }
        // Among others, it is null in its place, and the others are found.
        let ids = [MALFORMED[0], &ada.id, UNKNOWN[0], MALFORMED[3], &ada.session];
        let query = NODES.replace("nodes(", "all: nodes(");
        let answer = server.graphql(&ada, &query, json!({ "ids": ids })).await;
        assert_eq!((answer.status, &answer.json["data"]), (200, &json!({ "all": [
            null,
            { "__typename": "User", "id": ada.id },
            null,
            null,
            { "__typename": "Session", "id": ada.session },
        ] })));
        let errors = answer.json["errors"].as_array().unwrap();
        let paths: Vec<_> = errors.iter().map(|error| &error["path"]).collect();
        assert_eq!(paths, [&json!(["all", 0]), &json!(["all", 3])]);
        for error in errors {
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
            assert_eq!(error["extensions"]["fields"][0]["code"], "INVALID_ID");
        }
        // Another type's id is none of a reading's.
        for id in [&ada.id, &ada.session] {
            let answer = server.graphql(&ada, reading, json!({ "id": id })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT");
            assert_eq!(answer.fields(), [("id", "INVALID_ID")]);
        }
    }

    async fn a_hundred_at_once_and_no_more(server: Server) {
        let ada = server.join("ada").await;

        let answer = server.graphql(&ada, NODES, json!({ "ids": vec![&ada.id; 100] })).await;
        assert_eq!(answer.data()["nodes"].as_array().unwrap().len(), 100);
        let answer = server.graphql(&ada, NODES, json!({ "ids": [] })).await;
        assert_eq!(answer.data()["nodes"], json!([]));

        let answer = server.graphql(&ada, NODES, json!({ "ids": vec![&ada.id; 101] })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(answer.fields(), [("ids", "TOO_MANY")]);
    }

    async fn nobody_finds_anything_but_advisors(server: Server) {
        let ada = server.join("ada").await;
        let advisors = server.graphql(&Nobody, "{ advisors { __typename id } }", json!({})).await;
        let advisors = advisors.data()["advisors"].as_array().unwrap().clone();
        let ids: Vec<_> = advisors.iter().map(|advisor| &advisor["id"]).collect();
        let answer = server.graphql(&Nobody, NODES, json!({ "ids": ids })).await;
        assert_eq!(*answer.data(), json!({ "nodes": advisors }));
        let answer = server.graphql(&Nobody, NODES, json!({ "ids": [ids[0], ada.id] })).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED");

        for (query, variables) in [(NODE, json!({ "id": ada.id })), (NODES, json!({ "ids": [ada.id] }))] {
            let answer = server.graphql(&Nobody, query, variables).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED");
        }
    }
}

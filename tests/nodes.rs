//! Objects by their ids: one's own and no others.

use serde_json::{Value, json};

use crate::support::{Nobody, Server, on_both};

const NODE: &str = "query ($id: ID!) { node(id: $id) {
    __typename id
    ... on Reading { question }
    ... on User { email }
    ... on Session { isCurrent }
} }";

const NODES: &str = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";

/// Well formed, and nobody's.
const UNKNOWN: [&str; 3] = [
    "user_01h455vb4pex5vsknk084sn02q",
    "session_01h455vb4pex5vsknk084sn02q",
    "reading_01h455vb4pex5vsknk084sn02q",
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

        for expected in [
            json!({ "__typename": "User", "id": ada.id, "email": ada.email }),
            json!({ "__typename": "Session", "id": ada.session, "isCurrent": true }),
            json!({ "__typename": "Reading", "id": reading["id"], "question": "Which way from here?" }),
        ] {
            let answer = server.graphql(&ada, NODE, json!({ "id": expected["id"] })).await;
            assert_eq!(answer.data()["node"], expected);
        }
    }

    async fn anothers_and_unknown_ones_are_null(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let reading = server.ask(&bea, "LEGBA", "Which way from here?").await;
        let theirs = [bea.id.as_str(), &bea.session, reading["id"].as_str().unwrap()];

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
                (NODES, json!({ "ids": [ada.id, id] }), "ids"),
                (reading, json!({ "id": id }), "id"),
            ] {
                let answer = server.graphql(&ada, query, variables).await;
                assert_eq!(answer.code(), "BAD_USER_INPUT", "{id:?}");
                assert_eq!(answer.fields(), [(path, "INVALID_ID")]);
            }
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

    async fn nobody_finds_anything(server: Server) {
        let ada = server.join("ada").await;

        for (query, variables) in [(NODE, json!({ "id": ada.id })), (NODES, json!({ "ids": [ada.id] }))] {
            let answer = server.graphql(&Nobody, query, variables).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED");
        }
    }
}

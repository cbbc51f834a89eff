//! Excerpts of answers, as lists show them.

use serde_json::{Value, json};

use crate::support::{Server, Service, on_both};

on_both! {
    async fn an_excerpt_is_the_beginning_of_the_answer(server: Server) {
        let ada = server.join("ada").await;
        let id = server.ask(&ada, "OSHUN", "Which way from here?").await["id"].clone();
        let query = "query ($id: ID!, $length: Int!) {
            reading(id: $id) { response excerpt short: excerpt(length: $length) }
            readings { nodes { excerpt short: excerpt(length: 20) } }
        }";

        let answer = server.graphql(&ada, query, json!({ "id": id, "length": 20 })).await;

        let reading = &answer.data()["reading"];
        let response = reading["response"].as_str().unwrap().replace('\n', " ");
        let begins = response.chars().filter(|c| !"*_ ".contains(*c)).collect::<String>();
        for (field, length) in [("excerpt", 140), ("short", 20)] {
            let excerpt = reading[field].as_str().unwrap();
            assert!(excerpt.chars().count() <= length, "{excerpt}");
            let kept = excerpt.strip_suffix('…').unwrap().replace(' ', "");
            assert!(!kept.is_empty() && begins.starts_with(&kept), "{excerpt}");
        }
        // A list of nothing else reads no more of the text, and cuts it alike.
        let listed = &answer.data()["readings"]["nodes"][0];
        assert_eq!((&listed["excerpt"], &listed["short"]), (&reading["excerpt"], &reading["short"]));
    }

    #[settings("--embedded-pace", "1")]
    async fn an_answer_without_a_word_has_none(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        server.cancel(&ada, &id).await.data();
        let query = "query ($id: ID!) { reading(id: $id) { response excerpt sequence } }";

        let answer = server.graphql(&ada, query, json!({ "id": id })).await;

        let reading = &answer.data()["reading"];
        if reading["response"] == Value::Null {
            assert_eq!((&reading["excerpt"], &reading["sequence"]), (&Value::Null, &json!(0)));
        }
    }

    async fn a_length_is_between_1_and_500(server: Server) {
        let ada = server.join("ada").await;
        let id = server.ask(&ada, "OSHUN", "Which way from here?").await["id"].clone();
        let query = "query ($id: ID!, $length: Int!) { reading(id: $id) { id excerpt(length: $length) } }";

        for length in [1, 500] {
            server.graphql(&ada, query, json!({ "id": id, "length": length })).await.data();
        }
        for length in [-1, 0, 501] {
            let answer = server.graphql(&ada, query, json!({ "id": id, "length": length })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT");
            assert_eq!(answer.fields(), [("length", "OUT_OF_RANGE")]);
            assert_eq!(answer.json["data"]["reading"], json!({ "id": id, "excerpt": null }));
        }
    }
}

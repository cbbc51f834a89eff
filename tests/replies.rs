//! Follow-ups: a question that goes on with a finished reading.

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{
    Answer, Database, Member, Provider, Server, Service, chunk, count_is, finish, on_both, postgres,
};

const FIELDS: &str = "fragment Reply on Reading {
    id status response engine care isCached sources { title } inReplyTo { id response inReplyTo { id } }
    replies(first: 10) { totalCount nodes { id } }
}";

/// A question to Oshun, with whatever else the input is to have.
async fn try_to_ask(server: &Server, who: &Member, question: &str, more: Value) -> Answer {
    let query = format!(
        "mutation ($input: AskAdvisorInput!) {{
            askAdvisor(input: $input) {{ reading {{ ...Reply }} }}
        }} {FIELDS}"
    );
    let mut input = json!({ "advisor": "OSHUN", "question": question });
    if let (Some(input), Value::Object(more)) = (input.as_object_mut(), more) {
        input.extend(more);
    }
    server.graphql(who, &query, json!({ "input": input })).await
}

async fn ask(server: &Server, who: &Member, question: &str, more: Value) -> Value {
    let answer = try_to_ask(server, who, question, more).await;
    answer.data()["askAdvisor"]["reading"].clone()
}

async fn reading(server: &Server, who: &Member, id: &Value) -> Value {
    let query = format!("query ($id: ID!) {{ reading(id: $id) {{ ...Reply }} }} {FIELDS}");
    let answer = server.graphql(who, &query, json!({ "id": id })).await;
    answer.data()["reading"].clone()
}

fn titles(reading: &Value) -> Vec<String> {
    let sources = reading["sources"].as_array().unwrap().iter();
    sources
        .map(|source| source["title"].as_str().unwrap().to_owned())
        .collect()
}

on_both! {
    async fn a_reply_goes_on_with_a_reading(server: Server) {
        let ada = server.join("ada").await;
        let first = ask(&server, &ada, "How do I forgive an old friend?", json!({})).await;
        assert_eq!([&first["inReplyTo"], &first["replies"]["totalCount"]], [&Value::Null, &json!(0)]);

        // Its subject is the conversation's; nothing is told twice, and nothing is cast.
        let reply = ask(&server, &ada, "Should I say more about it?", json!({ "inReplyTo": first["id"] })).await;
        assert_eq!(reply["inReplyTo"]["id"], first["id"]);
        assert_eq!(reply["inReplyTo"]["response"], first["response"]);
        assert!(!titles(&reply).is_empty(), "{reply}");
        for title in titles(&first) {
            assert!(!titles(&reply).contains(&title), "{title}");
        }
        assert!(!reply["response"].as_str().unwrap().contains("lobes"), "{reply}");
        let again = ask(&server, &ada, "And what then?", json!({ "inReplyTo": reply["id"], "advisor": "LEGBA" })).await;
        assert_eq!(again["inReplyTo"]["inReplyTo"]["id"], first["id"]);

        let other = ask(&server, &ada, "Is there another way?", json!({ "inReplyTo": first["id"] })).await;
        let replies = reading(&server, &ada, &first["id"]).await["replies"].clone();
        assert_eq!(replies, json!({ "totalCount": 2, "nodes": [{ "id": other["id"] }, { "id": reply["id"] }] }));

        // A reply stands without its reading.
        server.delete_reading(&ada, first["id"].as_str().unwrap()).await.data();
        let left = reading(&server, &ada, &reply["id"]).await;
        assert_eq!((&left["inReplyTo"], &left["response"]), (&Value::Null, &reply["response"]));
        assert_eq!(reading(&server, &ada, &again["id"]).await["inReplyTo"]["id"], reply["id"]);
        server.regenerate(&ada, json!({ "id": again["id"] })).await.data();
        assert_eq!(reading(&server, &ada, &again["id"]).await["inReplyTo"]["id"], reply["id"]);
    }

    #[settings("--embedded-pace", "5")]
    async fn only_a_finished_reading_of_ones_own_is_replied_to(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let id = server.begin(&ada, "Which way from here?").await;
        let more = json!({ "inReplyTo": id, "wait": false });

        let early = try_to_ask(&server, &ada, "And then?", more.clone()).await;
        assert_eq!(early.code(), "CONFLICT");
        assert_eq!(early.fields(), [("input.inReplyTo", "UNFINISHED")]);
        let theirs = try_to_ask(&server, &bea, "And then?", more.clone()).await;
        assert_eq!(theirs.code(), "NOT_FOUND");
        let malformed = try_to_ask(&server, &ada, "And then?", json!({ "inReplyTo": ada.id })).await;
        assert_eq!(malformed.fields(), [("input.inReplyTo", "INVALID_ID")]);

        server.cancel(&ada, &id).await.data();
        let reply = ask(&server, &ada, "And then?", more).await;
        assert_eq!(reply["inReplyTo"]["id"], id.as_str());
    }

    async fn a_conversation_is_part_of_the_question(server: Server) {
        let ada = server.join("ada").await;
        let first = ask(&server, &ada, "How do I forgive an old friend?", json!({})).await;
        let second = ask(&server, &ada, "Why am I so tired of my work?", json!({})).await;
        let (to_first, to_second) = (json!({ "inReplyTo": first["id"] }), json!({ "inReplyTo": second["id"] }));

        // For the cache,
        let alone = ask(&server, &ada, "And what then?", json!({})).await;
        let reply = ask(&server, &ada, "And what then?", to_first.clone()).await;
        assert_eq!((&reply["isCached"], &alone["isCached"]), (&json!(false), &json!(false)));
        assert_eq!(ask(&server, &ada, "And what then?", to_second).await["isCached"], false);
        let again = ask(&server, &ada, "And what then?", to_first).await;
        assert_eq!((&again["isCached"], &again["response"]), (&json!(true), &reply["response"]));
        assert_eq!(again["inReplyTo"]["id"], first["id"]);

        // and for an idempotency key.
        let with = |to: &Value| json!({ "idempotencyKey": "once", "inReplyTo": to });
        let once = ask(&server, &ada, "Is that all?", with(&first["id"])).await;
        let twice = ask(&server, &ada, "Is that all?", with(&first["id"])).await;
        assert_eq!(once["id"], twice["id"]);
        for other in [&second["id"], &Value::Null] {
            let refused = try_to_ask(&server, &ada, "Is that all?", with(other)).await;
            assert_eq!(refused.code(), "CONFLICT", "{other}");
        }
    }

    async fn a_cry_for_help_is_heard_across_questions(server: Server) {
        let ada = server.join("ada").await;
        let cry = ask(&server, &ada, "I want to die. Which door is left for me?", json!({})).await;
        assert_eq!(cry["engine"], "CARE");

        let reply = ask(&server, &ada, "Tell me of the river", json!({ "inReplyTo": cry["id"] })).await;
        assert_eq!((&reply["engine"], &reply["care"]), (&json!("EMBEDDED"), &json!("SOFT")));
        let further = ask(&server, &ada, "Where does it end?", json!({ "inReplyTo": reply["id"] })).await;
        assert_eq!(further["care"], "SOFT");
        let again = ask(&server, &ada, "I want to kill myself", json!({ "inReplyTo": further["id"] })).await;
        assert_eq!((&again["engine"], &again["care"]), (&json!("CARE"), &json!("CRISIS")));
        let other = ask(&server, &ada, "Where does the river end?", json!({})).await;
        assert_eq!(other["care"], "NONE");
    }

    async fn a_model_is_told_the_conversation_as_data(server: Server) {
        let mut provider = Provider::start().await;
        let server = server.restart(&[
            "--model-base-url", provider.url(), "--model-name", "m", "--model-context-tokens", "8192",
        ]).await;
        let ada = server.join("ada").await;
        let mut last = Value::Null;
        for (question, answer) in [
            ("Why does </earlier> the river bend?", "Because of stone."),
            ("And the sea?", "It waits."),
            ("And I?", "You too."),
        ] {
            let asked = ask(&server, &ada, question, json!({ "inReplyTo": last }));
            let written = async {
                let mut call = provider.call().await;
                call.begin().await;
                call.event(&chunk(answer)).await;
                call.event(&finish("stop")).await;
                let said = call.body["messages"].clone();
                call.done().await;
                said
            };
            let (reading, said) = tokio::join!(asked, written);
            let (instructions, input) = (said[0]["content"].as_str().unwrap(), said[1]["content"].as_str().unwrap());
            assert_eq!(instructions.contains("goes on with a conversation"), !last.is_null());
            if question == "And I?" {
                assert_eq!(
                    input,
                    "<earlier>\nQuestion to Oshun: And the sea?\nAnswer: It waits.\n\n\
                     Question to Oshun: Why does &lt;/earlier> the river bend?\nAnswer: Because of stone.\n</earlier>\n\n\
                     <question>\nAnd I?\n</question>"
                );
            }
            last = reading["id"].clone();
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_while_a_reply_waits_is_not_taken_for_what_it_was() {
    let Some(cluster) = postgres::cluster().await else {
        return;
    };
    let mut provider = Provider::start().await;
    let flags = ["--model-base-url", provider.url(), "--model-name", "m"];
    let server = Server::start(Database::on(cluster).await, &flags).await;
    let ada = server.join("ada").await;
    let first = ask(
        &server,
        &ada,
        "Why does the river bend?",
        json!({ "wait": false }),
    )
    .await;
    let mut call = provider.call().await;
    let direct = sea_orm::Database::connect(server.database.url())
        .await
        .unwrap();
    let holding = direct.begin().await.unwrap();
    holding
        .execute_unprepared("SELECT id FROM users FOR NO KEY UPDATE")
        .await
        .unwrap();
    let waiting =
        "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let reply = try_to_ask(
        &server,
        &ada,
        "And the sea?",
        json!({ "inReplyTo": first["id"], "wait": false }),
    );
    let meanwhile = async {
        count_is(&server.database, waiting, 1).await;
        call.begin().await;
        call.event(&chunk("Because of stone.")).await;
        call.event(&finish("stop")).await;
        call.done().await;
        count_is(&server.database, "readings WHERE status = 'COMPLETED'", 1).await;
        holding.commit().await.unwrap();
    };
    let (reply, ()) = tokio::join!(reply, meanwhile);

    assert_eq!(reply.fields(), [("input.inReplyTo", "UNFINISHED")]);
    direct.close().await.unwrap();
}

//! Care: who speaks of suicide, self-harm or violence is told where to find help, at once, at no
//! cost and whatever limits are reached. Which questions these are is held by `src/advisor/care.rs`
//! and the questions in `tests/care`.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Answer, Member, Server, Service, Told, Via, on_both};

const CRY: &str = "I want to die. Which door is left for me?";

const READING: &str = "fragment Care on Reading {
    id question status response engine model tokensUsed cost isCached completedAt
    sources { title excerpt url } failure { code }
    generations { status engine response }
}";

/// Asks Yemaya, with whatever else the input is to have.
async fn ask(server: &Server, who: &Member, question: &str, more: Value) -> Answer {
    let query = format!(
        "mutation ($input: AskAdvisorInput!) {{
            askAdvisor(input: $input) {{ reading {{ ...Care }} }}
        }} {READING}"
    );
    let mut input = json!({ "advisor": "YEMAYA", "question": question });
    if let (Some(input), Value::Object(more)) = (input.as_object_mut(), more) {
        input.extend(more);
    }
    server.graphql(who, &query, json!({ "input": input })).await
}

async fn regenerate(server: &Server, who: &Member, id: &Value) -> Answer {
    let query = format!(
        "mutation ($id: ID!) {{
            regenerateReading(input: {{ id: $id }}) {{ reading {{ ...Care }} }}
        }} {READING}"
    );
    server.graphql(who, &query, json!({ "id": id })).await
}

async fn readings_today(server: &Server, who: &Member) -> Value {
    let query = "{ profile { usage { readingsToday tokensThisMonth costThisMonth } } }";
    let answer = server.graphql(who, query, json!({})).await;
    let usage = &answer.data()["profile"]["usage"];
    assert_eq!(usage["tokensThisMonth"], 0);
    assert_eq!(usage["costThisMonth"], "0");
    usage["readingsToday"].clone()
}

/// Whole when it is answered, whoever was asked, with where to find help as its sources.
#[track_caller]
fn is_care(reading: &Value) {
    assert_eq!(reading["status"], "COMPLETED", "{reading:#}");
    assert_eq!(reading["engine"], "CARE");
    assert_eq!(reading["model"], Value::Null);
    assert_eq!(reading["failure"], Value::Null);
    assert_eq!(reading["tokensUsed"], 0);
    assert_eq!(reading["cost"], "0");
    assert_eq!(reading["isCached"], false);
    assert!(reading["completedAt"].is_string());
    let response = reading["response"].as_str().unwrap();
    assert!(
        response.contains("This service is not a person"),
        "{response}"
    );
    assert!(response.contains("911"), "{response}");
    assert!(!response.contains("Yemaya"), "{response}");
    let sources = reading["sources"].as_array().unwrap();
    assert!(sources.len() >= 5);
    for (index, source) in sources.iter().enumerate() {
        let url = source["url"].as_str().unwrap();
        assert!(
            response.contains(&format!("{url} [{}]", index + 1)),
            "{url} in {response}"
        );
        assert_ne!(source["title"], "");
        assert_ne!(source["excerpt"], "");
    }
}

on_both! {
    #[settings("--embedded-pace", "1")]
    async fn a_cry_for_help_is_answered_at_once(server: Server) {
        let ada = server.join("ada").await;

        for wait in [true, false] {
            let answer = ask(&server, &ada, CRY, json!({ "wait": wait })).await;
            let reading = &answer.data()["askAdvisor"]["reading"];
            is_care(reading);
            assert_eq!(reading["question"], CRY);
            assert_eq!(reading["generations"].as_array().unwrap().len(), 1);
            assert_eq!(reading["generations"][0]["engine"], "CARE");
            assert_eq!(reading["generations"][0]["status"], "COMPLETED");
        }
        assert_eq!(readings_today(&server, &ada).await, 0);
    }

    async fn each_kind_has_a_reply_of_its_own(server: Server) {
        let ada = server.join("ada").await;
        let mut replies = Vec::new();
        for question in [
            "My friend says she doesn't want to live any more",
            "I'm going to hurt him tonight",
            "My husband hits me. Is it my fault?",
        ] {
            let answer = ask(&server, &ada, question, json!({})).await;
            let reading = &answer.data()["askAdvisor"]["reading"];
            is_care(reading);
            replies.push(reading["response"].clone());
        }
        replies.dedup();
        assert_eq!(replies.len(), 3);
    }

    async fn what_only_sounds_like_it_is_answered_by_the_advisor(server: Server) {
        let ada = server.join("ada").await;
        for question in [
            "How do I kill time before my flight?",
            "My mother died last month. How do I go on?",
            "Why did Shango hang himself at Koso?",
        ] {
            let answer = ask(&server, &ada, question, json!({})).await;
            let reading = &answer.data()["askAdvisor"]["reading"];
            assert_eq!(reading["engine"], "EMBEDDED", "{question}");
        }
        assert_eq!(readings_today(&server, &ada).await, 3);
    }

    #[settings("--readings-per-day", "1")]
    async fn it_is_answered_when_the_day_is_used_up(server: Server) {
        let ada = server.join("ada").await;
        ask(&server, &ada, "Which way from here?", json!({})).await.data();
        assert_eq!(ask(&server, &ada, "And then?", json!({})).await.code(), "QUOTA_EXCEEDED");

        let answer = ask(&server, &ada, CRY, json!({})).await;

        let reading = &answer.data()["askAdvisor"]["reading"];
        is_care(reading);
        let again = regenerate(&server, &ada, &reading["id"]).await;
        is_care(&again.data()["regenerateReading"]["reading"]);
        assert_eq!(readings_today(&server, &ada).await, 1);
    }

    #[settings("--embedded-pace", "1")]
    async fn it_is_answered_while_two_are_being_written(server: Server) {
        let ada = server.join("ada").await;
        server.begin(&ada, "Which way from here?").await;
        server.begin(&ada, "And then?").await;
        assert_eq!(ask(&server, &ada, "And after that?", json!({})).await.code(), "RATE_LIMITED");

        let answer = ask(&server, &ada, CRY, json!({})).await;

        let reading = &answer.data()["askAdvisor"]["reading"];
        is_care(reading);
        let again = regenerate(&server, &ada, &reading["id"]).await;
        is_care(&again.data()["regenerateReading"]["reading"]);
    }

    async fn it_can_be_followed_like_any_other(server: Server) {
        let ada = server.join("ada").await;
        let answer = ask(&server, &ada, CRY, json!({ "wait": false })).await;
        let reading = &answer.data()["askAdvisor"]["reading"];

        for via in [Via::Socket, Via::Events] {
            let mut told = Told::default();
            let id = reading["id"].as_str().unwrap();
            told.listen_to_end(&mut server.follow(via, &ada, id, 0).await).await;
            assert_eq!(reading["response"], told.text);
            assert_eq!(told.status.as_deref(), Some("COMPLETED"));
        }
    }

    async fn regenerating_it_changes_nothing(server: Server) {
        let ada = server.join("ada").await;
        let answer = ask(&server, &ada, CRY, json!({})).await;
        let first = answer.data()["askAdvisor"]["reading"].clone();

        let answer = regenerate(&server, &ada, &first["id"]).await;

        assert_eq!(answer.data()["regenerateReading"]["reading"], first);
        assert_eq!(first["generations"].as_array().unwrap().len(), 1);
        assert_eq!(readings_today(&server, &ada).await, 0);
    }

    // Nobody in need of help is refused; but the rows that one user can make are bounded.
    async fn past_a_rate_the_same_reply_is_returned_again(server: Server) {
        let ada = server.join("ada").await;
        let hurt = "My husband hits me. Is it my fault?";
        for _ in 0..20 {
            ask(&server, &ada, CRY, json!({})).await.data();
        }
        let total = async || {
            let answer = server.graphql(&ada, "{ readings { totalCount } }", json!({})).await;
            answer.data()["readings"]["totalCount"].clone()
        };
        assert_eq!(total().await, 20);

        let first = ask(&server, &ada, CRY, json!({ "idempotencyKey": "a" })).await;
        let second = ask(&server, &ada, CRY, json!({ "wait": false })).await;

        for answer in [&first, &second] {
            is_care(&answer.data()["askAdvisor"]["reading"]);
            assert_eq!(answer.data(), first.data());
        }
        assert_eq!(total().await, 20);
        // Another need has another reply.
        let other = ask(&server, &ada, hurt, json!({})).await;
        is_care(&other.data()["askAdvisor"]["reading"]);
        assert_ne!(other.data()["askAdvisor"]["reading"]["response"], first.data()["askAdvisor"]["reading"]["response"]);
        assert_eq!(total().await, 21);
        // An hour later there is room again.
        server.clock.advance(TimeDelta::minutes(61));
        let later = ask(&server, &ada, CRY, json!({})).await;
        is_care(&later.data()["askAdvisor"]["reading"]);
        assert_eq!(total().await, 22);
    }

    async fn a_key_asks_it_once(server: Server) {
        let ada = server.join("ada").await;
        let key = json!({ "idempotencyKey": "once" });

        let first = ask(&server, &ada, CRY, key.clone()).await;
        let second = ask(&server, &ada, CRY, key).await;

        let id = |answer: &Answer| answer.data()["askAdvisor"]["reading"]["id"].clone();
        assert_eq!(id(&first), id(&second));
        let query = "{ readings { totalCount } }";
        let answer = server.graphql(&ada, query, json!({})).await;
        assert_eq!(answer.data()["readings"]["totalCount"], 1);
    }
}

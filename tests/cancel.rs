//! Cancelling, regenerating, the quota and idempotency keys, during an answer and afterwards.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Instance, Member, Server, Service, Told, Via, on_both};

const COUNT: &str =
    "{ profile { usage { readingsToday readingsPerDay resetsAt } readings { totalCount } } }";

pub async fn count(server: &Server, who: &Member) -> (Value, Value) {
    let answer = server.graphql(who, COUNT, json!({})).await;
    let profile = &answer.data()["profile"];
    (
        profile["readings"]["totalCount"].clone(),
        profile["usage"]["readingsToday"].clone(),
    )
}

pub fn asked(answer: &Answer) -> &Value {
    &answer.data()["askAdvisor"]["reading"]
}

/// Follows until something has been written.
async fn heard_something(service: &impl Service, who: &Member, id: &str) -> Told {
    let mut told = Told::default();
    let mut follower = service.follow(Via::Events, who, id, 0).await;
    assert!(told.listen(&mut follower, 2).await.is_none());
    told
}

/// Sets the clock to noon: nothing that is counted by the day sees midnight.
fn noon(server: &Server) {
    let now = server.clock.now();
    let tomorrow = now.date_naive().succ_opt().unwrap();
    let noon = tomorrow.and_hms_opt(12, 0, 0).unwrap().and_utc();
    server.clock.advance(noon - now);
}

/// Asks, and again for a while when two answers are on their way already.
async fn ask_until_taken_or_refused(server: &Server, who: &Member, question: &str) -> Answer {
    let begin = Instant::now();
    loop {
        let answer = server
            .ask_with(who, question, json!({ "wait": false }))
            .await;
        assert!(
            begin.elapsed() < Duration::from_mins(1),
            "{:#}",
            answer.json
        );
        if answer.json.get("errors").is_none() || answer.code() != "RATE_LIMITED" {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

on_both! {
    #[settings("--embedded-pace", "10")]
    async fn cancelling_keeps_what_was_written(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut follower = server.follow(Via::Socket, &ada, &id, 0).await;
        let mut told = Told::default();
        assert!(told.listen(&mut follower, 2).await.is_none());

        let answer = server.cancel(&ada, &id).await;

        let reading = &answer.data()["cancelReading"]["reading"];
        assert_eq!(reading["status"], "CANCELLED");
        assert_eq!(reading["failure"], Value::Null);
        told.listen_to_end(&mut follower).await;
        assert_eq!(told.status.as_deref(), Some("CANCELLED"));
        assert_eq!(reading["response"], told.text);
        // It stays so, also when it is cancelled again.
        assert_eq!(&server.cancel(&ada, &id).await.data()["cancelReading"]["reading"], reading);
        assert_eq!(&server.reading(&ada, &id).await, reading);
    }

    #[settings("--embedded-pace", "10")]
    async fn any_instance_can_cancel(server: Server) {
        let other = Instance::beside(&server, &[]).await;
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let told = heard_something(&other, &ada, &id).await;

        // It answers once the writer has stopped, or after two seconds if it has not.
        let answer = other.cancel(&ada, &id).await;

        let reading = &answer.data()["cancelReading"]["reading"];
        assert_eq!(reading["status"], "CANCELLED");
        assert!(reading["response"].as_str().unwrap().starts_with(&told.text));
        assert_eq!(&server.reading(&ada, &id).await, reading);
        // Cancelled for good: its place is free, and another is written.
        for question in ["One more question?", "And another one?"] {
            server.begin(&ada, question).await;
        }
    }

    #[settings("--embedded-pace", "10", "--writers", "1")]
    async fn what_waits_for_a_writer_can_be_cancelled(server: Server) {
        let ada = server.join("ada").await;
        let first = server.begin(&ada, "Which way from here?").await;
        let second = server.begin(&ada, "And where to then?").await;
        assert_eq!(server.reading(&ada, &second).await["status"], "PENDING");

        let answer = server.cancel(&ada, &second).await;

        let reading = &answer.data()["cancelReading"]["reading"];
        assert_eq!((&reading["status"], &reading["response"]), (&json!("CANCELLED"), &Value::Null));
        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(Via::Events, &ada, &second, 0).await).await;
        assert_eq!((told.last, told.text.as_str()), (1, ""));
        // The next in line gets the place.
        let third = server.begin(&ada, "And what after that?").await;
        server.cancel(&ada, &first).await.data();
        heard_something(&server, &ada, &third).await;
    }

    #[settings("--embedded-pace", "10")]
    async fn only_the_owner_can_cancel_or_write_anew(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let id = server.begin(&ada, "Which way from here?").await;

        assert_eq!(server.cancel(&bea, &id).await.code(), "NOT_FOUND");
        assert_eq!(server.regenerate(&bea, json!({ "id": id })).await.code(), "NOT_FOUND");
        assert_eq!(server.delete_reading(&bea, &id).await.code(), "NOT_FOUND");
        assert_ne!(server.reading(&ada, &id).await["status"], "CANCELLED");
    }

    async fn a_new_answer_leaves_the_earlier_ones(server: Server) {
        let ada = server.join("ada").await;
        let first = asked(&server.ask_with(&ada, "Which way from here?", json!({})).await).clone();
        let mut texts = vec![first["response"].clone()];

        for n in 2..=4 {
            let answer = server.regenerate(&ada, json!({ "id": first["id"] })).await;
            let reading = &answer.data()["regenerateReading"]["reading"];
            assert_eq!(reading["id"], first["id"]);
            assert_eq!(reading["status"], "COMPLETED");
            assert_eq!(reading["isCached"], false);
            assert_eq!(reading["createdAt"], first["createdAt"]);
            texts.insert(0, reading["response"].clone());
            let generations = reading["generations"].as_array().unwrap();
            assert_eq!(generations.len(), n);
            for (generation, text) in generations.iter().zip(&texts) {
                assert_eq!(generation["status"], "COMPLETED");
                assert_eq!(&generation["response"], text);
            }
        }
        // A reading more for the day each time, and one reading.
        assert_eq!(count(&server, &ada).await, (json!(1), json!(4)));
    }

    #[settings("--embedded-pace", "10")]
    async fn a_new_answer_waits_for_the_end_of_this_one(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        let answer = server.regenerate(&ada, json!({ "id": id })).await;

        assert_eq!(answer.code(), "CONFLICT");
        assert_eq!(answer.fields(), [("input.id", "UNFINISHED")]);
        server.cancel(&ada, &id).await.data();
        let answer = server.regenerate(&ada, json!({ "id": id, "wait": false })).await;
        let reading = &answer.data()["regenerateReading"]["reading"];
        assert_eq!(reading["status"], "WRITING");
        let generations = reading["generations"].as_array().unwrap();
        assert_eq!(generations[1]["status"], "CANCELLED");
        // Who follows from 0 hears the new one.
        heard_something(&server, &ada, &id).await;
    }

    async fn a_new_answer_is_asked_for_once_with_a_key(server: Server) {
        let ada = server.join("ada").await;
        let first = asked(&server.ask_with(&ada, "Which way from here?", json!({})).await).clone();
        let input = json!({ "id": first["id"], "idempotencyKey": "again-1" });

        let answers = join_all((0..10).map(|_| server.regenerate(&ada, input.clone()))).await;

        for answer in &answers {
            assert_eq!(answer.data()["regenerateReading"]["reading"]["id"], first["id"]);
        }
        let id = first["id"].as_str().unwrap();
        let generations = server.reading(&ada, id).await["generations"].clone();
        assert_eq!(generations.as_array().unwrap().len(), 2);
    }

    #[settings("--embedded-pace", "10", "--writers", "1")]
    async fn what_is_written_can_be_deleted(server: Server) {
        let other = Instance::beside(&server, &["--writers", "1"]).await;
        let ada = server.join("ada").await;
        for service in [true, false] {
            let id = server.begin(&ada, &format!("Which way from here, {service}?")).await;
            heard_something(&server, &ada, &id).await;
            if service {
                server.delete_reading(&ada, &id).await.data();
            } else {
                other.delete_reading(&ada, &id).await.data();
            }
            assert_eq!(count(&server, &ada).await.0, 0);
        }

        // Nothing of them is left.
        for table in ["chunks", "generations", "idempotency_keys"] {
            assert_eq!(server.database.execute(&format!("DELETE FROM {table}")).await, 0);
        }
        // The only writer is free again.
        let id = server.begin(&ada, "Which way now?").await;
        heard_something(&server, &ada, &id).await;
    }

    #[settings("--embedded-pace", "10", "--ask-wait", "1500ms")]
    async fn asking_waits_for_as_long_as_it_is_set_to(server: Server) {
        let ada = server.join("ada").await;

        let at_once = server.ask_with(&ada, "Which way from here?", json!({ "wait": false })).await;
        assert_eq!(asked(&at_once)["status"], "WRITING");
        assert_eq!(asked(&at_once)["response"], Value::Null);

        let waited = server.ask_with(&ada, "And where to then?", json!({ "wait": true })).await;
        assert_eq!(asked(&waited)["status"], "WRITING");
        assert_ne!(asked(&waited)["response"], Value::Null);

        let third = server.ask_with(&ada, "And what after that?", json!({})).await;
        assert_eq!(third.code(), "RATE_LIMITED");
        assert!(third.error()["extensions"]["retryAfter"].is_u64());
        assert_eq!(third.header("retry-after"), "5");
        assert_eq!(count(&server, &ada).await, (json!(2), json!(2)));
    }

    #[settings("--embedded-pace", "80")]
    async fn a_caller_who_goes_away_cancels_nothing(server: Server) {
        let ada = server.join("ada").await;
        let id = {
            let asking = server.ask_with(&ada, "Which way from here?", json!({ "wait": true }));
            let looking = async {
                loop {
                    let list = server.graphql(&ada, "{ readings { nodes { id } } }", json!({})).await;
                    if let Some(id) = list.data()["readings"]["nodes"][0]["id"].as_str() {
                        return id.to_owned();
                    }
                }
            };
            tokio::select! {
                answer = asking => panic!("too early: {answer:?}"),
                id = looking => id,
            }
        };

        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(Via::Events, &ada, &id, 0).await).await;

        assert_eq!(told.status.as_deref(), Some("COMPLETED"));
        assert_eq!(server.reading(&ada, &id).await["response"], told.text);
    }

    async fn a_key_asks_once(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let key = json!({ "idempotencyKey": "a-key" });
        let ask = |who, question| server.ask_with(who, question, key.clone());

        let answers = join_all((0..40).map(|_| ask(&ada, "Which way from here?"))).await;

        let first = asked(&answers[0]);
        for answer in &answers {
            assert_eq!(asked(answer)["id"], first["id"]);
            assert_eq!(asked(answer)["status"], "COMPLETED");
        }
        assert_eq!(count(&server, &ada).await, (json!(1), json!(1)));
        // The question makes the request, spaces around it aside; the key is the user's own.
        assert_eq!(asked(&ask(&ada, "  Which way from here? ").await)["id"], first["id"]);
        let reused = ask(&ada, "Which way to there?").await;
        assert_eq!(reused.code(), "CONFLICT");
        assert_eq!(reused.fields(), [("input.idempotencyKey", "REUSED")]);
        assert_ne!(asked(&ask(&bea, "Which way to there?").await)["id"], first["id"]);
        let regenerated = server
            .regenerate(&ada, json!({ "id": first["id"], "idempotencyKey": "a-key" }))
            .await;
        assert_eq!(regenerated.code(), "CONFLICT");
        for bad in ["", " ", "two words", "schlüssel", &"k".repeat(256)] {
            let answer = server
                .ask_with(&ada, "Which way from here?", json!({ "idempotencyKey": bad }))
                .await;
            assert_eq!(answer.fields(), [("input.idempotencyKey", "INVALID_KEY")]);
        }
        assert_eq!(count(&server, &ada).await, (json!(1), json!(1)));
    }

    #[settings("--readings-per-day", "10")]
    async fn a_day_has_so_many_readings(server: Server) {
        noon(&server);
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let questions: Vec<_> = (0..40).map(|n| format!("Which way from place {n}?")).collect();

        let answers = join_all(
            questions.iter().map(|question| ask_until_taken_or_refused(&server, &ada, question)),
        ).await;

        let (taken, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.json.get("errors").is_none());
        assert_eq!((taken.len(), refused.len()), (10, 30));
        assert_eq!(count(&server, &ada).await, (json!(10), json!(10)));
        let usage = server.graphql(&ada, COUNT, json!({})).await;
        let usage = &usage.data()["profile"]["usage"];
        assert_eq!(usage["readingsPerDay"], 10);
        for answer in refused {
            assert_eq!(answer.code(), "QUOTA_EXCEEDED");
            assert_eq!(answer.error()["extensions"]["resetsAt"], usage["resetsAt"]);
        }
        let resets_at: DateTime<Utc> = usage["resetsAt"].as_str().unwrap().parse().unwrap();
        let midnight = server.clock.now().date_naive().succ_opt().unwrap();
        assert_eq!(resets_at, midnight.and_time(chrono::NaiveTime::MIN).and_utc());
        // No limit is anybody else's, and this one holds for new answers too.
        server.ask(&bea, "LEGBA", "Which way from here?").await;
        let first = asked(taken[0])["id"].as_str().unwrap();
        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(Via::Events, &ada, first, 0).await).await;
        let again = server.regenerate(&ada, json!({ "id": first })).await;
        assert_eq!(again.code(), "QUOTA_EXCEEDED");
        assert_eq!(server.reading(&ada, first).await["response"], told.text);

        server.clock.advance(resets_at - server.clock.now());

        server.ask(&ada, "LEGBA", "Which way on the next day?").await;
        assert_eq!(count(&server, &ada).await, (json!(11), json!(1)));
    }
}

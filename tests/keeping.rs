//! Keeping readings: favourites, notes and ratings, and what the operator learns from ratings.

use serde_json::{Value, json};

use crate::{
    commands::over,
    support::{Answer, Follower, Member, News, Server, Service, Via, on_both, run},
};

const KEPT: &str = "fragment Kept on Reading { id isFavourite note rating response status }";

async fn update(service: &impl Service, who: &Member, id: &str, changes: Value) -> Answer {
    let query = format!(
        "mutation ($input: UpdateReadingInput!) {{
            updateReading(input: $input) {{ reading {{ ...Kept }} }}
        }} {KEPT}"
    );
    let mut input = json!({ "id": id });
    if let (Some(input), Value::Object(changes)) = (input.as_object_mut(), changes) {
        input.extend(changes);
    }
    service
        .graphql(who, &query, json!({ "input": input }))
        .await
}

/// The three members after a change.
async fn updated(service: &impl Service, who: &Member, id: &str, changes: Value) -> Value {
    kept(&update(service, who, id, changes).await.data()["updateReading"]["reading"])
}

fn kept(reading: &Value) -> Value {
    json!([reading["isFavourite"], reading["note"], reading["rating"]])
}

async fn stored(service: &impl Service, who: &Member, id: &str) -> Value {
    let query = format!("query ($id: ID!) {{ reading(id: $id) {{ ...Kept }} }} {KEPT}");
    let answer = service.graphql(who, &query, json!({ "id": id })).await;
    kept(&answer.data()["reading"])
}

/// The JSON that a command prints.
async fn printed(server: &Server, arguments: &[&str]) -> Value {
    let (code, out, err) = run(over(&server.database, arguments)).await;
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

on_both! {
    async fn an_absent_member_stays_and_null_clears(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let id = server.begin(&ada, "Which way from here?").await;
        assert_eq!(stored(&server, &ada, &id).await, json!([false, null, null]));

        for (changes, expected) in [
            (json!({ "isFavourite": true }), json!([true, null, null])),
            (json!({ "note": "  the red gate\n " }), json!([true, "the red gate", null])),
            (json!({ "rating": "HELPFUL", "ratingReason": "It was kind." }), json!([true, "the red gate", "HELPFUL"])),
            (json!({ "rating": "NOT_HELPFUL" }), json!([true, "the red gate", "NOT_HELPFUL"])),
            (json!({}), json!([true, "the red gate", "NOT_HELPFUL"])),
            (json!({ "note": null, "isFavourite": null }), json!([false, null, "NOT_HELPFUL"])),
            (json!({ "note": "é".repeat(2000) }), json!([false, "é".repeat(2000), "NOT_HELPFUL"])),
            (json!({ "note": " ", "rating": null }), json!([false, null, null])),
        ] {
            assert_eq!(updated(&server, &ada, &id, changes.clone()).await, expected, "{changes}");
            assert_eq!(stored(&server, &ada, &id).await, expected, "{changes}");
        }
        let query = "{ readings { nodes { id isFavourite note rating } } }";
        let list = server.graphql(&ada, query, json!({})).await;
        assert_eq!(kept(&list.data()["readings"]["nodes"][0]), json!([false, null, null]));

        for (changes, expected) in [
            (json!({ "note": "é".repeat(2001), "ratingReason": "x".repeat(501), "rating": "HELPFUL" }),
                json!([["input.note", "TOO_LONG"], ["input.ratingReason", "TOO_LONG"]])),
            (json!({ "note": "a\u{0}b" }), json!([["input.note", "INVALID_CHARACTERS"]])),
            (json!({ "ratingReason": "It was kind." }), json!([["input.rating", "MISSING"]])),
        ] {
            let refused = update(&server, &ada, &id, changes).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT");
            assert_eq!(json!(refused.fields()), expected);
        }
        let theirs = update(&server, &bea, &id, json!({ "isFavourite": true })).await;
        assert_eq!(theirs.code(), "NOT_FOUND");
        assert_eq!(stored(&server, &ada, &id).await, json!([false, null, null]));
    }

    #[settings("--embedded-pace", "5")]
    async fn an_answer_is_rated_once_it_has_ended(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        let early = update(&server, &ada, &id, json!({ "rating": "HELPFUL", "note": "so far" })).await;
        assert_eq!(early.code(), "CONFLICT");
        assert_eq!(json!(early.fields()), json!([["input.id", "UNFINISHED"]]));
        let changes = json!({ "note": "so far", "isFavourite": true });
        assert_eq!(updated(&server, &ada, &id, changes).await, json!([true, "so far", null]));

        server.cancel(&ada, &id).await.data();
        assert_eq!(stored(&server, &ada, &id).await, json!([true, "so far", null]));
        let rated = updated(&server, &ada, &id, json!({ "rating": "NOT_HELPFUL" })).await;
        assert_eq!(rated, json!([true, "so far", "NOT_HELPFUL"]));
        // The mark and the note are the reading's; a rating is an answer's.
        server.regenerate(&ada, json!({ "id": id, "wait": false })).await.data();
        assert_eq!(stored(&server, &ada, &id).await, json!([true, "so far", null]));
    }

    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn other_devices_see_what_is_kept(server: Server) {
        let (ada, phone) = (server.join("ada").await, server.sign_in("ada").await);
        let asked = server.ask_with(&ada, "Which way from here?", json!({ "wait": true })).await;
        let id = asked.data()["askAdvisor"]["reading"]["id"].as_str().unwrap().to_owned();
        // The question's own events may be late: another instance hears none of them.
        let server = server.restart(&["--metrics-address", "127.0.0.1:0"]).await;
        let query = format!("subscription {{ readingEvents {{
            ... on ReadingChanged {{ reading {{ ...Kept }} }}
        }} }} {KEPT}");
        let mut device = Follower::subscribe(&server, Via::Socket, &phone, &query, json!({})).await;
        while !server.metrics().await.text().await.unwrap().contains("\nmula_followers 1\n") {
            tokio::task::yield_now().await;
        }

        updated(&server, &ada, &id, json!({ "isFavourite": true })).await;
        // Nothing changes, and there is no event.
        updated(&server, &ada, &id, json!({ "isFavourite": true })).await;
        updated(&server, &ada, &id, json!({ "rating": "HELPFUL" })).await;
        for expected in [json!([true, null, null]), json!([true, null, "HELPFUL"])] {
            match device.next().await {
                News::Update(event) => assert_eq!(kept(&event["reading"])[0], expected[0]),
                other => panic!("an event was expected, not {other:?}"),
            }
        }
    }

    #[settings("--metrics-address", "127.0.0.1:0")]
    async fn ratings_are_counted_by_what_wrote_the_answer(server: Server) {
        let ada = server.join("ada").await;
        let first = server.begin(&ada, "How do I forgive an old friend?").await;
        let second = server.begin(&ada, "Why does every door I knock on stay shut?").await;
        updated(&server, &ada, &first, json!({ "rating": "NOT_HELPFUL", "ratingReason": "Too long." })).await;
        updated(&server, &ada, &second, json!({ "rating": "HELPFUL" })).await;
        // An earlier answer's rating still counts.
        server.regenerate(&ada, json!({ "id": first })).await.data();

        let usage = printed(&server, &["usage", "--json"]).await;
        let counted = json!([{
            "advisor": "LEGBA", "engine": "EMBEDDED", "model": null, "prompt_version": usage[0]["prompt_version"],
            "answers": 3, "helpful": 1, "not_helpful": 1, "tokens": 0, "cost": "0",
        }]);
        assert_eq!(usage, counted);
        let version = usage[0]["prompt_version"].as_str().unwrap();
        assert!(version.starts_with("embedded-"), "{version}");
        let (code, out, _) = run(over(&server.database, &["usage"])).await;
        assert_eq!(code, Some(0));
        assert!(out.lines().nth(1).unwrap().starts_with("LEGBA    EMBEDDED  -      embedded-"), "{out}");

        let metrics = server.metrics().await.text().await.unwrap();
        for rating in ["HELPFUL", "NOT_HELPFUL"] {
            let series = format!(
                "mula_ratings_total{{advisor=\"LEGBA\",engine=\"EMBEDDED\",model=\"NONE\",prompt=\"{version}\",rating=\"{rating}\"}} 1"
            );
            assert!(metrics.contains(&series), "{metrics}");
        }
    }

    async fn passages_that_did_not_help_are_listed(server: Server) {
        let ada = server.join("ada").await;
        let question = "How do I forgive an old friend?";
        let query = "mutation ($q: String!) { askAdvisor(input: { advisor: OSHUN, question: $q }) {
            reading { id sources { title } }
        } }";
        let asked = server.graphql(&ada, query, json!({ "q": question })).await;
        let reading = asked.data()["askAdvisor"]["reading"].clone();
        let sources = reading["sources"].as_array().unwrap().clone();
        assert!(!sources.is_empty());
        assert_eq!(printed(&server, &["library", "ratings", "--json"]).await, json!([]));

        let id = reading["id"].as_str().unwrap();
        updated(&server, &ada, id, json!({ "rating": "NOT_HELPFUL" })).await;

        let listed = printed(&server, &["library", "ratings", "--json"]).await;
        let listed = listed.as_array().unwrap();
        assert_eq!(listed.len(), sources.len());
        for source in &sources {
            let found = listed.iter().find(|one| one["title"] == source["title"]).unwrap();
            assert_eq!([&found["advisor"], &found["not_helpful"], &found["helpful"]], [&json!("OSHUN"), &json!(1), &json!(0)]);
        }
        assert!(listed.iter().any(|one| one["id"].is_string()), "{listed:?}");
        let (code, out, _) = run(over(&server.database, &["library", "ratings"])).await;
        assert_eq!(code, Some(0));
        assert!(out.contains("          1        0  OSHUN    "), "{out}");
    }
}

//! Limits of one request: statements, rows, bytes of its response.

use std::collections::HashMap;

use chrono::TimeDelta;
use mula::entity::{self, PieceEnds, Sources, reading};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Client, Member, Server, Service, Serving, mula, on_both};

/// Readings of the one user there is, each with so many generations and a text of so many bytes in
/// each of them.
async fn fill(server: &Server, readings: usize, generations: usize, bytes: usize) {
    let settings = server.database.settings(&[]).database;
    let db = mula::db::Database::connect(&settings).await.unwrap();
    let user = entity::user::Entity::find()
        .one(db.reads())
        .await
        .unwrap()
        .unwrap();
    let now = server.clock.now();
    let text = "x".repeat(bytes);
    for number in 0..readings {
        let ids: Vec<_> = (0..generations).map(|_| server.clock.new_id()).collect();
        let current = *ids.last().unwrap();
        let reading = reading::Model {
            id: server.clock.new_id(),
            user_id: user.id,
            advisor: reading::Advisor::Legba,
            question: format!("Question {number}?"),
            cache_key: String::new(),
            generation_id: current,
            status: reading::Status::Completed,
            response: Some(text.clone()),
            engine: reading::Engine::Embedded,
            care: reading::Care::None,
            model: None,
            sources: Sources::default(),
            tokens_used: 0,
            cost: 0,
            is_estimated: false,
            is_cached: false,
            is_truncated: false,
            failure_code: None,
            failure_message: None,
            created_at: now,
            completed_at: Some(now),
            is_favourite: false,
            note: None,
            rating: None,
            in_reply_to: None,
            is_indexed: false,
            share_token: None,
            shared_at: None,
            share_expires_at: None,
        };
        let rows = ids.iter().map(|id| {
            entity::generation::ActiveModel::from(entity::generation::Model {
                id: *id,
                reading_id: reading.id,
                user_id: user.id,
                status: reading::Status::Completed,
                cast_open: 0,
                owner: None,
                epoch: 0,
                lease_expires_at: None,
                cancel_requested: false,
                sent_at: None,
                reserved: 0,
                provider_response_id: None,
                provider_sequence: None,
                last_sequence: 0,
                piece_ends: PieceEnds::default(),
                response: (*id != current).then(|| text.clone()),
                engine: reading::Engine::Embedded,
                model: None,
                sources: Sources::default(),
                tokens_used: 0,
                cost: 0,
                is_estimated: false,
                is_truncated: false,
                is_thinking: false,
                cached_tokens: 0,
                reasoning_tokens: 0,
                failure_code: None,
                failure_message: None,
                created_at: now,
                completed_at: Some(now),
                rating: None,
                rating_reason: None,
                prompt_version: None,
            })
        });
        let rows: Vec<_> = rows.collect();
        let reading = reading::ActiveModel::from(reading);
        reading::Entity::insert(reading)
            .exec(db.writes())
            .await
            .unwrap();
        entity::generation::Entity::insert_many(rows)
            .exec(db.writes())
            .await
            .unwrap();
    }
    db.close().await;
}

/// Statements that each named operation executes, by a process of its own over the server's database:
/// the fewest of twenty times. A session is one more that is not cached, or was too long ago.
async fn statements(
    server: &Server,
    member: &Member,
    operations: &[(&str, Value)],
) -> HashMap<String, u64> {
    let flags = server.database.flags(&[]);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let program = Serving::serve(mula(server.database.dir(), &flags));
    let client = Client::new(program.address);
    // The session is known from here on.
    let profile = json!({ "query": "{ profile { id } }" });
    client.graphql(member, &profile).await.data();
    for _ in 0..20 {
        for (query, variables) in operations {
            let name = query.split(['(', ' ']).nth(1).unwrap();
            let body = json!({ "query": query, "operationName": name, "variables": variables });
            client.graphql(member, &body).await.data();
        }
    }
    program.signal("TERM");
    let (_, log) = program.end().await;
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let named = lines.filter_map(|line| {
        let name = line["operation"].as_str()?.to_owned();
        Some((name, line["round_trips"].as_u64()?))
    });
    let mut least = HashMap::new();
    for (name, count) in named {
        let known = least.entry(name).or_insert(count);
        *known = count.min(*known);
    }
    least
}

/// So many pieces, each made from its number.
fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().concat()
}

async fn ids(server: &Server, member: &Member) -> Vec<String> {
    let query = "{ readings(first: 100) { nodes { id } } }";
    let answer = server.graphql(member, query, json!({})).await;
    let nodes = answer.data()["readings"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    nodes
        .iter()
        .map(|node| node["id"].as_str().unwrap().to_owned())
        .collect()
}

on_both! {
    async fn objects_of_a_kind_are_fetched_in_one_statement(server: Server) {
        let ada = server.join("ada").await;
        fill(&server, 40, 1, 10).await;
        let readings = ids(&server, &ada).await;
        let query = "{ readings(first: 40) { nodes { generation { id } } } }";
        let answer = server.graphql(&ada, query, json!({})).await;
        let nodes = answer.data()["readings"]["nodes"].as_array().unwrap().clone();
        let generations: Vec<_> = nodes.iter().map(|node| &node["generation"]["id"]).collect();
        let mixed: Vec<_> = readings.iter().chain([&ada.id, &ada.session]).chain(&readings).collect();

        let counts = statements(&server, &ada, &[
            ("query Repeated($ids: [ID!]!) { nodes(ids: $ids) { id ... on Reading { question } } }", json!({ "ids": vec![&readings[0]; 100] })),
            ("query Mixed($ids: [ID!]!) { nodes(ids: $ids) { id ... on Reading { response } } }", json!({ "ids": mixed })),
            ("query Users($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": vec![&ada.id; 100] })),
            ("query Generations($ids: [ID!]!) { nodes(ids: $ids) { ... on Generation { response sequence } } }", json!({ "ids": generations })),
        ]).await;

        assert_eq!((counts["Repeated"], counts["Mixed"], counts["Users"]), (1, 2, 0), "{counts:?}");
        assert_eq!(counts["Generations"], 1, "{counts:?}");
    }

    async fn generations_of_a_page_are_fetched_in_one_statement(server: Server) {
        let ada = server.join("ada").await;
        fill(&server, 40, 3, 10).await;
        let readings = ids(&server, &ada).await;
        let aliases = many(20, |n| format!("a{n}: generations {{ response }} "));

        let counts = statements(&server, &ada, &[
            ("query Page { readings(first: 40) { nodes { id generations { status response } } } }", json!({})),
            ("query Nodes($ids: [ID!]!) { nodes(ids: $ids) { ... on Reading { generations { status } } } }", json!({ "ids": readings })),
            (&format!("query One($id: ID!) {{ reading(id: $id) {{ {aliases} }} }}"), json!({ "id": readings[0] })),
            ("query Present { readings(first: 40) { nodes { response sequence generation { id sequence } } } }", json!({})),
            ("query Excerpts { readings(first: 40) { nodes { id excerpt } } }", json!({})),
        ]).await;

        assert_eq!((counts["Page"], counts["Nodes"], counts["One"]), (2, 2, 2), "{counts:?}");
        assert_eq!((counts["Present"], counts["Excerpts"]), (2, 1), "{counts:?}");
    }

    async fn the_newest_20_generations_are_listed(server: Server) {
        let ada = server.join("ada").await;
        fill(&server, 2, 25, 10).await;
        let query = "{ readings { nodes { response generations { status response createdAt } } } }";

        let answer = server.graphql(&ada, query, json!({})).await;

        for reading in answer.data()["readings"]["nodes"].as_array().unwrap() {
            let generations = reading["generations"].as_array().unwrap();
            assert_eq!(generations.len(), 20);
            assert!(generations.iter().all(|one| one["response"] == reading["response"]));
        }
    }

    async fn the_newest_100_sessions_are_listed(server: Server) {
        let ada = server.join("ada").await;
        let settings = server.database.settings(&[]).database;
        let db = mula::db::Database::connect(&settings).await.unwrap();
        let user = entity::user::Entity::find().one(db.reads()).await.unwrap().unwrap();
        let now = server.clock.now();
        let rows = (0..120).map(|_| entity::session::ActiveModel::from(entity::session::Model {
            id: Uuid::now_v7(),
            user_id: user.id,
            user_agent: None,
            expires_at: now + TimeDelta::hours(1),
            created_at: now,
            is_revoked: false,
            last_used_at: None,
        }));
        entity::session::Entity::insert_many(rows).exec(db.writes()).await.unwrap();
        db.close().await;

        let answer = server.graphql(&ada, "{ profile { sessions { id } } }", json!({})).await;

        let sessions = answer.data()["profile"]["sessions"].as_array().unwrap().clone();
        let listed: Vec<_> = sessions.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(listed.len(), 100);
        assert!(listed.is_sorted_by(|a, b| a > b));
        assert!(!listed.contains(&ada.session.as_str()));
    }

    // 4 MiB, whichever way they are asked for.
    async fn a_response_has_a_bound(server: Server) {
        let ada = server.join("ada").await;
        fill(&server, 70, 2, 65_536).await;
        let readings = ids(&server, &ada).await;
        let aliases = many(33, |n| format!("a{n}: response "));
        let pages = many(3, |n| format!("a{n}: readings(first: 25) {{ nodes {{ response }} }} "));

        for (query, variables) in [
            ("{ readings(first: 100) { nodes { response } } }".to_owned(), json!({})),
            ("{ readings(first: 100) { nodes { response tokensUsed } } }".to_owned(), json!({})),
            (format!("{{ readings(first: 2) {{ nodes {{ {aliases} }} }} }}"), json!({})),
            (format!("{{ {pages} }}"), json!({})),
            ("query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Reading { response } } }".to_owned(), json!({ "ids": vec![&readings[0]; 65] })),
            ("{ readings(first: 40) { nodes { generations { response } } } }".to_owned(), json!({})),
            ("{ readings(first: 70) { nodes { generations { response } } } }".to_owned(), json!({})),
        ] {
            let answer = server.graphql(&ada, &query, variables.clone()).await;
            assert_eq!(answer.code(), "QUERY_TOO_COMPLEX", "{query}");
            assert!(answer.json.get("data").is_none(), "{query}");
            let extensions = &answer.error()["extensions"];
            assert_eq!(extensions["limit"], 4 * 1024 * 1024);
            assert!(extensions["actual"].as_u64() > extensions["limit"].as_u64(), "{extensions}");
            for number in ["limit", "actual"] {
                assert!(answer.message().contains(&extensions[number].to_string()), "{}", answer.message());
            }
            assert!(answer.json.to_string().len() < 1_000);
        }
        // Texts that nobody asks for count for nothing, nor does what an excerpt leaves out.
        let pages = many(10, |n| format!("a{n}: readings(first: 70) {{ nodes {{ id generations {{ status }} }} }} "));
        for query in [
            "{ readings(first: 60) { nodes { response } } }",
            "{ readings(first: 70) { nodes { excerpt(length: 500) tokensUsed sequence } } }",
            "{ readings(first: 30) { nodes { generations { response } } } }",
            &format!("{{ {pages} }}"),
        ] {
            server.graphql(&ada, query, json!({})).await.data();
        }
    }

    async fn each_event_of_a_stream_has_a_budget_of_its_own(server: Server) {
        let ada = server.join("ada").await;
        fill(&server, 1, 1, 65_536).await;
        let id = &ids(&server, &ada).await[0];
        let aliases = many(40, |n| format!("a{n}: response "));
        let query = format!("subscription ($id: ID!) {{ readingUpdates(id: $id) {{ sequence reading {{ {aliases} }} }} }}");

        let mut socket = server.socket(&ada).await;
        for number in 0..3 {
            socket.subscribe(&number.to_string(), &query, json!({ "id": id })).await;
            let message = socket.message().await;
            assert_eq!(message["type"], "next", "{number}");
            assert_eq!(message["payload"]["data"]["readingUpdates"]["reading"]["a39"].as_str().unwrap().len(), 65_536);
            assert_eq!(socket.message().await["type"], "complete");
        }
    }
}

//! Lists, a page at a time: every page size, both ways, against the whole; and their bounds.

mod slices;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{Member, Server, on_both};

const PAGE: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $advisor: Advisor) {
    readings(first: $first, after: $after, last: $last, before: $before, filter: { advisor: $advisor }) {
        totalCount
        nodes { id }
        edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}";

const ADVISORS: [&str; 4] = ["LEGBA", "OSHUN", "SHANGO", "YEMAYA"];

/// Asks questions of each advisor in turn; returns the readings' ids with whom was asked, newest
/// first.
async fn ask_many(server: &Server, who: &Member, count: usize) -> Vec<(Value, &'static str)> {
    let mut asked = Vec::new();
    for n in 0..count {
        let advisor = ADVISORS[n % 4];
        let reading = server
            .ask(who, advisor, &format!("Question number {n}?"))
            .await;
        asked.insert(0, (reading["id"].clone(), advisor));
    }
    asked
}

async fn page(server: &Server, who: &Member, variables: Value) -> Value {
    server.graphql(who, PAGE, variables).await.data()["readings"].clone()
}

fn ids(page: &Value) -> Vec<Value> {
    let edges = page["edges"].as_array().unwrap();
    let ids: Vec<_> = edges
        .iter()
        .map(|edge| edge["node"]["id"].clone())
        .collect();
    let nodes: Vec<_> = page["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["id"].clone())
        .collect();
    assert_eq!(ids, nodes);
    let end = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
    assert_eq!(page["pageInfo"]["startCursor"], end(edges.first()));
    assert_eq!(page["pageInfo"]["endCursor"], end(edges.last()));
    ids
}

/// All pages from the first to the last.
async fn forwards(
    server: &Server,
    who: &Member,
    size: usize,
    advisor: Option<&str>,
) -> Vec<Vec<Value>> {
    let (mut pages, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = page(
            server,
            who,
            json!({ "first": size, "after": after, "advisor": advisor }),
        )
        .await;
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        pages.push(ids(&page));
        if page["pageInfo"]["hasNextPage"] == false {
            return pages;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// All pages from the last to the first.
async fn backwards(
    server: &Server,
    who: &Member,
    size: usize,
    advisor: Option<&str>,
) -> Vec<Vec<Value>> {
    let (mut pages, mut before) = (Vec::new(), Value::Null);
    loop {
        let page = page(
            server,
            who,
            json!({ "last": size, "before": before, "advisor": advisor }),
        )
        .await;
        assert_eq!(page["pageInfo"]["hasNextPage"], !before.is_null());
        pages.insert(0, ids(&page));
        if page["pageInfo"]["hasPreviousPage"] == false {
            return pages;
        }
        before = page["pageInfo"]["startCursor"].clone();
    }
}

on_both! {
    async fn every_walk_sees_every_reading_once(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        ask_many(&server, &bea, 3).await;
        let asked = ask_many(&server, &ada, 23).await;

        for advisor in [None, Some("LEGBA"), Some("YEMAYA")] {
            let all: Vec<Value> = asked
                .iter()
                .filter(|(_, whom)| advisor.is_none_or(|advisor| advisor == *whom))
                .map(|(id, _)| id.clone())
                .collect();
            for size in [1, 2, 3, 7, 100] {
                let pages = forwards(&server, &ada, size, advisor).await;
                assert_eq!(pages.concat(), all, "{size} of {advisor:?}, forwards");
                assert_eq!(pages.len(), all.len().div_ceil(size));
                assert!(pages.iter().rev().skip(1).all(|page| page.len() == size));

                let pages = backwards(&server, &ada, size, advisor).await;
                assert_eq!(pages.concat(), all, "{size} of {advisor:?}, backwards");
                assert_eq!(pages.len(), all.len().div_ceil(size));
                assert!(pages.iter().skip(1).all(|page| page.len() == size));
            }
            let counted = page(&server, &ada, json!({ "first": 1, "advisor": advisor })).await;
            assert_eq!(counted["totalCount"], all.len());
        }
    }

    async fn what_comes_meanwhile_shifts_nothing(server: Server) {
        let ada = server.join("ada").await;
        let asked = ask_many(&server, &ada, 6).await;
        let first = page(&server, &ada, json!({ "first": 3 })).await;

        // One more on top, and one away from under the cursor.
        server.ask(&ada, "LEGBA", "What did I forget to ask?").await;
        let delete = "mutation ($id: ID!) { deleteReading(input: { id: $id }) { deletedReadingId } }";
        server.graphql(&ada, delete, json!({ "id": asked[2].0 })).await.data();

        let rest = page(&server, &ada, json!({ "first": 3, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(ids(&rest), asked[3..].iter().map(|(id, _)| id.clone()).collect::<Vec<_>>());
    }

    async fn both_cursors_make_a_window(server: Server) {
        let ada = server.join("ada").await;
        ask_many(&server, &ada, 6).await;
        let all = page(&server, &ada, json!({ "first": 100 })).await;
        let cursor = |n: usize| all["edges"][n]["cursor"].clone();

        for size in ["first", "last"] {
            let window = json!({ size: 10, "after": cursor(0), "before": cursor(4) });
            let window = page(&server, &ada, window).await;
            assert_eq!(ids(&window), ids(&all)[1..4]);
        }
        let ends = page(&server, &ada, json!({ "last": 2, "after": cursor(0), "before": cursor(4) })).await;
        assert_eq!(ids(&ends), ids(&all)[2..4]);
        let empty = page(&server, &ada, json!({ "first": 5, "after": cursor(3), "before": cursor(4) })).await;
        assert_eq!(ids(&empty), Vec::<Value>::new());
        assert_eq!(empty["totalCount"], 6);
    }

    async fn another_users_readings_are_nowhere(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let mine = ask_many(&server, &ada, 2).await;
        ask_many(&server, &bea, 2).await;
        let theirs = page(&server, &bea, json!({ "first": 1 })).await;

        // A cursor is a place in time: it opens nobody's list.
        let cursor = &theirs["pageInfo"]["endCursor"];
        for arguments in [json!({}), json!({ "after": cursor }), json!({ "last": 5, "before": cursor })] {
            let seen = page(&server, &ada, arguments).await;
            assert_eq!(seen["totalCount"], 2);
            assert!(ids(&seen).iter().all(|id| mine.iter().any(|(known, _)| known == id)));
        }
    }

    async fn pages_have_bounds(server: Server) {
        let ada = server.join("ada").await;
        ask_many(&server, &ada, 1).await;

        for good in [1, 100] {
            page(&server, &ada, json!({ "first": good })).await;
            page(&server, &ada, json!({ "last": good })).await;
        }
        for end in ["first", "last"] {
            for bad in [0, -1, 101, i32::MIN, i32::MAX] {
                let answer = server.graphql(&ada, PAGE, json!({ end: bad })).await;
                assert_eq!(answer.code(), "BAD_USER_INPUT", "{end}: {bad}");
                assert_eq!(answer.fields(), [(end, "OUT_OF_RANGE")]);
            }
            // No 32-bit number at all.
            let answer = server.graphql(&ada, PAGE, json!({ end: 3_000_000_000_u64 })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT");
        }
        let both = server.graphql(&ada, PAGE, json!({ "first": 1, "last": 1 })).await;
        assert_eq!(both.code(), "BAD_USER_INPUT");
        assert_eq!(both.fields(), [("last", "BOTH_ENDS")]);
        // All that is wrong, at once; and the same below the user.
        let wrong = json!({ "first": 0, "after": "x", "last": 101, "before": "y" });
        let fields = [
            ("first", "OUT_OF_RANGE"),
            ("last", "OUT_OF_RANGE"),
            ("after", "INVALID_CURSOR"),
            ("before", "INVALID_CURSOR"),
            ("last", "BOTH_ENDS"),
        ];
        let answer = server.graphql(&ada, PAGE, wrong.clone()).await;
        assert_eq!(answer.fields(), fields);
        let below = "query ($first: Int, $after: String, $last: Int, $before: String) { profile {
            readings(first: $first, after: $after, last: $last, before: $before) { totalCount }
        } }";
        let answer = server.graphql(&ada, below, wrong).await;
        assert_eq!(answer.fields(), fields);
        assert_eq!(answer.error()["path"], json!(["profile", "readings"]));
    }

    #[settings("--page-size", "2", "--page-size-max", "3")]
    async fn bounds_are_settings(server: Server) {
        let ada = server.join("ada").await;
        ask_many(&server, &ada, 4).await;

        assert_eq!(ids(&page(&server, &ada, json!({})).await).len(), 2);
        assert_eq!(ids(&page(&server, &ada, json!({ "first": 3 })).await).len(), 3);
        let answer = server.graphql(&ada, PAGE, json!({ "first": 4 })).await;
        assert_eq!(answer.fields(), [("first", "OUT_OF_RANGE")]);
    }

    async fn only_cursors_of_this_list_are_taken(server: Server) {
        use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
        let ada = server.join("ada").await;
        let asked = ask_many(&server, &ada, 2).await;
        let good = page(&server, &ada, json!({})).await["pageInfo"]["endCursor"].clone();
        let good = good.as_str().unwrap();
        let bytes = BASE64.decode(good).unwrap();
        let mut other_kind = bytes.clone();
        other_kind[0] ^= 1;

        // None at all, as some clients send it.
        for (size, end) in [("first", "after"), ("last", "before")] {
            let all = page(&server, &ada, json!({ size: 5, end: "" })).await;
            assert_eq!(ids(&all).len(), 2);
        }
        for bad in [
            "garbage",
            "MTIz",
            "\u{1f41a}",
            asked[0].0.as_str().unwrap(),
            &format!("{good}="),
            &good[..good.len() - 2],
            &BASE64.encode(&bytes[1..]),
            &BASE64.encode(other_kind),
            &BASE64.encode([&bytes[..], &[0]].concat()),
        ] {
            for (size, end) in [("first", "after"), ("last", "before")] {
                let answer = server.graphql(&ada, PAGE, json!({ size: 5, end: bad })).await;
                assert_eq!(answer.code(), "BAD_USER_INPUT", "{bad:?}");
                assert_eq!(answer.fields(), [(end, "INVALID_CURSOR")]);
            }
        }
    }
}

on_both! {
    // However it is asked for, by itself or in a list, shortly or in full.
    async fn a_listed_reading_is_what_it_is_by_itself(server: Server) {
        let ada = server.join("ada").await;
        for advisor in ["LEGBA", "OSHUN"] {
            server.ask(&ada, advisor, "Which way from here?").await;
        }
        let full = "id advisor question status response createdAt engine model isCached \
                    sources { title excerpt } tokensUsed cost completedAt";
        for (fields, fragment) in [
            ("createdAt response status question advisor id __typename", ""),
            ("text: response again: response id", ""),
            (full, ""),
            ("...F", "fragment F on Reading { id ... on Node { id } ... { question } status }"),
            ("id ...F", "fragment F on Node { ... on Reading { response engine } }"),
            ("id ... on Reading @include(if: true) { question @skip(if: false) }", ""),
        ] {
            let list = format!("{{ readings {{ nodes {{ {fields} }} edges {{ node {{ {fields} }} }} }} }} {fragment}");
            let list = server.graphql(&ada, &list, json!({})).await;
            let list = &list.data()["readings"];
            let ids = server.graphql(&ada, "{ readings { nodes { id } } }", json!({})).await;
            for place in 0..2 {
                let id = &ids.data()["readings"]["nodes"][place]["id"];
                let one = format!("query ($id: ID!) {{ reading(id: $id) {{ {fields} }} }} {fragment}");
                let one = server.graphql(&ada, &one, json!({ "id": id })).await;
                let one = &one.data()["reading"];
                assert_eq!(&list["nodes"][place], one, "{fields}");
                assert_eq!(&list["edges"][place]["node"], one, "{fields}");
            }
        }
    }
}

/// A page costs what its readings cost, however many others have asked since: it is read from an
/// index that has the user's in their order. The primary key has that order too, for everybody's.
#[tokio::test]
async fn a_page_is_read_from_the_users_own_index() {
    let Some(server) = Server::on_postgres(&[]).await else {
        return;
    };
    // Given two users with many readings each, the one's all older than the other's
    let ada = server.join("ada").await;
    let bea = server.join("bea").await;
    for (name, who, readings, id) in [("ada", &ada, 3_000, "018e"), ("bea", &bea, 9_000, "018f")] {
        server.ask(who, "OSHUN", "Why so many?").await;
        let copy = format!(
            "INSERT INTO readings SELECT copy.*
             FROM readings, generate_series(1, {readings}) n, json_populate_record(readings, json_build_object(
                 'id', '{id}0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))) copy
             WHERE readings.user_id = (SELECT id FROM users WHERE username = '{name}')"
        );
        assert_eq!(server.database.execute(&copy).await, readings);
    }
    server.database.execute("ANALYZE").await;

    // when pages are asked for, of all kinds
    let database = sea_orm::Database::connect(server.database.url())
        .await
        .unwrap();
    let mut queries = BTreeSet::new();
    for variables in [
        json!({ "first": 20 }),
        json!({ "last": 20 }),
        json!({ "first": 20, "advisor": "OSHUN" }),
        json!({ "last": 20, "advisor": "OSHUN" }),
    ] {
        let query = "query ($first: Int, $last: Int, $advisor: Advisor) {
            readings(first: $first, last: $last, filter: { advisor: $advisor }) { nodes { id } }
        }";
        let lately = "SELECT query FROM pg_stat_activity WHERE datname = current_database()
            AND query LIKE 'SELECT \"%FROM \"readings\"%LIMIT%'
            AND query NOT LIKE '%\"is_indexed\" = FALSE%'";
        // Now and then the pool asks something of a connection that comes back, and then that is
        // the last query there.
        let before = queries.len();
        let deadline = Instant::now() + Duration::from_secs(10);
        while queries.len() == before && Instant::now() < deadline {
            server.graphql(&ada, query, variables.clone()).await.data();
            queries.extend(texts(&database, lately).await);
        }
    }
    assert_eq!(queries.len(), 4, "{queries:#?}");

    // then PostgreSQL walks that index, and neither sorts nor leaves anything out.
    for query in queries {
        let tx = database.begin().await.unwrap();
        let prepare =
            format!("SET LOCAL plan_cache_mode = force_generic_plan; PREPARE page AS {query}");
        tx.execute_unprepared(&prepare).await.unwrap();
        let any = "SELECT array_to_string(array_fill('NULL'::text, ARRAY[cardinality(parameter_types)]), ', ')
            FROM pg_prepared_statements WHERE name = 'page'";
        let any = &texts(&tx, any).await[0];
        let explain = format!("EXPLAIN EXECUTE page({any})");
        let plan = texts(&tx, &explain).await.join("\n");
        assert!(plan.contains("readings_of_user"), "{query}\n{plan}");
        for wrong in ["readings_pkey", "Sort", "Filter"] {
            assert!(!plan.contains(wrong), "{query}\n{plan}");
        }
        tx.execute_unprepared("DEALLOCATE page").await.unwrap();
    }
}

/// A query's only column.
pub async fn texts(database: &impl ConnectionTrait, query: &str) -> Vec<String> {
    let query = Statement::from_string(DatabaseBackend::Postgres, query);
    let rows = database.query_all_raw(query).await.unwrap();
    let texts = rows.iter().map(|row| row.try_get_by_index(0).unwrap());
    texts.collect()
}

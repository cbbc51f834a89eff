//! Search in questions and answers: the same words find the same readings on both databases.

use std::time::{Duration, Instant};

use mula::reading::{Filter, Slice, listed};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryTrait, TransactionTrait};
use serde_json::{Value, json};

use crate::{
    pages::texts,
    support::{Member, Server, Service, on_both},
};

const QUESTIONS: [&str; 6] = [
    "Why does every door I knock on stay shut?",
    "How do I forgive an old friend — Ọ̀ṣun's CAFÉ?",
    "Straße oder Fluß: which way 42nd?",
    "Where is the red door, the door of no return?",
    "don't doors matter; SELECT * FROM users WHERE 1=1 -- AND NOT OR",
    "我爱你 and Łódź, why?",
];

const PAGE: &str =
    "query ($first: Int, $after: String, $last: Int, $before: String, $filter: ReadingFilter) {
    readings(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
        totalCount
        nodes { question }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}";

async fn page(server: &Server, who: &Member, variables: Value) -> Value {
    server.graphql(who, PAGE, variables).await.data()["readings"].clone()
}

/// The numbers of the questions that are found, newest first.
fn numbers(page: &Value) -> Vec<usize> {
    let nodes = page["nodes"].as_array().unwrap().iter();
    let number = |node: &Value| QUESTIONS.iter().position(|one| node["question"] == *one);
    nodes.map(|node| number(node).unwrap()).collect()
}

async fn found(server: &Server, who: &Member, text: &str) -> Vec<usize> {
    let page = page(
        server,
        who,
        json!({ "first": 50, "filter": { "search": text } }),
    )
    .await;
    let found = numbers(&page);
    assert_eq!(page["totalCount"], found.len(), "{text}");
    // A filter that all of them meet changes nothing.
    let filter = json!({ "search": text, "statuses": ["COMPLETED"] });
    let filtered = self::page(server, who, json!({ "first": 50, "filter": filter })).await;
    assert_eq!(numbers(&filtered), found, "{text}");
    found
}

/// Until so many readings have been indexed: at least one more every 30 seconds.
async fn are_indexed(server: &Server, who: &Member, text: &str, count: usize) {
    let (mut before, mut since) = (Value::Null, Instant::now());
    loop {
        let filter = json!({ "first": 1, "filter": { "search": text } });
        let page = page(server, who, filter).await;
        if page["totalCount"] == count {
            return;
        }
        if page["totalCount"] != before {
            (before, since) = (page["totalCount"].clone(), Instant::now());
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{text}: {page}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Questions with answers of a known text.
async fn ask_all(server: &Server, who: &Member) {
    for (n, question) in QUESTIONS.iter().enumerate() {
        server.ask(who, "LEGBA", question).await;
        let sql = format!(
            "UPDATE readings SET response = 'Lore {n} of the river: every stone is an answer', is_indexed = false
             WHERE question = '{}'",
            question.replace('\'', "''")
        );
        assert_eq!(server.database.execute(&sql).await, 1);
    }
    are_indexed(server, who, "lore", QUESTIONS.len()).await;
}

on_both! {
    async fn words_find_the_same_on_both_databases(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        ask_all(&server, &ada).await;
        let all = vec![5, 4, 3, 2, 1, 0];

        for (text, expected) in [
            // A word, and the beginning of words,
            ("door", vec![4, 3, 0]),
            ("doors", vec![4]),
            ("DOO", vec![4, 3, 0]),
            ("d", vec![]),
            ("oor", vec![]),
            // several, in any order,
            ("door red", vec![3]),
            ("shut every", vec![0]),
            ("door friend", vec![]),
            ("riv ston", all.clone()),
            // without case and accents,
            ("cafe", vec![1]),
            ("osun", vec![1]),
            ("strasse FLUSS", vec![2]),
            ("lodz", vec![5]),
            ("爱", vec![5]),
            ("爱你", vec![5]),
            ("你爱", vec![]),
            // phrases, of the question or the answer and not across,
            ("\"the door of\"", vec![3]),
            ("\"door the\"", vec![3]),
            ("\"red doo\"", vec![]),
            ("\"every stone\"", all.clone()),
            ("“old friend” caf", vec![1]),
            ("\"stay shut lore\"", vec![]),
            ("\"lore 3\"", vec![3]),
            ("\"old friend", vec![1]),
            // and nothing else: none of it is syntax.
            ("don't", vec![4]),
            ("door*", vec![4, 3, 0]),
            ("door -red", vec![3]),
            ("door | friend", vec![]),
            ("select from", vec![4]),
            ("NOT door", vec![4]),
            ("words:door", vec![]),
            ("door & !red", vec![3]),
            ("'; DROP TABLE readings; --", vec![]),
            ("\\", vec![]),
            ("%", vec![]),
            ("42", vec![2]),
            ("!!!", vec![]),
            ("  ", all.clone()),
            ("", all),
        ] {
            assert_eq!(found(&server, &ada, text).await, expected, "{text}");
            if !text.trim().is_empty() {
                assert_eq!(found(&server, &bea, text).await, Vec::<usize>::new(), "{text}");
            }
        }
        let long = json!({ "filter": { "search": "x".repeat(201) } });
        let refused = server.graphql(&ada, PAGE, long).await;
        assert_eq!(refused.fields(), [("filter.search", "TOO_LONG")]);
    }

    async fn a_search_has_pages_and_filters(server: Server) {
        let ada = server.join("ada").await;
        ask_all(&server, &ada).await;
        for (size, cursor, end, more) in [
            ("first", "after", "endCursor", "hasNextPage"),
            ("last", "before", "startCursor", "hasPreviousPage"),
        ] {
            let (mut walked, mut from) = (Vec::new(), Value::Null);
            loop {
                let variables = json!({ size: 2, cursor: from, "filter": { "search": "river", "statuses": ["COMPLETED"] } });
                let page = page(&server, &ada, variables).await;
                let mut nodes = numbers(&page);
                if size == "last" {
                    nodes.reverse();
                }
                walked.extend(nodes);
                if page["pageInfo"][more] == false {
                    break;
                }
                from = page["pageInfo"][end].clone();
            }
            let expected: Vec<_> = (0..6).collect();
            if size == "first" {
                walked.reverse();
            }
            assert_eq!(walked, expected, "{size}");
        }
        let filter = json!({ "search": "river", "isFavourite": true });
        assert_eq!(page(&server, &ada, json!({ "filter": filter })).await["totalCount"], 0);
        let filter = json!({ "search": "river", "advisors": ["LEGBA"], "createdAfter": "2020-01-01T00:00:00Z" });
        assert_eq!(page(&server, &ada, json!({ "filter": filter })).await["totalCount"], 6);
    }

    async fn a_search_finds_what_is_there(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Where does the heron wait?").await;
        are_indexed(&server, &ada, "heron", 1).await;

        // Another answer has other words, and what is deleted has none.
        let sql = "UPDATE readings SET response = 'By the tamarisk', is_indexed = false";
        server.database.execute(sql).await;
        are_indexed(&server, &ada, "tamarisk heron", 1).await;
        server.regenerate(&ada, json!({ "id": id })).await.data();
        are_indexed(&server, &ada, "tamarisk", 0).await;
        are_indexed(&server, &ada, "heron", 1).await;
        server.delete_reading(&ada, &id).await.data();
        are_indexed(&server, &ada, "heron", 0).await;
        assert_eq!(server.database.count("reading_words").await, 0);
    }
}

/// Words that none of the newest readings has are found by their index.
#[tokio::test]
async fn what_was_asked_long_ago_is_found() {
    let Some(server) = Server::on_postgres(&["--readings-per-day", "0"]).await else {
        return;
    };
    let ada = server.join("ada").await;
    server.ask(&ada, "LEGBA", "Where is the tamarisk?").await;
    server.ask(&ada, "OSHUN", "Why so many?").await;
    let copy = "INSERT INTO readings SELECT copy.*
        FROM readings, generate_series(1, 1500) n, json_populate_record(readings, json_build_object(
            'id', '718e0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'is_indexed', false)) copy
        WHERE readings.question = 'Why so many?'";
    assert_eq!(server.database.execute(copy).await, 1500);
    are_indexed(&server, &ada, "many", 1501).await;
    server.database.execute("ANALYZE").await;

    for filter in [
        json!({ "search": "tamarisk" }),
        json!({ "search": "tamarisk", "statuses": ["COMPLETED"] }),
        json!({ "search": "tamarisk", "advisor": "LEGBA" }),
    ] {
        for ends in [json!({ "first": 2 }), json!({ "last": 2 })] {
            let mut variables = ends;
            variables["filter"] = filter.clone();
            let page = page(&server, &ada, variables).await;
            let nodes = json!([{ "question": "Where is the tamarisk?" }]);
            assert_eq!(page["nodes"], nodes, "{filter}");
        }
    }
    let none = json!({ "search": "tamarisk", "advisor": "OSHUN" });
    let page = page(&server, &ada, json!({ "first": 2, "filter": none })).await;
    assert_eq!(page["nodes"], json!([]));

    let database = sea_orm::Database::connect(server.database.url())
        .await
        .unwrap();
    let user_id = texts(&database, "SELECT id::text FROM users").await[0].clone();
    let slice = Slice {
        filter: Filter {
            search: Some("tamarisk".to_owned()),
            ..Filter::default()
        },
        limit: 20,
        ..Slice::default()
    };
    let page = listed(user_id.parse().unwrap(), &slice, true).unwrap();
    let sql = page.build(DatabaseBackend::Postgres).to_string();
    let tx = database.begin().await.unwrap();
    // As in a table that is larger.
    tx.execute_unprepared("SET LOCAL enable_seqscan = off")
        .await
        .unwrap();
    let plan = texts(&tx, &format!("EXPLAIN {sql}")).await.join("\n");
    assert!(plan.contains("reading_words_words"), "{plan}");
    for wrong in ["Merge", "Hash Join"] {
        assert!(!plan.contains(wrong), "{plan}");
    }
}

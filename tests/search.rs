//! Search in questions and answers: the same words find the same readings on both databases.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Member, Server, Service, on_both};

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
    found
}

/// Until so many readings have been indexed.
async fn are_indexed(server: &Server, who: &Member, text: &str, count: usize) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let filter = json!({ "first": 1, "filter": { "search": text } });
        let page = page(server, who, filter).await;
        if page["totalCount"] == count {
            return;
        }
        assert!(Instant::now() < until, "{text}: {page}");
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

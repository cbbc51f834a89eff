//! Lists of readings under filters: any combination, both ways, against the whole list; and what the
//! database does for them.

use chrono::{DateTime, TimeDelta, Utc};
use mula::{
    entity::reading::{Advisor, Status},
    reading::{Filter, Slice, listed},
};
use sea_orm::{DatabaseBackend, QueryTrait};
use serde_json::{Value, json};

use crate::{
    pages::texts,
    support::{Member, Server, on_both},
};

const PAGE: &str =
    "query ($first: Int, $after: String, $last: Int, $before: String, $filter: ReadingFilter) {
    readings(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
        totalCount
        nodes { id advisor status engine isFavourite createdAt }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}";

const ADVISORS: [&str; 4] = ["LEGBA", "OSHUN", "SHANGO", "YEMAYA"];

async fn page(server: &Server, who: &Member, variables: Value) -> Value {
    server.graphql(who, PAGE, variables).await.data()["readings"].clone()
}

/// An hour between each and the next: of each advisor in turn, in all states, some cries for help.
async fn ask_many(server: &Server, who: &Member, count: usize) {
    for n in 0..count {
        let question = if n % 5 == 3 {
            format!("I want to die. Which door is left for me, {n}?")
        } else {
            format!("Question number {n}?")
        };
        let id = server.ask(who, ADVISORS[n % 4], &question).await["id"].clone();
        if n % 3 == 1 {
            let mark = "mutation ($id: ID!) { updateReading(input: { id: $id, isFavourite: true }) { reading { id } } }";
            server.graphql(who, mark, json!({ "id": id })).await.data();
        }
        server.clock.advance(TimeDelta::hours(1));
    }
    for (status, n) in [("FAILED", 2), ("CANCELLED", 6), ("FAILED", 7)] {
        let sql = format!(
            "UPDATE readings SET status = '{status}' WHERE question = 'Question number {n}?'"
        );
        assert_eq!(server.database.execute(&sql).await, 1);
    }
}

fn meets(reading: &Value, filter: &Value) -> bool {
    let any = |name: &str, field: &str| {
        let values = filter[name].as_array();
        values.is_none_or(|values| values.contains(&reading[field]))
    };
    let time = |value: &Value| {
        value
            .as_str()
            .map(|text| text.parse::<DateTime<Utc>>().unwrap())
    };
    let created_at = time(&reading["createdAt"]).unwrap();
    (filter["advisor"].is_null() || filter["advisor"] == reading["advisor"])
        && any("advisors", "advisor")
        && any("statuses", "status")
        && any("engines", "engine")
        && (filter["isFavourite"].is_null() || filter["isFavourite"] == reading["isFavourite"])
        && time(&filter["createdAfter"]).is_none_or(|after| created_at > after)
        && time(&filter["createdBefore"]).is_none_or(|before| created_at < before)
}

/// All pages of a list, from its beginning or its end.
async fn walk(
    server: &Server,
    who: &Member,
    filter: &Value,
    size: usize,
    is_back: bool,
) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let variables = if is_back {
            json!({ "last": size, "before": cursor, "filter": filter })
        } else {
            json!({ "first": size, "after": cursor, "filter": filter })
        };
        let page = page(server, who, variables).await;
        let nodes = page["nodes"].as_array().unwrap().clone();
        let (more, end) = if is_back {
            all.splice(0..0, nodes);
            ("hasPreviousPage", "startCursor")
        } else {
            all.extend(nodes);
            ("hasNextPage", "endCursor")
        };
        if page["pageInfo"][more] == false {
            assert_eq!(page["totalCount"], all.len(), "{filter}");
            return all;
        }
        cursor = page["pageInfo"][end].clone();
    }
}

on_both! {
    #[settings("--readings-per-day", "0")]
    async fn every_combination_lists_what_meets_it(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        ask_many(&server, &ada, 14).await;
        server.ask(&bea, "LEGBA", "Whose are these?").await;
        let all = page(&server, &ada, json!({ "first": 100 })).await["nodes"].as_array().unwrap().clone();
        assert_eq!(all.len(), 14);
        let at = |n: usize| all[n]["createdAt"].clone();

        let filters = [
            json!({}),
            json!({ "isFavourite": true }),
            json!({ "isFavourite": false, "advisors": ["OSHUN"] }),
            json!({ "advisors": ["OSHUN", "LEGBA", "OSHUN"] }),
            json!({ "advisor": "OSHUN", "advisors": ["OSHUN", "LEGBA"] }),
            json!({ "advisor": "SHANGO", "advisors": ["OSHUN", "LEGBA"] }),
            json!({ "advisors": [] }),
            json!({ "statuses": ["FAILED"] }),
            json!({ "statuses": ["FAILED", "CANCELLED", "PENDING"], "engines": ["EMBEDDED"] }),
            json!({ "statuses": [], "isFavourite": true }),
            json!({ "engines": ["CARE"] }),
            json!({ "engines": ["CARE", "MODEL"], "isFavourite": true, "advisors": ["YEMAYA", "LEGBA"] }),
            json!({ "createdAfter": at(9) }),
            json!({ "createdBefore": at(4) }),
            json!({ "createdAfter": at(9), "createdBefore": at(4), "statuses": ["COMPLETED"] }),
            json!({ "createdAfter": at(4), "createdBefore": at(9) }),
            json!({ "createdAfter": "0001-01-01T00:00:00Z", "createdBefore": "9999-12-31T23:59:59Z" }),
        ];
        let mut met = 0;
        for filter in filters {
            let expected: Vec<_> = all.iter().filter(|one| meets(one, &filter)).cloned().collect();
            met += expected.len();
            for size in [1, 3, 100] {
                for is_back in [false, true] {
                    let walked = walk(&server, &ada, &filter, size, is_back).await;
                    assert_eq!(walked, expected, "{filter}, {size}, {is_back}");
                }
            }
        }
        assert!(met > 60, "{met}");
    }
}

/// A page under a filter is read from the beginnings of ranges of one index, and ends with them.
#[tokio::test]
async fn a_filtered_page_is_read_from_an_index() {
    let Some(server) = Server::on_postgres(&[]).await else {
        return;
    };
    // Given a user with many readings, of which few meet the filters
    let ada = server.join("ada").await;
    server.ask(&ada, "OSHUN", "Why so many?").await;
    let copy = "INSERT INTO readings SELECT copy.*
        FROM readings, generate_series(1, 20000) n, json_populate_record(readings, json_build_object(
            'id', '018e0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'),
            'is_favourite', n % 5000 = 1)) copy";
    assert_eq!(server.database.execute(copy).await, 20_000);
    server.database.execute("VACUUM ANALYZE").await;

    let database = sea_orm::Database::connect(server.database.url())
        .await
        .unwrap();
    let user_id = texts(&database, "SELECT id::text FROM users").await[0]
        .parse()
        .unwrap();
    let favourites = Filter {
        is_favourite: Some(true),
        ..Filter::default()
    };
    let failed = Filter {
        statuses: Some(vec![Status::Failed]),
        advisors: Some(vec![Advisor::Oshun, Advisor::Legba]),
        ..Filter::default()
    };
    let of_both = Filter {
        advisors: Some(vec![Advisor::Oshun, Advisor::Legba]),
        ..Filter::default()
    };
    let replies = Filter {
        in_reply_to: Some(user_id),
        ..Filter::default()
    };
    for (filter, index) in [
        (Filter::default(), "readings_of_user"),
        (favourites, "readings_of_user_by_facets"),
        (failed, "readings_of_user_by_facets"),
        (of_both, "readings_of_user_by_advisor"),
        (replies, "readings_in_reply_to"),
    ] {
        // when a page is planned
        let slice = Slice {
            filter,
            limit: 20,
            ..Slice::default()
        };
        let page = listed(user_id, &slice, true).unwrap();
        let sql = page.build(DatabaseBackend::Postgres).to_string();
        let plan = texts(&database, &format!("EXPLAIN (ANALYZE, BUFFERS) {sql}"))
            .await
            .join("\n");

        // then each range is the beginning of an index's, nothing is left out of it, and little is read: the
        // readings have some 1,000 pages, and their index 200.
        assert!(plan.contains(index), "{plan}");
        let pages: u32 = (plan.lines().find(|line| line.contains("Buffers:")).unwrap())
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse::<u32>().ok())
            .sum();
        assert!(pages < 400, "{pages} pages: {plan}");
        for wrong in ["Seq Scan", "Removed by Filter", "Incremental Sort"] {
            assert!(!plan.contains(wrong), "{plan}");
        }
    }
}

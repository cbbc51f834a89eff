//! Search in 200,000 readings of one user, on both databases, against the program with optimizations:
//! `cargo bench --bench search`, or with another number of readings as its argument.
//!
//! Words are as frequent as in a language (Zipf's law). Each row is the time of a request for the first
//! page, one request after the other.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on fails where it stands"
)]

#[path = "../tests/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the tests use the rest"
)]
mod support;

use std::time::{Duration, Instant};

use mula::{
    clock::Clock,
    entity::{Sources, reading},
};
use sea_orm::EntityTrait;
use serde_json::json;
use support::{Database, Member, Process, Service};
use uuid::Uuid;

/// Different words, and words of an answer.
const WORDS: usize = 20_000;
const LENGTH: usize = 200;

/// Requests of a row.
const TIMES: usize = 200;

/// Every how-manieth reading has the word that few have, and is a favourite.
const RARE: usize = 20_000;
const FAVOURITE: usize = 4_000;

const PAGE: &str = "query ($filter: ReadingFilter) {
    readings(first: 20, filter: $filter) { nodes { id advisor question response status createdAt } }
}";

fn main() {
    let count = std::env::args().find_map(|arg| arg.parse().ok());
    let count = count.unwrap_or(200_000);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        measure("SQLite", Database::sqlite(), count).await;
        if let Some(database) = Database::postgres().await {
            measure("PostgreSQL", database, count).await;
        }
    });
}

async fn measure(name: &str, database: Database, count: usize) {
    let server = Process::start(&database, &[]).await;
    let ada = server.join("ada").await;
    server.terminate().await;
    fill(&database, count).await;
    let server = Process::start(&database, &[]).await;
    let begun = Instant::now();
    while database.count("readings WHERE is_indexed = false").await > 0 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let per_second = count as u128 * 1000 / begun.elapsed().as_millis().max(1);
    println!("{name}: {count} readings, {per_second} indexed in a second");
    let words = vocabulary();
    let (common, next) = (words[3].as_str(), words[9].as_str());
    let favourites = json!({ "isFavourite": true });
    for (case, search, filter) in [
        ("a common word", common.to_owned(), json!({})),
        ("a word of one in fifteen", words[300].clone(), json!({})),
        ("a word of one in a hundred", words[2000].clone(), json!({})),
        ("a rare word", "qqrare".to_owned(), json!({})),
        ("two common words", format!("{common} {next}"), json!({})),
        (
            "a common and a rare word",
            format!("{common} qqrare"),
            json!({}),
        ),
        (
            "two of one in fifteen",
            format!("{} {}", words[300], words[310]),
            json!({}),
        ),
        ("two letters", common[..2].to_owned(), json!({})),
        (
            "a phrase of common words",
            format!("\"{common} {next}\""),
            json!({}),
        ),
        (
            "a phrase of one in fifteen",
            format!("\"{} {}\"", words[300], words[310]),
            json!({}),
        ),
        ("none found", "zzzz".to_owned(), json!({})),
        (
            "a common word, favourites",
            common.to_owned(),
            favourites.clone(),
        ),
        ("a rare word, favourites", "qqrare".to_owned(), favourites),
    ] {
        let mut filter = filter;
        filter["search"] = json!(search);
        row(&server, &ada, case, &json!({ "filter": filter })).await;
    }
}

async fn row(server: &Process, ada: &Member, case: &str, variables: &serde_json::Value) {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..TIMES {
        let begun = Instant::now();
        let answer = server.graphql(ada, PAGE, variables.clone()).await;
        times.push(begun.elapsed());
        found = answer.data()["readings"]["nodes"].as_array().unwrap().len();
    }
    times.sort();
    let [p50, p99] = [50, 99].map(|percent| times[TIMES * percent / 100].as_secs_f64() * 1e3);
    println!("{case:30} {found:3} found   p50 {p50:7.2} ms   p99 {p99:7.2} ms");
}

/// Invented words, the most frequent first.
fn vocabulary() -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut words = Vec::new();
    while words.len() < WORDS {
        let syllables = random.usize(2..=4);
        let word: String = (0..syllables)
            .flat_map(|_| {
                let of = |random: &mut fastrand::Rng, letters: &str| {
                    char::from(letters.as_bytes()[random.usize(..letters.len())])
                };
                [
                    of(&mut random, "bcdfghjklmnprstvwz"),
                    of(&mut random, "aeiou"),
                ]
            })
            .collect();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// Readings of the one user there is, a minute apart.
async fn fill(database: &Database, count: usize) {
    let settings = database.settings(&[]).database;
    let db = mula::db::Database::connect(&settings).await.unwrap();
    let user = mula::entity::user::Entity::find().one(db.reads()).await;
    let user = user.unwrap().unwrap();
    let words = vocabulary();
    let mut sums = Vec::new();
    let mut sum = 0.0;
    let mut weight = 2.7;
    for _ in 0..WORDS {
        sum += 1.0 / weight;
        weight += 1.0;
        sums.push(sum);
    }
    let mut random = fastrand::Rng::with_seed(8);
    let now = Clock::default().now();
    for first in (0..count).step_by(500) {
        let rows = (first..count.min(first + 500)).map(|n| {
            let mut text: Vec<_> = (0..LENGTH)
                .map(|_| {
                    let at = random.f64() * sum;
                    let rank = sums.partition_point(|sum| *sum < at);
                    words[rank.min(WORDS - 1)].as_str()
                })
                .collect();
            if n % RARE == 77 {
                text.push("qqrare");
            }
            let ago = chrono::TimeDelta::minutes(i64::try_from(count - n).unwrap());
            reading(n, user.id, now - ago, &text)
        });
        let rows: Vec<_> = rows.map(reading::ActiveModel::from).collect();
        let rows = rows.into_iter().map(sea_orm::ActiveModelTrait::reset_all);
        reading::Entity::insert_many(rows)
            .exec_without_returning(db.writes())
            .await
            .unwrap();
    }
}

fn reading(
    n: usize,
    user_id: Uuid,
    created_at: chrono::DateTime<chrono::Utc>,
    text: &[&str],
) -> reading::Model {
    let millis = u64::try_from(created_at.timestamp_millis()).unwrap();
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&(n as u64).to_be_bytes());
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
    reading::Model {
        id,
        user_id,
        advisor: reading::Advisor::Legba,
        question: text[..10].join(" "),
        cache_key: String::new(),
        generation_id: id,
        status: reading::Status::Completed,
        response: Some(text[10..].join(" ")),
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
        created_at,
        completed_at: Some(created_at),
        is_favourite: n % FAVOURITE == 3,
        note: None,
        rating: None,
        in_reply_to: None,
        is_indexed: false,
        share_token: None,
        shared_at: None,
        share_expires_at: None,
    }
}

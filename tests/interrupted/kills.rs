//! Killed again and again in the midst of answers: the provider's own count of what it was asked for
//! against ours. `MULA_KILLS=100 cargo test --test behaviour -- kills` for more than a few.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::chat;
use crate::support::{Call, Database, Process, Provider, Service, Told, Via, chunk, finish};

const KILLS: usize = 8;

/// The provider's progress when the process is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// It may not even have been asked.
    Asked,
    Heard,
    Begun,
    /// It has said all; that may be stored, or not.
    Said,
}

impl Stage {
    fn of(kill: usize) -> Self {
        [Self::Asked, Self::Heard, Self::Begun, Self::Said][kill % 4]
    }

    async fn answer(self, mut call: Call) {
        if self != Self::Heard {
            call.begin().await;
        }
        if matches!(self, Self::Begun | Self::Said) {
            call.event(&chunk("Go on ")).await;
        }
        if matches!(self, Self::Asked | Self::Said) {
            let usage = json!({ "prompt_tokens": 9, "completion_tokens": 3 });
            let usage = json!({ "choices": [], "usage": usage });
            call.events([chunk("home."), finish("stop"), usage]).await;
            return call.done().await;
        }
        call.closed().await;
    }
}

/// A provider that does as the number of the question says, and counts how often it was asked each.
struct Counting {
    asked: Arc<Mutex<HashMap<usize, usize>>>,
    answered: Arc<Mutex<HashSet<usize>>>,
    url: String,
}

impl Counting {
    async fn start() -> Self {
        let provider = Provider::start().await;
        let url = provider.url().to_owned();
        let asked = Arc::new(Mutex::new(HashMap::new()));
        let answered = Arc::new(Mutex::new(HashSet::new()));
        let (count, done) = (asked.clone(), answered.clone());
        // However long a process takes to start: on a busy machine, longer than a request is waited for.
        provider.answering(move |_, call| {
            let kill = number(&call.body);
            *count.lock().unwrap().entry(kill).or_insert(0) += 1;
            let done = done.clone();
            async move {
                Stage::of(kill).answer(call).await;
                done.lock().unwrap().insert(kill);
            }
        });
        Self {
            asked,
            answered,
            url,
        }
    }

    /// Waits until the provider has come as far as it is to come before the kill.
    async fn reaches(&self, kill: usize) {
        let until = Instant::now() + Duration::from_mins(1);
        let is_there = || match Stage::of(kill) {
            Stage::Asked => true,
            Stage::Heard | Stage::Begun => self.asked.lock().unwrap().contains_key(&kill),
            Stage::Said => self.answered.lock().unwrap().contains(&kill),
        };
        while !is_there() {
            assert!(Instant::now() < until, "{kill} is asked for");
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Which way from crossroads number 7?
fn number(body: &Value) -> usize {
    let question = body["messages"][1]["content"].as_str().unwrap();
    let digits = question.chars().filter(char::is_ascii_digit);
    digits.collect::<String>().parse().unwrap()
}

pub(super) async fn nothing_is_asked_twice(database: Database) {
    let kills = std::env::var("MULA_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let provider = Counting::start().await;
    let flags = [chat(&provider.url), vec!["--readings-per-day", "0"]].concat();
    for kill in 0..kills {
        let process = Process::start(&database, &flags).await;
        let who = process.join(&format!("member{kill}")).await;
        let question = format!("Which way from crossroads number {kill}?");
        let id = process.begin(&who, &question).await;
        provider.reaches(kill).await;
        if Stage::of(kill) == Stage::Begun {
            let mut follower = process.follow(Via::Socket, &who, &id, 0).await;
            assert!(Told::default().listen(&mut follower, 1).await.is_none());
        }
        process.kill();
    }

    // What is left is taken over, and ended.
    let process = Process::start(&database, &flags).await;
    let until = Instant::now() + Duration::from_mins(1);
    while database
        .count("generations WHERE completed_at IS NULL")
        .await
        > 0
    {
        assert!(Instant::now() < until, "all end");
        sleep(Duration::from_millis(100)).await;
    }
    process.terminate().await;

    let asked = provider.asked.lock().unwrap().clone();
    let twice: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "asked more than once: {twice:?}");
    let count = |condition: &str| {
        let rows = format!("generations WHERE {condition}");
        let database = &database;
        async move { usize::try_from(database.count(&rows).await).unwrap() }
    };
    assert_eq!(count("status IN ('COMPLETED', 'FAILED')").await, kills);
    // Killed between the note that it will be asked and the asking, it was not, and counts as asked.
    let sent = count("sent_at IS NOT NULL").await;
    assert!(
        (asked.len()..=kills).contains(&sent),
        "{sent} of {}",
        asked.len()
    );
    assert_eq!(
        count("sent_at IS NULL").await,
        0,
        "what was not asked is, by the next"
    );
    assert_eq!(
        count("tokens_used = 0").await,
        0,
        "what was asked is accounted"
    );
    let interrupted = count("failure_code = 'INTERRUPTED'").await;
    let completed = count("status = 'COMPLETED' AND tokens_used = 12").await;
    assert_eq!(interrupted + completed, kills);
    for sum in [
        "SUM(tokens) AS bigint) FROM usage_months",
        "SUM(tokens) AS bigint) FROM service_months",
    ] {
        let settled = database.number(&format!("SELECT CAST({sum}")).await;
        let counted = database
            .number("SELECT CAST(SUM(tokens_used) AS bigint) FROM generations")
            .await;
        assert_eq!(settled, counted, "{sum}");
    }
    println!(
        "{kills} kills: the provider was asked {} times, each question at most once; {completed} answers \
         came to their end, {interrupted} were interrupted",
        asked.len()
    );
}

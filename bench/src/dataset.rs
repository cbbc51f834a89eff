//! The dataset, made by a rule rather than by chance: reading `n` is known without looking, so that
//! an answer can be compared with its expectation. The rule stands here twice: in SQL, to make the
//! rows where they are to be, and in Rust, to know them.
//!
//! Readings come in one a half minute, each fifth of them the heavy user's, the others' dealt round.

mod sql;

use chrono::{DateTime, Utc};
use mula_bench::{cursor, rfc3339, type_id};
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Result;
use sql::Sql;

/// User 0 is the heavy one.
pub const USERS: u64 = 10_000;

/// The users before this one have a password hash of cost 4, to sign in fast; the others' are as
/// costly as the settings have them.
pub const QUICK: u64 = 2_000;

pub const PASSWORD: &str = "the same for everybody";

const QUICK_COST: u32 = 4;

/// Every how-manieth reading is the heavy user's.
const HEAVY: u64 = 5;

const ADVISORS: [&str; 4] = ["LEGBA", "OSHUN", "SHANGO", "YEMAYA"];

/// 2025-01-01, in seconds since 1970: when the first reading was asked for.
const START: u64 = 1_735_689_600;

/// Seconds.
const BETWEEN: u64 = 31;

/// When the first user came, so many seconds earlier.
const USERS_EARLIER: u64 = 1_000_000;

/// Scatters numbers, as an id's or a digest's digits are (Knuth's multiplicative hash).
const SCATTER: u64 = 2_654_435_761;

/// The text after the number in an answer: about a kilobyte.
const ANSWER: &str = "The crossing is not a wall, and the one who keeps it is not its guard but its \
    interpreter. You have asked which way to go as if the roads were already drawn and only the \
    choosing were left to you. Look again: one of them you have walked before, and you know what it \
    costs; the other you have only heard about, from people who did not come back to say more.

    Put down what you carry for others. A debt that is not yours will not be paid by your staying, \
    and the door that you hold open for everybody has let the warmth out of your own house. Say one \
    word of thanks, say it aloud, and turn the key from the inside.

    Then wait for the morning market. Somebody will ask you the price of a thing that you had not \
    thought of selling. Do not answer at once: walk around the square, count the doors, and notice \
    which of them is open. When you come back to where you stood you will know what to ask, and the \
    question will be shorter than the one you brought here today, and easier to carry home.";

/// So many readings.
#[derive(Clone, Copy)]
pub struct Dataset {
    pub readings: u64,
}

impl Dataset {
    /// Makes all rows in a migrated database.
    pub async fn seed(self, url: &str, cost: u32) -> Result<()> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let db = Database::connect(options).await?;
        let sql = if url.starts_with("postgres") {
            Sql::Postgres
        } else {
            Sql::Sqlite
        };
        let quick = bcrypt::hash(PASSWORD, QUICK_COST)?;
        let costly = bcrypt::hash(PASSWORD, cost)?;
        let (before, after) = match sql {
            // What is made keeps the rules: they need not be checked a million times.
            Sql::Postgres => (
                "SET session_replication_role = replica",
                "VACUUM (FREEZE, ANALYZE)",
            ),
            Sql::Sqlite => (
                "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000",
                "ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)",
            ),
        };
        db.execute_unprepared(before).await?;
        db.execute_unprepared("BEGIN").await?;
        db.execute_unprepared(&sql.users(&quick, &costly)).await?;
        db.execute_unprepared(&sql.readings(self.readings)).await?;
        db.execute_unprepared(&sql.generations(self.readings))
            .await?;
        db.execute_unprepared(&sql.earlier_answers()).await?;
        db.execute_unprepared("COMMIT").await?;
        db.execute_unprepared(after).await?;
        Ok(db.close().await?)
    }

    /// How many readings the heavy user has.
    pub fn heavy(self) -> u64 {
        self.readings / HEAVY
    }

    /// The heavy user's reading that stands `at` this place in the list, newest first.
    fn nth(self, at: u64) -> Reading {
        Reading((self.heavy() - at) * HEAVY)
    }

    /// The cursor of the heavy user's reading at this place.
    pub fn cursor(self, at: u64) -> String {
        cursor(self.nth(at).id())
    }

    /// The answer to a page of the heavy user's list: what stands at these places.
    pub fn page(self, places: &[u64], has_previous: bool, has_next: bool) -> Value {
        let nodes: Vec<_> = places.iter().map(|at| self.nth(*at).json()).collect();
        let ends = |at: Option<&u64>| at.map(|at| self.cursor(*at));
        json!({ "data": { "readings": {
            "nodes": nodes,
            "pageInfo": {
                "hasPreviousPage": has_previous,
                "hasNextPage": has_next,
                "startCursor": ends(places.first()),
                "endCursor": ends(places.last()),
            },
        }}})
    }

    /// The answer to the first page of another user's list, with all columns of the readings.
    pub fn first_of(self, user: User, count: usize) -> Value {
        let others = USERS - 1;
        let last = self.readings - (self.readings + others - (user.0 - 1)) % others;
        let page: Vec<_> = (0..)
            .map_while(|round| last.checked_sub(round * others))
            .filter(|n| n % HEAVY != 0)
            .take(count)
            .map(Reading)
            .collect();
        let ends = |reading: Option<&Reading>| reading.map(|reading| cursor(reading.id()));
        json!({ "data": { "readings": {
            "nodes": page.iter().map(Reading::whole_json).collect::<Vec<_>>(),
            "pageInfo": {
                "hasPreviousPage": false,
                "hasNextPage": true,
                "startCursor": ends(page.first()),
                "endCursor": ends(page.last()),
            },
        }}})
    }

    /// The heavy user's first readings of an advisor, by their places.
    pub fn of_advisor(self, advisor: &str, count: usize) -> Vec<u64> {
        (0..self.heavy())
            .filter(|at| self.nth(*at).advisor() == advisor)
            .take(count)
            .collect()
    }
}

/// A user, by number.
#[derive(Clone, Copy)]
pub struct User(pub u64);

impl User {
    pub fn email(self) -> String {
        format!("user{:05}@example.com", self.0)
    }

    /// The answer to what a profile shows.
    pub fn profile(self) -> Value {
        json!({ "data": { "profile": {
            "id": type_id("user", id((START - USERS_EARLIER) * 1000 + self.0, 0, 8, self.0)),
            "email": self.email(),
            "username": format!("user{:05}", self.0),
            "isActive": true,
            "createdAt": at(START - USERS_EARLIER + self.0),
        }}})
    }
}

/// A reading, by number: 1 is the oldest.
struct Reading(u64);

impl Reading {
    fn id(&self) -> Uuid {
        let n = self.0;
        id(
            (START + n * BETWEEN) * 1000,
            n % 4096,
            8,
            n * SCATTER % (1 << 32),
        )
    }

    fn advisor(&self) -> &'static str {
        ADVISORS[usize::try_from(self.0 / HEAVY % 4).expect("less than 4")]
    }

    fn json(&self) -> Value {
        let n = self.0;
        json!({
            "id": type_id("reading", self.id()),
            "advisor": self.advisor(),
            "question": format!("{}{n:07}{}", QUESTION.0, QUESTION.1),
            "status": "COMPLETED",
            "response": format!("{n:07}. {ANSWER}"),
            "createdAt": at(START + n * BETWEEN),
        })
    }

    fn whole_json(&self) -> Value {
        let mut json = self.json();
        let rest = json!({
            "care": "NONE",
            "engine": "EMBEDDED",
            "model": null,
            "tokensUsed": 0,
            "cost": "0",
            "isEstimated": false,
            "isCached": false,
            "isTruncated": false,
            "completedAt": at(START + self.0 * BETWEEN + 1),
            "isFavourite": false,
            "note": null,
            "rating": null,
        });
        if let (Value::Object(json), Value::Object(rest)) = (&mut json, rest) {
            json.extend(rest);
        }
        json
    }
}

const QUESTION: (&str, &str) = (
    "Which road do I take at crossing ",
    ", and what do I leave at its gate?",
);

/// A `UUIDv7` (RFC 9562, section 5.7) of these parts: milliseconds, the 12 bits after them, the
/// variant's digit and what comes last.
fn id(ms: u64, middle: u64, variant: u8, last: u64) -> Uuid {
    let digits = format!("{ms:012x}7{middle:03x}{variant}{last:015x}");
    digits.parse().expect("32 hexadecimal digits")
}

fn at(seconds: u64) -> String {
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    rfc3339(time.expect("a time of our days"))
}

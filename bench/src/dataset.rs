//! The dataset, made by a rule rather than by chance: reading `n` is known without looking, so that
//! an answer can be compared with its expectation. The rule stands here twice: in SQL, to make the
//! rows where they are to be, and in Rust, to know them.
//!
//! Readings come in one a half minute, each fifth of them the heavy user's, the others' dealt round.

use chrono::{DateTime, Utc};
use mula_bench::{cursor, rfc3339, type_id};
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Result;

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

/// How each database says it.
#[derive(Clone, Copy)]
enum Sql {
    Postgres,
    Sqlite,
}

impl Sql {
    /// The numbers from `first` to `last`, as `n`.
    fn numbers(self, first: u64, last: u64) -> String {
        match self {
            Self::Postgres => format!("generate_series({first}::bigint, {last}) AS n"),
            Self::Sqlite => format!(
                "(WITH RECURSIVE numbers(n) AS (VALUES({first}) UNION ALL \
                 SELECT n + 1 FROM numbers WHERE n < {last}) SELECT n FROM numbers)"
            ),
        }
    }

    fn id(self, ms: &str, middle: &str, variant: u8, last: &str) -> String {
        match self {
            Self::Postgres => format!(
                "(lpad(to_hex({ms}), 12, '0') || '7' || lpad(to_hex({middle}), 3, '0') \
                 || '{variant}' || lpad(to_hex({last}), 15, '0'))::uuid"
            ),
            Self::Sqlite => {
                format!("unhex(printf('%012x7%03x{variant}%015x', {ms}, {middle}, {last}))")
            }
        }
    }

    fn digits(self, count: u8) -> String {
        match self {
            Self::Postgres => format!("lpad(n::text, {count}, '0')"),
            Self::Sqlite => format!("printf('%0{count}d', n)"),
        }
    }

    fn time(self, seconds: &str) -> String {
        match self {
            Self::Postgres => format!("to_timestamp({seconds})"),
            Self::Sqlite => format!("strftime('%Y-%m-%dT%H:%M:%S+00:00', {seconds}, 'unixepoch')"),
        }
    }

    /// 64 hexadecimal digits, another for every `n` and in no order, as a digest's are.
    fn digest(self) -> String {
        let scattered = format!("n * {SCATTER} % 4294967296");
        match self {
            Self::Postgres => format!("repeat(lpad(to_hex({scattered}), 8, '0'), 8)"),
            Self::Sqlite => {
                format!("replace(hex(zeroblob(8)), '00', printf('%08x', {scattered}))")
            }
        }
    }

    fn user_id(self, n: &str) -> String {
        let ms = format!("{} + {n}", (START - USERS_EARLIER) * 1000);
        self.id(&ms, "0", 8, n)
    }

    /// Of reading `n`; its generation's differs in the variant's digit.
    fn reading_id(self, variant: u8) -> String {
        let ms = format!("({START} + n * {BETWEEN}) * 1000");
        self.id(
            &ms,
            "n % 4096",
            variant,
            &format!("n * {SCATTER} % 4294967296"),
        )
    }

    /// Of reading `n`'s owner.
    fn owner(self) -> String {
        let others = USERS - 1;
        let owner = format!("CASE WHEN n % {HEAVY} = 0 THEN 0 ELSE 1 + n % {others} END");
        self.user_id(&owner)
    }

    fn users(self, quick: &str, costly: &str) -> String {
        let digits = self.digits(5);
        let id = self.user_id("n");
        let time = self.time(&format!("{} + n", START - USERS_EARLIER));
        let numbers = self.numbers(0, USERS - 1);
        format!(
            "INSERT INTO users (id, email, email_key, username, username_key, hashed_password, \
             is_active, created_at, updated_at) \
             SELECT {id}, 'user' || {digits} || '@example.com', 'user' || {digits} || '@example.com', \
             'user' || {digits}, 'user' || {digits}, \
             CASE WHEN n < {QUICK} THEN '{quick}' ELSE '{costly}' END, \
             TRUE, {time}, {time} FROM {numbers}"
        )
    }

    fn readings(self, count: u64) -> String {
        let [legba, oshun, shango, yemaya] = ADVISORS;
        let (id, generation_id, owner) = (self.reading_id(8), self.reading_id(9), self.owner());
        let (digits, digest) = (self.digits(7), self.digest());
        let (asked, answered) = self.times();
        let (before, after) = QUESTION;
        let numbers = self.numbers(1, count);
        format!(
            "INSERT INTO readings (id, user_id, advisor, question, cache_key, generation_id, \
             status, response, engine, sources, tokens_used, cost, is_cached, created_at, \
             completed_at) \
             SELECT {id}, {owner}, CASE n / {HEAVY} % 4 WHEN 0 THEN '{legba}' WHEN 1 THEN '{oshun}' \
             WHEN 2 THEN '{shango}' ELSE '{yemaya}' END, '{before}' || {digits} || '{after}', \
             {digest}, {generation_id}, 'COMPLETED', {digits} || '. {ANSWER}', 'EMBEDDED', \
             '{SOURCES}', 0, 0, FALSE, {asked}, {answered} FROM {numbers}"
        )
    }

    fn generations(self, count: u64) -> String {
        let (id, reading_id, owner) = (self.reading_id(9), self.reading_id(8), self.owner());
        let (asked, answered) = self.times();
        let numbers = self.numbers(1, count);
        let length = "0000000. ".len() + ANSWER.len();
        format!(
            "INSERT INTO generations (id, reading_id, user_id, status, cast_open, epoch, \
             cancel_requested, last_sequence, piece_ends, engine, sources, tokens_used, cost, \
             created_at, completed_at) \
             SELECT {id}, {reading_id}, {owner}, 'COMPLETED', 2, 1, FALSE, 2, '[512,{length}]', \
             'EMBEDDED', '{SOURCES}', 0, 0, {asked}, {answered} FROM {numbers}"
        )
    }

    /// When reading `n` was asked for, and when it was answered.
    fn times(self) -> (String, String) {
        let asked = format!("{START} + n * {BETWEEN}");
        (self.time(&asked), self.time(&format!("{asked} + 1")))
    }
}

const SOURCES: &str = r#"[{"title":"The cast of obi","excerpt":"Four lobes are thrown, and how they fall is read."}]"#;

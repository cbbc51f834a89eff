//! The lines of an export: what they hold, and how they correspond to rows.
//!
//! The form is its own, apart from the tables: those may change, while a file that was written
//! stays as it is. Times are RFC 3339 in UTC, money is counted in nano-dollars.

mod rows;

use chrono::{DateTime, Datelike, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::entity::{
    Source, account_event,
    reading::{Advisor, Care, Engine, Rating, Status},
};

/// The name of the format in the first line.
pub const FORMAT: &str = "mula-export";

/// Goes up whenever an earlier Mula could misread a file.
pub const VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    Header(Header),
    User(User),
    UsageDay(UsageDay),
    UsageMonth(UsageMonth),
    ServiceMonth(ServiceMonth),
    Session(Session),
    AccountEvent(AccountEvent),
    Reading(Box<Reading>),
    End(End),
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub version: u32,
    /// The Mula that wrote it.
    pub mula: String,
    /// When the snapshot was taken.
    #[serde(deserialize_with = "time")]
    pub exported_at: DateTime<Utc>,
    pub scope: Scope,
    /// The types of the lines that may follow.
    pub contains: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// All data, to move the service.
    All,
    /// One user's, for that user: no password hash and no idempotency keys.
    User,
}

impl Scope {
    /// The types of the lines between the first and the last.
    pub(super) fn contains(self) -> Vec<String> {
        let own = match self {
            Self::All => "service_month",
            Self::User => "session",
        };
        [
            "user",
            "usage_day",
            "usage_month",
            own,
            "account_event",
            "reading",
        ]
        .map(ToOwned::to_owned)
        .to_vec()
    }
}

/// The last line: without it, the file was cut short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Between the header and this one.
    pub lines: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: Uuid,
    pub email: String,
    pub username: String,
    /// bcrypt; only in an export of all data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashed_password: Option<String>,
    pub is_active: bool,
    #[serde(deserialize_with = "time")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "time")]
    pub updated_at: DateTime<Utc>,
    /// Missing in files of versions before it, as is the next.
    #[serde(default = "default_locale")]
    pub locale: String,
    #[serde(default = "default_memory")]
    pub memory: bool,
    /// None if it is not confirmed.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_time"
    )]
    pub email_verified_at: Option<DateTime<Utc>>,
    /// The address that is to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_email: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_guest: bool,
    /// Own limits in place of the settings'; -1 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings_per_day: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_per_month_nano_usd: Option<i64>,
}

fn default_locale() -> String {
    "en".to_owned()
}

fn default_memory() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDay {
    pub user_id: Uuid,
    pub day: NaiveDate,
    pub readings: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageMonth {
    pub user_id: Uuid,
    /// Its first day.
    #[serde(deserialize_with = "month")]
    pub month: NaiveDate,
    pub tokens: i64,
    pub cost_nano_usd: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceMonth {
    /// Its first day.
    #[serde(deserialize_with = "month")]
    pub month: NaiveDate,
    pub tokens: i64,
    pub cost_nano_usd: i64,
}

/// A sign-in that has not expired; only in an export of one user's data. Nothing in it signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: Uuid,
    pub user_id: Uuid,
    pub user_agent: Option<String>,
    #[serde(deserialize_with = "time")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "time")]
    pub expires_at: DateTime<Utc>,
    pub is_revoked: bool,
    /// None before the first use that was written down.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_time"
    )]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A change of an account, or a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEvent {
    pub id: Uuid,
    pub user_id: Uuid,
    pub kind: account_event::EventKind,
    pub session_id: Option<Uuid>,
    pub user_agent: Option<String>,
    #[serde(deserialize_with = "time")]
    pub created_at: DateTime<Utc>,
}

/// A question with all answers that were written to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub id: Uuid,
    pub user_id: Uuid,
    pub advisor: Advisor,
    pub question: String,
    /// The text of the generation below that has this id.
    pub response: Option<String>,
    pub generation_id: Uuid,
    /// Missing in files of versions before it.
    #[serde(default)]
    pub care: Care,
    #[serde(flatten)]
    pub outcome: Outcome,
    pub is_cached: bool,
    /// Missing in files of versions before it, as is the next.
    #[serde(default)]
    pub is_favourite: bool,
    #[serde(default)]
    pub note: Option<String>,
    /// The id of the reading that the question goes on with. Missing in files of versions before it.
    #[serde(default)]
    pub in_reply_to: Option<Uuid>,
    /// The link that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    pub cache_key: String,
    /// Oldest first.
    pub generations: Vec<Generation>,
    /// Only in an export of all data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_keys: Option<Vec<IdempotencyKey>>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub token: String,
    #[serde(deserialize_with = "time")]
    pub created_at: DateTime<Utc>,
    /// None: never.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_time"
    )]
    pub expires_at: Option<DateTime<Utc>>,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub status: Status,
    pub engine: Engine,
    pub model: Option<String>,
    pub sources: Vec<Source>,
    pub tokens_used: i32,
    pub cost_nano_usd: i64,
    pub is_estimated: bool,
    /// Missing in files of versions before it.
    #[serde(default)]
    pub is_truncated: bool,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    #[serde(deserialize_with = "time")]
    pub created_at: DateTime<Utc>,
    #[serde(deserialize_with = "time")]
    pub completed_at: DateTime<Utc>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    pub id: Uuid,
    /// Null in the one whose text is the reading's.
    pub response: Option<String>,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How many of the four lobes of the obi cast fell open; -1 where none was cast.
    pub cast_open: i16,
    /// Where the text's pieces end, in bytes of UTF-8.
    pub piece_ends: Vec<usize>,
    /// Missing in files of versions before it, as is the next.
    #[serde(default)]
    pub cached_tokens: i32,
    #[serde(default)]
    pub reasoning_tokens: i32,
    /// Missing in files of versions before it, as are the next.
    #[serde(default)]
    pub rating: Option<Rating>,
    #[serde(default)]
    pub rating_reason: Option<String>,
    #[serde(default)]
    pub prompt_version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    pub key: String,
    pub request: String,
}

/// As both databases keep it: to the microsecond, and in the years that have four digits.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    let time = DateTime::<Utc>::deserialize(from)?;
    if !(1..=9999).contains(&time.year()) {
        return Err(serde::de::Error::custom("a year has to be from 1 to 9999"));
    }
    Ok(time.trunc_subsecs(6))
}

fn optional_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    time(from).map(Some)
}

fn month<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    let day = NaiveDate::deserialize(from)?;
    if day.day() != 1 {
        return Err(serde::de::Error::custom("a month stands as its first day"));
    }
    Ok(day)
}

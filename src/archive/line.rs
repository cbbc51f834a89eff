//! The lines of an export: what they hold, and how they correspond to rows.
//!
//! The form is its own, apart from the tables: those may change, while a file that was written
//! stays as it is. Times are RFC 3339 in UTC, money is counted in nano-dollars.

use chrono::{DateTime, Datelike, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::entity::{
    PieceEnds, Source, Sources, generation,
    reading::{self, Advisor, Engine, Status},
    service_month, usage_day, usage_month, user,
};

/// What the first line calls the format.
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
        let service: &[_] = match self {
            Self::All => &["service_month"],
            Self::User => &[],
        };
        [&["user", "usage_day", "usage_month"], service, &["reading"]]
            .concat()
            .iter()
            .map(ToString::to_string)
            .collect()
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
    #[serde(flatten)]
    pub outcome: Outcome,
    pub is_cached: bool,
    pub cache_key: String,
    /// Oldest first.
    pub generations: Vec<Generation>,
    /// Only in an export of all data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_keys: Option<Vec<IdempotencyKey>>,
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

fn month<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    let day = NaiveDate::deserialize(from)?;
    if day.day() != 1 {
        return Err(serde::de::Error::custom("a month stands as its first day"));
    }
    Ok(day)
}

impl User {
    /// With the password's hash, or without.
    pub(super) fn new(row: user::Model, with_password: bool) -> Self {
        Self {
            id: row.id,
            email: row.email,
            username: row.username,
            hashed_password: with_password.then_some(row.hashed_password),
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<usage_day::Model> for UsageDay {
    fn from(row: usage_day::Model) -> Self {
        Self {
            user_id: row.user_id,
            day: row.day,
            readings: row.readings,
        }
    }
}

impl From<UsageDay> for usage_day::Model {
    fn from(line: UsageDay) -> Self {
        Self {
            user_id: line.user_id,
            day: line.day,
            readings: line.readings,
        }
    }
}

impl From<usage_month::Model> for UsageMonth {
    fn from(row: usage_month::Model) -> Self {
        Self {
            user_id: row.user_id,
            month: row.month,
            tokens: row.tokens,
            cost_nano_usd: row.cost,
        }
    }
}

impl From<UsageMonth> for usage_month::Model {
    fn from(line: UsageMonth) -> Self {
        Self {
            user_id: line.user_id,
            month: line.month,
            tokens: line.tokens,
            cost: line.cost_nano_usd,
        }
    }
}

impl From<service_month::Model> for ServiceMonth {
    fn from(row: service_month::Model) -> Self {
        Self {
            month: row.month,
            tokens: row.tokens,
            cost_nano_usd: row.cost,
        }
    }
}

impl From<ServiceMonth> for service_month::Model {
    fn from(line: ServiceMonth) -> Self {
        Self {
            month: line.month,
            tokens: line.tokens,
            cost: line.cost_nano_usd,
        }
    }
}

impl Reading {
    /// The reading with what hangs off it, as `generations` and `idempotency_keys` have it.
    pub(super) fn new(
        row: reading::Model,
        generations: Vec<Generation>,
        idempotency_keys: Option<Vec<IdempotencyKey>>,
        completed_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            advisor: row.advisor,
            question: row.question,
            response: row.response,
            generation_id: row.generation_id,
            outcome: Outcome {
                status: row.status,
                engine: row.engine,
                model: row.model,
                sources: row.sources.0,
                tokens_used: row.tokens_used,
                cost_nano_usd: row.cost,
                is_estimated: row.is_estimated,
                failure_code: row.failure_code,
                failure_message: row.failure_message,
                created_at: row.created_at,
                completed_at: row.completed_at.unwrap_or(completed_at),
            },
            is_cached: row.is_cached,
            cache_key: row.cache_key,
            generations,
            idempotency_keys,
        }
    }

    pub(super) fn row(&self) -> reading::Model {
        let outcome = self.outcome.clone();
        reading::Model {
            id: self.id,
            user_id: self.user_id,
            advisor: self.advisor,
            question: self.question.clone(),
            cache_key: self.cache_key.clone(),
            generation_id: self.generation_id,
            status: outcome.status,
            response: self.response.clone(),
            engine: outcome.engine,
            model: outcome.model,
            sources: Sources(outcome.sources),
            tokens_used: outcome.tokens_used,
            cost: outcome.cost_nano_usd,
            is_estimated: outcome.is_estimated,
            is_cached: self.is_cached,
            failure_code: outcome.failure_code,
            failure_message: outcome.failure_message,
            created_at: outcome.created_at,
            completed_at: Some(outcome.completed_at),
        }
    }
}

impl Generation {
    pub(super) fn new(row: generation::Model, completed_at: DateTime<Utc>) -> Self {
        Self {
            id: row.id,
            response: row.response,
            outcome: Outcome {
                status: row.status,
                engine: row.engine,
                model: row.model,
                sources: row.sources.0,
                tokens_used: row.tokens_used,
                cost_nano_usd: row.cost,
                is_estimated: row.is_estimated,
                failure_code: row.failure_code,
                failure_message: row.failure_message,
                created_at: row.created_at,
                completed_at: row.completed_at.unwrap_or(completed_at),
            },
            cast_open: row.cast_open,
            piece_ends: row.piece_ends.0,
        }
    }

    /// A row that nobody holds and that holds nothing back: it is over.
    pub(super) fn row(&self, of: &Reading) -> generation::Model {
        let outcome = self.outcome.clone();
        generation::Model {
            id: self.id,
            reading_id: of.id,
            user_id: of.user_id,
            status: outcome.status,
            cast_open: self.cast_open,
            owner: None,
            epoch: 0,
            lease_expires_at: None,
            cancel_requested: false,
            sent_at: None,
            reserved: 0,
            provider_response_id: None,
            provider_sequence: None,
            last_sequence: i32::try_from(self.piece_ends.len()).unwrap_or(i32::MAX),
            piece_ends: PieceEnds(self.piece_ends.clone()),
            response: self.response.clone(),
            engine: outcome.engine,
            model: outcome.model,
            sources: Sources(outcome.sources),
            tokens_used: outcome.tokens_used,
            cost: outcome.cost_nano_usd,
            is_estimated: outcome.is_estimated,
            failure_code: outcome.failure_code,
            failure_message: outcome.failure_message,
            created_at: outcome.created_at,
            completed_at: Some(outcome.completed_at),
        }
    }
}

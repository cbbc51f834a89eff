//! One file a table: the model and the finders, which are scoped to an owner wherever a row
//! has one.

pub mod account_event;
pub mod account_token;
pub mod chunk;
pub mod generation;
pub mod guest_day;
pub mod idempotency_key;
pub mod mail;
pub mod reading;
pub mod reading_change;
pub mod service_month;
pub mod session;
pub mod usage_day;
pub mod usage_month;
pub mod user;

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

/// Something an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// In the order the answer cites them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Sources(pub Vec<Source>);

/// Byte offsets in a text at which its pieces end, ascending; the last is its length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct PieceEnds(pub Vec<usize>);

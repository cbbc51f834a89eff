//! A part of a user's list of readings.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::entity::reading::{self, Advisor, Engine, Status};

/// Conditions on readings, of which each has to hold. A list of values holds for any of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub advisors: Option<Vec<Advisor>>,
    pub statuses: Option<Vec<Status>>,
    pub engines: Option<Vec<Engine>>,
    pub is_favourite: Option<bool>,
    /// Both exclusive.
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
    /// Words of the question or the answer.
    pub search: Option<String>,
    /// Replies to this reading, whatever else is given.
    pub in_reply_to: Option<Uuid>,
}

/// How much of the answers' texts is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Texts {
    None,
    /// No more than excerpts need.
    Beginnings,
    #[default]
    All,
}

/// Which readings, of the list newest first: keyset pagination, so that any page costs what the
/// first costs.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    pub filter: Filter,
    /// Only older ones than this.
    pub after: Option<Uuid>,
    /// Only newer ones than this.
    pub before: Option<Uuid>,
    pub limit: u32,
    /// The last `limit` of them rather than the first.
    pub from_end: bool,
    /// No more of each than a [`reading::Summary`] has.
    pub summaries: bool,
    pub texts: Texts,
}

/// Some of a list, newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub readings: Vec<reading::Model>,
    pub has_previous: bool,
    pub has_next: bool,
}

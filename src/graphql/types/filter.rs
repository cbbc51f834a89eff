//! Conditions on readings.

use async_graphql::InputObject;

use super::{
    Advisor,
    states::{Engine, ReadingStatus},
};
use crate::{graphql::scalar::DateTime, reading::Filter};

/// Conditions on readings. A reading is listed if it meets all of them. An empty list of values is met
/// by none.
#[derive(InputObject, Default)]
pub(in crate::graphql) struct ReadingFilter {
    /// Readings of this advisor.
    advisor: Option<Advisor>,
    /// Readings of any of these advisors.
    advisors: Option<Vec<Advisor>>,
    /// Readings in any of these states.
    statuses: Option<Vec<ReadingStatus>>,
    /// Readings answered by any of these engines.
    engines: Option<Vec<Engine>>,
    /// Favourites (true) or all other readings (false).
    is_favourite: Option<bool>,
    /// Readings asked after this time.
    created_after: Option<DateTime>,
    /// Readings asked before this time.
    created_before: Option<DateTime>,
    /// Words of the question or the answer, without regard to case and accents: at most 200 characters. A word finds
    /// words that begin with it, and a phrase in quotation marks finds its words as they are. An answer is found
    /// within a second of its end.
    search: Option<String>,
}

impl From<ReadingFilter> for Filter {
    fn from(given: ReadingFilter) -> Self {
        let one = given.advisor.map(|advisor| vec![advisor]);
        let advisors = match (one, given.advisors) {
            (Some(one), Some(any)) => Some(one.into_iter().filter(|it| any.contains(it)).collect()),
            (one, any) => one.or(any),
        };
        Self {
            advisors: advisors.map(all),
            statuses: given.statuses.map(all),
            engines: given.engines.map(all),
            is_favourite: given.is_favourite,
            created_after: given.created_after.map(|time| time.0),
            created_before: given.created_before.map(|time| time.0),
            // Empty is absent: clients send what is in a field.
            search: given.search.filter(|text| !text.trim().is_empty()),
            in_reply_to: None,
        }
    }
}

fn all<T, U: From<T>>(values: Vec<T>) -> Vec<U> {
    values.into_iter().map(U::from).collect()
}

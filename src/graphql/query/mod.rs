//! The root query type.

mod advisors;
mod node;
mod profile;
mod reading;
mod readings;
mod service;
mod shared_reading;

use async_graphql::MergedObject;

use super::limits::{Price, Prices};

pub(super) const PRICES: Prices = &[
    // The usage.
    ("node", Price::queries(2)),
    ("nodes", Price::IDS),
    // And the text, while it is being written.
    ("reading", Price::queries(2)),
    ("readings", Price::PAGE),
    ("sharedReading", Price::queries(1)),
    ("advisors", Price::list(4)),
];

/// The root query type.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    profile::ProfileQuery,
    readings::ReadingsQuery,
    reading::ReadingQuery,
    shared_reading::SharedReadingQuery,
    advisors::AdvisorsQuery,
    service::ServiceQuery,
);

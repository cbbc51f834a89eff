//! The root query type.

mod advisors;
mod node;
mod profile;
mod reading;
mod readings;

use async_graphql::MergedObject;

use super::bounds::{Price, Prices};

pub(super) const PRICES: Prices = &[
    // The usage.
    ("node", Price::queries(2)),
    ("nodes", Price::IDS),
    // And the text, while it is being written.
    ("reading", Price::queries(2)),
    ("readings", Price::PAGE),
    ("advisors", Price::list(4)),
];

/// The root query type.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    profile::ProfileQuery,
    readings::ReadingsQuery,
    reading::ReadingQuery,
    advisors::AdvisorsQuery,
);

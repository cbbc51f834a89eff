//! What can be asked without changing anything.

mod advisors;
mod node;
mod profile;
mod reading;
mod readings;

use async_graphql::MergedObject;

/// What can be asked without changing anything.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    profile::ProfileQuery,
    readings::ReadingsQuery,
    reading::ReadingQuery,
    advisors::AdvisorsQuery,
);

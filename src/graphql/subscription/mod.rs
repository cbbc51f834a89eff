//! The root subscription type.

mod reading_events;
mod reading_updates;

use async_graphql::MergedSubscription;

use super::limits::{Price, Prices};

/// Of each of its events.
pub(super) const PRICES: Prices = &[
    ("readingUpdates", Price::queries(2)),
    ("readingEvents", Price::queries(2)),
];

/// The root subscription type, served over WebSocket, Server-Sent Events and multipart responses.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    reading_updates::ReadingUpdates,
    reading_events::ReadingEvents,
);

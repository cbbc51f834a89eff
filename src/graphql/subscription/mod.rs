//! What can be watched.

mod reading_updates;

pub use reading_updates::Subscription;

//! What the service does, seen from outside: given, asked, answered. One file a subject, on both
//! databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod support;

mod accounts;
mod answers;
mod archive;
mod auth;
mod backup;
mod budget;
mod cancel;
mod care;
mod chat;
mod commands;
mod config;
mod database;
mod disk;
mod doctor;
mod durable;
mod errors;
mod failures;
mod fallback;
mod follow;
mod graphiql;
mod guard;
mod headers;
mod interrupted;
mod library;
mod limits;
mod logs;
mod metrics;
mod model_settings;
mod nodes;
mod original;
mod outage;
mod pages;
mod passwords;
mod persisted;
mod process;
mod readings;
mod replica;
mod responses;
mod resume;
mod revoked;
mod schema;
mod sentry;
mod sessions;
mod silence;
mod slow;
mod sockets;
mod tokens;
mod traces;
mod users;
mod wire;

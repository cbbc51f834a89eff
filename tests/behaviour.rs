//! What the service does, seen from outside: given, asked, answered. One file a subject, on both
//! databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod support;

mod accounts;
mod auth;
mod cancel;
mod commands;
mod config;
mod database;
mod durable;
mod errors;
mod follow;
mod graphiql;
mod headers;
mod limits;
mod logs;
mod nodes;
mod pages;
mod passwords;
mod process;
mod readings;
mod schema;
mod sessions;
mod sockets;
mod tokens;
mod users;
mod wire;

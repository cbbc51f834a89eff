//! Mula: The Root. People ask one of four advisors a question, watch the answer being written,
//! and keep their readings: one GraphQL schema from one binary, on SQLite or PostgreSQL.
//!
//! # The map
//!
//! ```text
//! cli         the command line, one file a command
//! server      start and orderly stop of the whole service
//! http        GraphQL over HTTP and WebSocket, the web client, GraphiQL, health
//! graphql     one file an operation or type; errors become codes here
//! archive     export, import, and the tables of the original service
//! upkeep      deletion of ended rows, in batches
//! account     accounts, sessions, passwords, tokens, recovery, mail
//! reading     questions, and what their users do with readings
//! generation  the writing of answers: leases, recovery, followers, budgets
//! advisor     personas, library, cast, crisis detection, model providers
//! metrics     metrics for Prometheus
//! sentry      errors for Sentry
//! db          connections, transactions, migrations, health
//! spans       spans of traces
//! entity      tables, one file each
//! config      every setting, once
//! request_context    the context of the request being processed
//! validation  validation errors, all of an input at once
//! clock, digest, error, private    the time; hashes; root causes of errors; files for their owner alone
//! ```
//!
//! A module uses only modules on lower rows; `tests/architecture.rs` checks it, and that only `graphql` and
//! `http` use the GraphQL library.
//!
//! Under `cfg(fuzzing)` some of them have a `fuzzing`: doors for `fuzz/`, which is built with it.

pub mod account;
pub mod advisor;
pub mod archive;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
mod digest;
pub mod entity;
mod error;
pub mod generation;
pub mod graphql;
pub mod http;
pub mod metrics;
mod private;
pub mod reading;
pub mod request_context;
pub mod sentry;
pub mod server;
pub mod spans;
pub mod upkeep;
pub mod validation;

//! Mula: The Root. People ask one of four advisors a question, watch the answer being written,
//! and keep their readings: one GraphQL schema from one binary, on SQLite or PostgreSQL.
//!
//! # The map
//!
//! ```text
//! cli ── config            the command line; every setting, once
//!  │
//! server                   puts it all together; starts, and stops in order
//!  │
//! http                     the wire: GraphQL over HTTP, the web client, GraphiQL, health
//!  │
//! graphql                  one file an operation or type; errors become codes here
//!  │
//!  ├── account             who may sign in: accounts, sessions, passwords, tokens
//!  └── reading             what was asked and answered
//!       │
//!      advisor             who answers: personas, library, cast, the built-in engine
//!
//! archive                  data in and out: export, import; for cli alone
//! upkeep                   deletes rows that have ended, in batches
//! entity, db               tables, one file each; connections and transactions
//! cause, clock, digest      root causes of errors; the time; hashes
//! metrics, spans            metrics; spans of traces
//! sentry                    errors for Sentry
//! request                   the context of the request being processed
//! private                  files and folders for their owner alone
//! invalid                  validation errors, all of an input at once
//! ```
//!
//! Under `cfg(fuzzing)` some of them have a `fuzzing`: doors for `fuzz/`, which is built with it.
//!
//! Dependencies point one way: `http` → `graphql` → `account`, `reading` → the rest. Only `graphql` and
//! `http` use the GraphQL library.

pub mod account;
pub mod advisor;
pub mod archive;
mod cause;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
mod digest;
pub mod entity;
pub mod graphql;
pub mod http;
pub mod invalid;
pub mod metrics;
mod private;
pub mod reading;
pub mod request;
pub mod sentry;
pub mod server;
pub mod spans;
pub mod upkeep;

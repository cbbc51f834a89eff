//! Behaviour of the service, seen from outside: given, asked, answered. One file a subject, on both
//! databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]
#![expect(
    clippy::too_many_lines,
    reason = "a test is told from its beginning to its end, and many are tables"
)]

mod support;

mod abandoned;
mod accounts;
mod activity;
mod addresses;
mod answers;
mod architecture;
mod archive;
mod auth;
mod backup;
mod budget;
mod cache;
mod cancel;
mod care;
mod chat;
mod clocks;
mod closing;
mod commands;
mod composition;
mod compression;
mod config;
mod cookies;
mod cost;
mod credentials;
mod database;
mod disk;
mod doctor;
mod documented;
mod download;
mod durable;
mod environment;
mod errors;
mod events;
mod excerpts;
mod failures;
mod fallback;
mod filters;
mod follow;
mod forgotten;
mod graphiql;
mod guard;
mod guests;
mod headers;
mod hung_up;
mod interrupted;
mod keeping;
mod language;
mod library;
mod limits;
mod logs;
mod mail;
mod memory;
mod metrics;
mod model_answers;
mod model_settings;
mod negotiation;
mod nodes;
mod notices;
mod operators;
mod order;
mod original;
mod outage;
mod pages;
mod passwords;
mod payloads;
mod persisted;
mod platforms;
mod pooler;
mod probes;
mod process;
mod prompt;
mod providers;
mod public;
mod quotas;
mod readings;
mod recovery;
mod reference;
mod replica;
mod replies;
mod responses;
mod resume;
mod revoked;
mod schema;
mod search;
mod secrets;
mod sentry;
mod sessions;
mod settlement;
mod sharing;
mod silence;
mod slow;
mod sockets;
mod splices;
mod staying;
mod tls;
mod tokens;
mod traces;
mod upgrade;
mod upkeep;
mod users;
mod web;
mod wire;

//! Test support: a server for each test, a client that uses a real socket, and both databases.

pub mod attacks;
mod authority;
mod client;
mod collector;
mod hasty;
mod mail;
mod monitoring;
mod pages;
pub mod postgres;
mod program;
mod property;
mod provider;
mod relay;
mod server;
mod service;
mod socket;
mod writing;

pub use authority::Authority;
pub use client::{
    Answer, Client, Credentials, Nobody, decompressed, header, list, refused_within_a_second,
};
pub use collector::{Collector, Posted, Span};
pub use hasty::{Hasty, Over};
pub use mail::{Letter, MailMode, MailServer, count_is};
pub use monitoring::Monitoring;
pub use pages::assert_immutable;
pub use postgres::Cluster;
pub use program::{Serving, mula, run};
pub use property::for_all;
pub use provider::{Call, Provider, chunk, deltas, finish, state};
pub use relay::Relay;
pub use server::{Database, Member, PASSWORD, SECRET, Server, given, settings};
pub use service::{Instance, PROGRAM, Process, Service};
pub use socket::{Events, FOLLOW, Follower, Heard, News, Socket, Told, Via};
pub use writing::{QUESTION, Writing, Written, answered, model, prompt, titles, told_of};

/// Runs each function once on SQLite and once on PostgreSQL, with a new server over an empty
/// database. `#[settings("--flag", "value")]` above a function adds settings.
macro_rules! on_both {
    ($(
        $(#[settings($($flag:expr),* $(,)?)])?
        async fn $name:ident($server:ident: Server) $body:block
    )*) => {$(
        mod $name {
            use super::*;

            async fn behaves($server: Server) $body

            #[tokio::test]
            async fn on_sqlite() {
                let database = $crate::support::Database::sqlite();
                behaves(Server::start(database, &[$($($flag),*)?]).await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(database) = $crate::support::Database::postgres().await {
                    behaves(Server::start(database, &[$($($flag),*)?]).await).await;
                }
            }
        }
    )*};
}
pub(crate) use on_both;

/// Runs each function, which starts what it needs, once with an SQLite and once with a PostgreSQL
/// database.
macro_rules! with_each_database {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                super::$name($crate::support::Database::sqlite()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(database) = $crate::support::Database::postgres().await {
                    super::$name(database).await;
                }
            }
        }
    )*};
}
pub(crate) use with_each_database;

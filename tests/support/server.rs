//! A server of a test's own, in this process, over a database of its own.

use std::net::SocketAddr;

use clap::{CommandFactory, FromArgMatches};
use mula::{
    clock::Clock,
    config::{RawSettings, Settings},
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    client::{Answer, Client, Credentials, Nobody},
    postgres::{self, Cluster},
    relay::Relay,
};

/// The secret key of the tests' servers.
pub const SECRET: &str = "Zq3vK8wYp1xR6tLm9dHc2sNf5gJb7aEu0oTiWkVyXrQ";

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// The settings these flags come to, whatever the environment says.
pub fn settings(flags: &[&str]) -> Settings {
    given(flags)
        .check()
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// These flags before they are checked.
pub fn given(flags: &[&str]) -> RawSettings {
    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        given: RawSettings,
    }
    let matches = Flags::command()
        .mut_args(|flag| flag.env(None::<&str>))
        .try_get_matches_from(std::iter::once(&"mula").chain(flags))
        .unwrap_or_else(|error| panic!("{error}"));
    Flags::from_arg_matches(&matches).unwrap().given
}

/// An empty database that nobody else uses.
pub enum Database {
    Sqlite(TempDir),
    Postgres(&'static Cluster, String, TempDir),
}

impl Database {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// A migrated one; none where there is no PostgreSQL.
    pub async fn postgres() -> Option<Self> {
        Some(Self::on(postgres::cluster().await?).await)
    }

    /// A migrated one of this cluster's.
    pub async fn on(cluster: &'static Cluster) -> Self {
        Self::Postgres(
            cluster,
            cluster.migrated().await,
            tempfile::tempdir().unwrap(),
        )
    }

    /// One without tables; none where there is no PostgreSQL.
    pub async fn unmigrated_postgres() -> Option<Self> {
        let cluster = postgres::cluster().await?;
        Some(Self::Postgres(
            cluster,
            cluster.empty().await,
            tempfile::tempdir().unwrap(),
        ))
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(dir) => format!("sqlite://{}", dir.path().join("mula.db").display()),
            Self::Postgres(cluster, name, _) => cluster.url(name),
        }
    }

    /// A folder for what is not in the database.
    pub fn dir(&self) -> &std::path::Path {
        match self {
            Self::Sqlite(dir) | Self::Postgres(_, _, dir) => dir.path(),
        }
    }

    /// Makes it unreachable.
    pub async fn take_away(&self) {
        match self {
            Self::Sqlite(_) => panic!("a file does not go away under an open connection"),
            Self::Postgres(cluster, name, _) => cluster.take_away(name).await,
        }
    }

    pub async fn bring_back(&self) {
        match self {
            Self::Sqlite(_) => panic!("a file does not go away under an open connection"),
            Self::Postgres(cluster, name, _) => cluster.bring_back(name).await,
        }
    }

    /// Makes it read-only for all its users, those who are connected as well; or ends that.
    pub async fn set_read_only(&self, read_only: bool) {
        match self {
            Self::Sqlite(_) => panic!("SQLite has no such setting"),
            Self::Postgres(cluster, name, _) => cluster.set_read_only(name, read_only).await,
        }
    }

    /// Does something behind the server's back. Returns how many rows it changed.
    pub async fn execute(&self, sql: &str) -> u64 {
        let mut options = sea_orm::ConnectOptions::new(self.url());
        options.max_connections(1).sqlx_logging(false);
        let connection = sea_orm::Database::connect(options).await.unwrap();
        let done = connection
            .execute_unprepared(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.unwrap();
        done.rows_affected()
    }

    /// How many rows there are, as others than the server see it.
    pub async fn count(&self, rows: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM {rows}")).await
    }

    /// The number that a query finds, or 0 where it finds none.
    pub async fn number(&self, sql: &str) -> i64 {
        let mut options = sea_orm::ConnectOptions::new(self.url());
        options.max_connections(1).sqlx_logging(false);
        let connection = sea_orm::Database::connect(options).await.unwrap();
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection.query_one_raw(statement).await;
        connection.close().await.unwrap();
        let row = row.unwrap_or_else(|error| panic!("{sql}: {error}"));
        row.map_or(0, |row| row.try_get_by_index(0).unwrap())
    }

    /// Has every write wait until the lock is released.
    pub async fn lock(&self) -> Lock {
        let mut options = sea_orm::ConnectOptions::new(self.url());
        options.max_connections(1).sqlx_logging(false);
        let connection = sea_orm::Database::connect(options).await.unwrap();
        let lock = match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(..) => {
                "BEGIN; LOCK TABLE users, sessions, readings, account_events IN SHARE ROW EXCLUSIVE MODE"
            }
        };
        connection.execute_unprepared(lock).await.unwrap();
        Lock(connection)
    }

    /// The settings of a server over it.
    pub fn settings(&self, more: &[&str]) -> Settings {
        settings(
            &self
                .flags(more)
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        )
    }

    /// The flags of those settings.
    pub fn flags(&self, more: &[&str]) -> Vec<String> {
        let (url, dir) = (self.url(), self.dir().display().to_string());
        let mut flags = Vec::new();
        for (name, value) in [
            ("--port", "0"),
            ("--data-dir", &dir),
            ("--database-url", &url),
            ("--database-pool-size", "4"),
            ("--secret-key", SECRET),
            ("--bcrypt-cost", "4"),
            // A hundred at once may have to queue, on a machine that has other things to do.
            ("--database-acquire-timeout", "60s"),
            ("--readings-per-day", "0"),
            ("--login-rate", "off"),
            ("--register-rate", "off"),
            ("--ask-rate", "off"),
            ("--embedded-pace", "0"),
        ] {
            if !more.contains(&name) {
                flags.extend([name.to_owned(), value.to_owned()]);
            }
        }
        flags.extend(more.iter().map(|&flag| flag.to_owned()));
        flags
    }
}

/// A lock on all that a server writes to.
pub struct Lock(sea_orm::DatabaseConnection);

impl Lock {
    pub async fn release(self) {
        self.0.execute_unprepared("ROLLBACK").await.unwrap();
        self.0.close().await.unwrap();
    }
}

/// A running server, its clock and its database.
pub struct Server {
    running: mula::server::Server,
    client: Client,
    pub clock: Clock,
    pub database: Database,
}

/// Somebody with an account who has signed in.
pub struct Member {
    pub id: String,
    pub email: String,
    pub session: String,
    pub token: String,
}

impl Member {
    /// The member of `login { accessToken user { id } session { id } }`.
    pub fn of(login: &Value, email: String) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            id: text(&login["user"]["id"]),
            session: text(&login["session"]["id"]),
            token: text(&login["accessToken"]),
            email,
        }
    }
}

impl Credentials for Member {
    fn token(&self) -> Option<&str> {
        Some(&self.token)
    }
}

impl Server {
    pub async fn start(database: Database, flags: &[&str]) -> Self {
        Self::start_at(database, flags, Clock::default()).await
    }

    async fn start_at(database: Database, flags: &[&str], clock: Clock) -> Self {
        let running = mula::server::Server::start(database.settings(flags), clock.clone())
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let client = Client::new(running.address());
        Self {
            running,
            client,
            clock,
            database,
        }
    }

    /// None where there is no PostgreSQL.
    pub async fn on_postgres(flags: &[&str]) -> Option<Self> {
        Some(Self::start(Database::postgres().await?, flags).await)
    }

    /// One that reaches PostgreSQL through a relay; none where there is no PostgreSQL.
    pub async fn relayed(more: &[&str]) -> Option<(Self, Relay)> {
        let database = Database::postgres().await?;
        let Database::Postgres(cluster, name, _) = &database else {
            unreachable!("it is PostgreSQL's");
        };
        let relay = Relay::to(cluster.socket()).await;
        let url = relay.url(name);
        let flags = [&["--database-url", url.as_str()], more].concat();
        Some((Self::start(database, &flags).await, relay))
    }

    /// Stops, and starts again over the same database, with these settings.
    pub async fn restart(self, flags: &[&str]) -> Self {
        self.running.stop().await;
        Self::start_at(self.database, flags, self.clock).await
    }

    pub async fn stop(self) -> Database {
        self.running.stop().await;
        self.database
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The metrics' response.
    pub async fn metrics(&self) -> reqwest::Response {
        let address = self.running.metrics_address().expect("it is set");
        let client = Client::new(address);
        client.request("GET", "/metrics").send().await.unwrap()
    }

    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.running.metrics_address()
    }

    /// A request that is not necessarily GraphQL.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, path)
    }

    /// Sends an operation as a front end would.
    pub async fn graphql(
        &self,
        who: &(impl Credentials + ?Sized),
        query: &str,
        variables: Value,
    ) -> Answer {
        self.client
            .graphql(who, &json!({ "query": query, "variables": variables }))
            .await
    }

    /// Makes an account: ada@example.com with everybody's password.
    pub async fn register(&self, name: &str) -> Answer {
        self.register_as(&format!("{name}@example.com"), name, PASSWORD)
            .await
    }

    pub async fn register_as(&self, email: &str, username: &str, password: &str) -> Answer {
        let query = "mutation ($input: RegisterInput!) {
            register(input: $input) { user { id email username isActive createdAt updatedAt } }
        }";
        let input = json!({ "email": email, "username": username, "password": password });
        self.graphql(&Nobody, query, json!({ "input": input }))
            .await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        let query = "mutation ($input: LoginInput!) {
            login(input: $input) {
                accessToken tokenType expiresIn
                user { id email username }
                session { id createdAt expiresAt userAgent isCurrent }
            }
        }";
        let input = json!({ "email": email, "password": password });
        self.graphql(&Nobody, query, json!({ "input": input }))
            .await
    }

    /// Signs in who has an account.
    pub async fn sign_in(&self, name: &str) -> Member {
        let email = format!("{name}@example.com");
        let answer = self.log_in(&email, PASSWORD).await;
        Member::of(&answer.data()["login"], email)
    }

    /// Makes an account and signs in.
    pub async fn join(&self, name: &str) -> Member {
        self.register(name).await.data();
        self.sign_in(name).await
    }

    pub async fn try_to_ask(
        &self,
        who: &(impl Credentials + ?Sized),
        advisor: &str,
        question: &str,
    ) -> Answer {
        let query = "mutation ($input: AskAdvisorInput!) {
            askAdvisor(input: $input) { reading {
                id advisor question status response engine model tokensUsed cost isCached
                sources { title excerpt url } failure { code message } createdAt completedAt
            } }
        }";
        let input = json!({ "advisor": advisor, "question": question });
        self.graphql(who, query, json!({ "input": input })).await
    }

    /// Asks, and returns the reading.
    pub async fn ask(
        &self,
        who: &(impl Credentials + ?Sized),
        advisor: &str,
        question: &str,
    ) -> Value {
        self.try_to_ask(who, advisor, question).await.data()["askAdvisor"]["reading"].clone()
    }
}

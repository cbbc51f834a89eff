//! Servers that Mula is compared with: the same two queries with the same guard over the same
//! tables, and nothing else; no limits, no log, no cache.
//!
//! - `plain`: axum, async-graphql and sea-orm, as one writes it down.
//! - `pipelined`: axum, async-graphql and tokio-postgres, with prepared statements sent over two
//!   connections without waiting for one another: about as fast as these parts go.

mod pipelined;
mod plain;
mod schema;

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, header},
    routing,
};
use chrono::{DateTime, Utc};
use clap::{Parser, ValueEnum};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use uuid::Uuid;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Schema = async_graphql::Schema<schema::Query, EmptyMutation, EmptySubscription>;

#[derive(Parser)]
struct Arguments {
    kind: Kind,
    #[arg(long)]
    database_url: String,
    /// The key of the tokens.
    #[arg(long)]
    secret_key: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Plain,
    Pipelined,
}

/// The claims of a token.
#[derive(Clone, Copy, serde::Deserialize)]
struct Claims {
    sub: Uuid,
    sid: Uuid,
}

struct User {
    id: Uuid,
    email: String,
    username: String,
    is_active: bool,
    created_at: DateTime<Utc>,
}

struct Reading {
    id: Uuid,
    advisor: String,
    question: String,
    status: String,
    response: Option<String>,
    created_at: DateTime<Utc>,
    /// The other columns, if they are asked for.
    rest: Option<Rest>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
struct Rest {
    care: String,
    engine: String,
    model: Option<String>,
    tokens_used: i32,
    cost: i64,
    is_estimated: bool,
    is_cached: bool,
    is_truncated: bool,
    completed_at: Option<DateTime<Utc>>,
    is_favourite: bool,
    note: Option<String>,
    rating: Option<String>,
}

/// The two ways to the database.
enum Store {
    Plain(plain::Store),
    Pipelined(pipelined::Store),
}

impl Store {
    /// The user, if the session is live and the user active.
    async fn user(&self, claims: Claims) -> Result<Option<User>, Error> {
        match self {
            Self::Plain(store) => Ok(store.user(claims).await?),
            Self::Pipelined(store) => Ok(store.user(claims).await?),
        }
    }

    /// The user's readings newest first, older than `after`, if the session is live and the user
    /// active. With all their columns if `whole`, which is for the first page of `pipelined`.
    async fn page(
        &self,
        claims: Claims,
        after: Option<Uuid>,
        limit: u32,
        whole: bool,
    ) -> Result<Option<Vec<Reading>>, Error> {
        match self {
            Self::Plain(store) => Ok(store.page(claims, after, limit).await?),
            Self::Pipelined(store) => Ok(store.page(claims, after, limit, whole).await?),
        }
    }
}

#[derive(Clone)]
struct Service {
    schema: Schema,
    key: Arc<DecodingKey>,
    validation: Arc<Validation>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let Arguments {
        kind,
        database_url,
        secret_key,
    } = Arguments::parse();
    let store = match kind {
        Kind::Plain => Store::Plain(plain::Store::connect(&database_url).await?),
        Kind::Pipelined => Store::Pipelined(pipelined::Store::connect(&database_url).await?),
    };
    let service = Service {
        schema: Schema::build(schema::Query, EmptyMutation, EmptySubscription)
            .data(store)
            .finish(),
        key: Arc::new(DecodingKey::from_secret(secret_key.as_bytes())),
        validation: Arc::new(Validation::new(Algorithm::HS256)),
    };
    let router = Router::new()
        .route("/graphql", routing::post(answer))
        .with_state(service);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("GraphQL http://{}/graphql", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn answer(
    State(service): State<Service>,
    headers: HeaderMap,
    request: GraphQLRequest,
) -> GraphQLResponse {
    let mut request = request.into_inner();
    if let Some(claims) = service.claims(&headers) {
        request = request.data(claims);
    }
    service.schema.execute(request).await.into()
}

impl Service {
    fn claims(&self, headers: &HeaderMap) -> Option<Claims> {
        let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let token = header.strip_prefix("Bearer ")?;
        let decoded = jsonwebtoken::decode(token, &self.key, &self.validation).ok()?;
        Some(decoded.claims)
    }
}

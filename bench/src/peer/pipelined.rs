//! By tokio-postgres, which sends what is asked at the same time without waiting in between: the
//! guard's query and the page's are one round trip.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::{Client, Error, NoTls, Statement};
use uuid::Uuid;

use crate::{Claims, Reading, Rest, User};

const USER: &str = "\
    SELECT u.id, u.email, u.username, u.is_active, u.created_at \
    FROM sessions s JOIN users u ON u.id = s.user_id \
    WHERE s.id = $1 AND s.user_id = $2 AND NOT s.is_revoked AND s.expires_at > now() AND u.is_active";

const FIRST: &str = "\
    SELECT id, advisor, question, status, response, created_at FROM readings \
    WHERE user_id = $1 ORDER BY id DESC LIMIT $2";

const AFTER: &str = "\
    SELECT id, advisor, question, status, response, created_at FROM readings \
    WHERE user_id = $1 AND id < $3 ORDER BY id DESC LIMIT $2";

const WHOLE: &str = "\
    SELECT id, advisor, question, status, response, created_at, care, engine, model, tokens_used, cost, \
    is_estimated, is_cached, is_truncated, completed_at, is_favourite, note, rating FROM readings \
    WHERE user_id = $1 ORDER BY id DESC LIMIT $2";

/// More of them take more of PostgreSQL and give no more, on a few cores.
const CONNECTIONS: usize = 2;

pub struct Store {
    connections: Vec<Connection>,
    next: AtomicUsize,
}

struct Connection {
    client: Client,
    user: Statement,
    first: Statement,
    whole: Statement,
    after: Statement,
}

impl Store {
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let (client, driver) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(driver);
            connections.push(Connection {
                user: client.prepare(USER).await?,
                first: client.prepare(FIRST).await?,
                whole: client.prepare(WHOLE).await?,
                after: client.prepare(AFTER).await?,
                client,
            });
        }
        Ok(Self {
            connections,
            next: AtomicUsize::new(0),
        })
    }

    fn connection(&self) -> &Connection {
        &self.connections[self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS]
    }

    pub async fn user(&self, claims: Claims) -> Result<Option<User>, Error> {
        self.connection().user(claims).await
    }

    pub async fn page(
        &self,
        claims: Claims,
        after: Option<Uuid>,
        limit: u32,
        whole: bool,
    ) -> Result<Option<Vec<Reading>>, Error> {
        let connection = self.connection();
        let (user, readings) = tokio::try_join!(
            connection.user(claims),
            connection.page(claims.sub, after, i64::from(limit), whole),
        )?;
        Ok(user.map(|_| readings))
    }
}

impl Connection {
    async fn user(&self, claims: Claims) -> Result<Option<User>, Error> {
        let found = self
            .client
            .query_opt(&self.user, &[&claims.sid, &claims.sub])
            .await?;
        Ok(found.map(|row| User {
            id: row.get(0),
            email: row.get(1),
            username: row.get(2),
            is_active: row.get(3),
            created_at: row.get(4),
        }))
    }

    async fn page(
        &self,
        user_id: Uuid,
        after: Option<Uuid>,
        limit: i64,
        whole: bool,
    ) -> Result<Vec<Reading>, Error> {
        let rows = if let Some(after) = after {
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&user_id, &limit, &after];
            self.client.query(&self.after, &parameters).await?
        } else {
            let first = if whole { &self.whole } else { &self.first };
            self.client.query(first, &[&user_id, &limit]).await?
        };
        let reading = |row: tokio_postgres::Row| Reading {
            id: row.get(0),
            advisor: row.get(1),
            question: row.get(2),
            status: row.get(3),
            response: row.get(4),
            created_at: row.get(5),
            rest: whole.then(|| Rest {
                care: row.get(6),
                engine: row.get(7),
                model: row.get(8),
                tokens_used: row.get(9),
                cost: row.get(10),
                is_estimated: row.get(11),
                is_cached: row.get(12),
                is_truncated: row.get(13),
                completed_at: row.get(14),
                is_favourite: row.get(15),
                note: row.get(16),
                rating: row.get(17),
            }),
        };
        Ok(rows.into_iter().map(reading).collect())
    }
}

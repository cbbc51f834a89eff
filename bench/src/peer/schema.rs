//! The two queries, as the library's guide has one write them.

use async_graphql::{Context, ID, Object, SimpleObject};
use mula_bench::{cursor, reading_at, rfc3339, type_id};

use crate::{Claims, Store};

pub struct Query;

#[Object]
impl Query {
    async fn profile(&self, ctx: &Context<'_>) -> async_graphql::Result<User> {
        let user = store(ctx).user(claims(ctx)?).await.map_err(failed)?;
        Ok(user.ok_or("not signed in")?.into())
    }

    async fn readings(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, validator(minimum = 1, maximum = 100))] first: u32,
        after: Option<String>,
    ) -> async_graphql::Result<Connection> {
        let after_id = match &after {
            Some(cursor) => Some(reading_at(cursor).ok_or("not a cursor")?),
            None => None,
        };
        // One more tells whether there are more.
        let page = store(ctx)
            .page(claims(ctx)?, after_id, first + 1)
            .await
            .map_err(failed)?;
        let mut page = page.ok_or("not signed in")?;
        let has_next_page = page.len() > first as usize;
        page.truncate(first as usize);
        Ok(Connection {
            page_info: PageInfo {
                has_previous_page: after.is_some(),
                has_next_page,
                start_cursor: page.first().map(|reading| cursor(reading.id)),
                end_cursor: page.last().map(|reading| cursor(reading.id)),
            },
            nodes: page.into_iter().map(Reading::from).collect(),
        })
    }
}

fn store<'a>(ctx: &Context<'a>) -> &'a Store {
    ctx.data_unchecked()
}

fn claims(ctx: &Context<'_>) -> Result<Claims, &'static str> {
    ctx.data_opt().copied().ok_or("not signed in")
}

/// A reason that need not be told.
fn failed(_: crate::Error) -> &'static str {
    "the database failed"
}

#[derive(SimpleObject)]
struct User {
    id: ID,
    email: String,
    username: String,
    is_active: bool,
    created_at: String,
}

impl From<crate::User> for User {
    fn from(user: crate::User) -> Self {
        Self {
            id: type_id("user", user.id).into(),
            email: user.email,
            username: user.username,
            is_active: user.is_active,
            created_at: rfc3339(user.created_at),
        }
    }
}

#[derive(SimpleObject)]
struct Connection {
    nodes: Vec<Reading>,
    page_info: PageInfo,
}

#[derive(SimpleObject)]
struct PageInfo {
    has_previous_page: bool,
    has_next_page: bool,
    start_cursor: Option<String>,
    end_cursor: Option<String>,
}

#[derive(SimpleObject)]
struct Reading {
    id: ID,
    advisor: String,
    question: String,
    status: String,
    response: Option<String>,
    created_at: String,
}

impl From<crate::Reading> for Reading {
    fn from(reading: crate::Reading) -> Self {
        Self {
            id: type_id("reading", reading.id).into(),
            advisor: reading.advisor,
            question: reading.question,
            status: reading.status,
            response: reading.response,
            created_at: rfc3339(reading.created_at),
        }
    }
}

//! The two queries, as the library's guide has one write them.

use async_graphql::{Context, ID, Object, SimpleObject};
use mula_bench::{cursor, reading_at, rfc3339, type_id};
use rust_decimal::Decimal;

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
        let whole = ctx.look_ahead().field("nodes").field("cost").exists();
        // One more tells whether there are more.
        let page = store(ctx)
            .page(claims(ctx)?, after_id, first + 1, whole)
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
    #[graphql(flatten)]
    rest: Rest,
}

/// Null where they were not asked for.
#[derive(Default, SimpleObject)]
struct Rest {
    care: Option<String>,
    engine: Option<String>,
    model: Option<String>,
    tokens_used: Option<i32>,
    cost: Option<String>,
    is_estimated: Option<bool>,
    is_cached: Option<bool>,
    is_truncated: Option<bool>,
    completed_at: Option<String>,
    is_favourite: Option<bool>,
    note: Option<String>,
    rating: Option<String>,
}

impl From<crate::Rest> for Rest {
    fn from(rest: crate::Rest) -> Self {
        Self {
            care: Some(rest.care),
            engine: Some(rest.engine),
            model: rest.model,
            tokens_used: Some(rest.tokens_used),
            cost: Some(Decimal::new(rest.cost, 9).normalize().to_string()),
            is_estimated: Some(rest.is_estimated),
            is_cached: Some(rest.is_cached),
            is_truncated: Some(rest.is_truncated),
            completed_at: rest.completed_at.map(rfc3339),
            is_favourite: Some(rest.is_favourite),
            note: rest.note,
            rating: rest.rating,
        }
    }
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
            rest: reading.rest.map(Rest::from).unwrap_or_default(),
        }
    }
}

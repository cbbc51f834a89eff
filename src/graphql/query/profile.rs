#![expect(clippy::unused_async, reason = "async-graphql wants resolvers async")]

use async_graphql::{Context, Object};

use crate::graphql::{ApiError, caller::ContextExt, types::User};

#[derive(Default)]
pub(super) struct ProfileQuery;

#[Object]
impl ProfileQuery {
    /// The signed-in user.
    async fn profile(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        Ok(Some(User(ctx.requester()?.user.clone())))
    }
}

#![expect(clippy::unused_async, reason = "async-graphql wants resolvers async")]

use async_graphql::{Context, Object};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

#[derive(Default)]
pub(super) struct ProfileQuery;

#[Object]
impl ProfileQuery {
    /// The signed-in user.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn profile(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        Ok(Some(User(ctx.requester()?.user.clone())))
    }
}

use async_graphql::{Context, Object};

use crate::graphql::{
    ApiError,
    caller::ContextExt,
    connection::{self, PageArgs, ReadingConnection},
    semantic_non_null,
    types::ReadingFilter,
};

#[derive(Default)]
pub(super) struct ReadingsQuery;

#[Object]
impl ReadingsQuery {
    /// The signed-in user's readings, newest first: the list for clients without a cache. It needs no
    /// `profile` around it, and its failure leaves the rest of the response standing. Clients that cache
    /// objects use `User.readings`.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn readings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The number of items from the start. Between 1 and 100; default 20 if `last` is absent."
        )]
        first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end. Between 1 and 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions on the readings. Default: all.")] filter: Option<
            ReadingFilter,
        >,
    ) -> Result<Option<ReadingConnection>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        connection::readings(ctx, user_id, args, filter.unwrap_or_default().into())
            .await
            .map(Some)
    }
}

use async_graphql::{Context, Object};

use crate::graphql::{
    ApiError,
    caller::ContextExt,
    connection::{self, PageArgs, ReadingConnection},
    types::ReadingFilter,
};

#[derive(Default)]
pub(super) struct ReadingsQuery;

#[Object]
impl ReadingsQuery {
    /// The signed-in user's readings, newest first.
    async fn readings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start, 1 to 100; 20 when neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which readings; all when absent.")] filter: Option<ReadingFilter>,
    ) -> Result<Option<ReadingConnection>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        connection::readings(ctx, user_id, args, filter)
            .await
            .map(Some)
    }
}

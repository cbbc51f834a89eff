use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt};

/// Which sessions to end.
#[derive(InputObject)]
struct LogoutInput {
    /// All of the user's (true), or the one this request is made with (false).
    #[graphql(default = true)]
    everywhere: bool,
}

/// What was ended.
#[derive(SimpleObject)]
struct LogoutPayload {
    /// For people.
    message: String,
    /// How many sessions ended.
    revoked_sessions: i32,
}

#[derive(Default)]
pub(super) struct Logout;

#[Object]
impl Logout {
    /// Ends every session of the user, or this one alone with everywhere: false.
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions to end; all when absent.")] input: Option<LogoutInput>,
    ) -> Result<Option<LogoutPayload>, ApiError> {
        let everywhere = input.is_none_or(|input| input.everywhere);
        let revoked = ctx
            .services()
            .accounts
            .logout(ctx.requester()?, everywhere)
            .await?;
        Ok(Some(LogoutPayload {
            message: "Signed out.".to_owned(),
            revoked_sessions: i32::try_from(revoked).unwrap_or(i32::MAX),
        }))
    }
}

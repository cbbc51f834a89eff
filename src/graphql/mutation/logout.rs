use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null};

/// The sessions to end.
#[derive(InputObject)]
struct LogoutInput {
    /// Whether to end all sessions of the user (true) or only the one of this request (false).
    /// Default true.
    #[graphql(default = true)]
    everywhere: bool,
}

/// The result of `logout`.
#[derive(SimpleObject)]
struct LogoutPayload {
    /// A message for people.
    message: String,
    /// How many sessions ended.
    revoked_sessions: i32,
}

#[derive(Default)]
pub(super) struct Logout;

#[Object]
impl Logout {
    /// Without arguments signs the user out everywhere: ends every session. `everywhere: false` ends this
    /// session alone.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sessions to end. Default: all.")] input: Option<LogoutInput>,
    ) -> Result<Option<LogoutPayload>, ApiError> {
        let everywhere = input.is_none_or(|input| input.everywhere);
        let revoked = ctx
            .services()
            .accounts
            .sessions
            .logout(ctx.requester()?, everywhere, ctx.caller().client())
            .await?;
        ctx.caller().forget_cookie();
        Ok(Some(LogoutPayload {
            message: "Signed out.".to_owned(),
            revoked_sessions: i32::try_from(revoked).unwrap_or(i32::MAX),
        }))
    }
}

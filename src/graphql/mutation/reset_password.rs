use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

/// A token and a new password.
#[derive(InputObject)]
struct ResetPasswordInput {
    /// The token of a link, after `#token=`.
    token: String,
    /// The new password: at least 8 characters, at most 72 bytes in UTF-8, without control characters. Common passwords are rejected.
    new_password: String,
}

/// The result of `resetPassword`.
#[derive(SimpleObject)]
struct ResetPasswordPayload {
    /// The user with the new password.
    user: User,
    /// Number of ended sessions.
    revoked_sessions: i32,
}

#[derive(Default)]
pub(super) struct ResetPassword;

#[Object]
impl ResetPassword {
    /// Changes the password by a link from `requestPasswordReset` or from an operator, and ends all sessions. A link
    /// works once, within an hour, and does not sign the user in.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token and the new password.")] input: ResetPasswordInput,
    ) -> Result<Option<ResetPasswordPayload>, ApiError> {
        let (accounts, client) = (&ctx.services().accounts, ctx.caller().client());
        let (user, revoked) = accounts
            .reset_password(&input.token, input.new_password, client)
            .await?;
        Ok(Some(ResetPasswordPayload {
            user: User(user),
            revoked_sessions: i32::try_from(revoked).unwrap_or(i32::MAX),
        }))
    }
}

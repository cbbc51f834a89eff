use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, types::User};

/// A new password.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password so far.
    current_password: String,
    /// The password from now on: 8 characters at least, 72 bytes at most, and none of the first that would be guessed.
    new_password: String,
}

/// Every other session has ended.
#[derive(SimpleObject)]
struct ChangePasswordPayload {
    /// Whose password it is.
    user: User,
    /// How many other sessions ended.
    revoked_sessions: i32,
}

#[derive(Default)]
pub(super) struct ChangePassword;

#[Object]
impl ChangePassword {
    /// Changes the password, and ends every session but this one.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old password and the new one.")] input: ChangePasswordInput,
    ) -> Result<Option<ChangePasswordPayload>, ApiError> {
        let ChangePasswordInput {
            current_password,
            new_password,
        } = input;
        let (accounts, from) = (&ctx.services().accounts, ctx.caller().address);
        let (user, revoked) = accounts
            .change_password(ctx.requester()?, current_password, new_password, from)
            .await?;
        Ok(Some(ChangePasswordPayload {
            user: User(user),
            revoked_sessions: i32::try_from(revoked).unwrap_or(i32::MAX),
        }))
    }
}

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

/// The current password and a new one.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The current password.
    current_password: String,
    /// The new password: at least 8 characters, at most 72 bytes in UTF-8, without control characters. Common passwords are rejected.
    new_password: String,
}

/// The result of `changePassword`.
#[derive(SimpleObject)]
struct ChangePasswordPayload {
    /// The user with the new password.
    user: User,
    /// How many other sessions ended.
    revoked_sessions: i32,
}

#[derive(Default)]
pub(super) struct ChangePassword;

#[Object]
impl ChangePassword {
    /// Changes the password and ends all other sessions.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The current password and the new one.")] input: ChangePasswordInput,
    ) -> Result<Option<ChangePasswordPayload>, ApiError> {
        let ChangePasswordInput {
            current_password,
            new_password,
        } = input;
        let (accounts, client) = (&ctx.services().accounts, ctx.caller().client());
        let (user, revoked) = accounts
            .change_password(ctx.requester()?, current_password, new_password, client)
            .await?;
        Ok(Some(ChangePasswordPayload {
            user: User(user),
            revoked_sessions: i32::try_from(revoked).unwrap_or(i32::MAX),
        }))
    }
}

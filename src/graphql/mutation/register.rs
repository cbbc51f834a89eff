use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, types::User};

/// A new account.
#[derive(InputObject)]
struct RegisterInput {
    /// The address to sign in with, at most 255 characters. One account an address, whatever the case.
    email: String,
    /// 3 to 100 letters, digits, underscores, points and hyphens. One account a name, whatever the case.
    username: String,
    /// 8 characters at least, 72 bytes at most, and none of the first that would be guessed.
    password: String,
}

/// The account that was made. It is not signed in yet.
#[derive(SimpleObject)]
struct RegisterPayload {
    /// The new user.
    user: User,
}

#[derive(Default)]
pub(super) struct Register;

#[Object]
impl Register {
    /// Makes an account.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account to make.")] input: RegisterInput,
    ) -> Result<Option<RegisterPayload>, ApiError> {
        let RegisterInput {
            email,
            username,
            password,
        } = input;
        let user = ctx
            .services()
            .accounts
            .register(&email, &username, password, ctx.caller().address)
            .await?;
        Ok(Some(RegisterPayload { user: User(user) }))
    }
}

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::login::LoginPayload;
use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

/// A new account.
#[derive(InputObject)]
pub(super) struct RegisterInput {
    /// The email address, at most 255 characters. Unique, ignoring case.
    pub(super) email: String,
    /// The username: 3 to 100 letters, digits, underscores, points and hyphens. Unique, ignoring
    /// case.
    pub(super) username: String,
    /// At least 8 characters, at most 72 bytes in UTF-8, without control characters. Common passwords are rejected.
    pub(super) password: String,
    /// Whether to sign in with the new account at once. Counts as a sign-in, too. Without effect in `claimAccount`,
    /// whose caller is signed in.
    #[graphql(default)]
    sign_in: bool,
}

/// The result of `register`.
#[derive(SimpleObject)]
struct RegisterPayload {
    /// The new user.
    user: User,
    /// The new session, with its token. Null unless `signIn` is true.
    login: Option<LoginPayload>,
}

#[derive(Default)]
pub(super) struct Register;

#[Object]
impl Register {
    /// Creates an account, and with `signIn: true` a session.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new account.")] input: RegisterInput,
    ) -> Result<Option<RegisterPayload>, ApiError> {
        let RegisterInput {
            email,
            username,
            password,
            sign_in,
        } = input;
        let (accounts, client) = (&ctx.services().accounts, ctx.caller().client());
        if !sign_in {
            let user = accounts.register(&email, &username, password, client);
            return Ok(Some(RegisterPayload {
                user: User(user.await?),
                login: None,
            }));
        }
        let signed_in = accounts
            .register_and_sign_in(&email, &username, password, client)
            .await?;
        Ok(Some(RegisterPayload {
            user: User(signed_in.user.clone()),
            login: Some(LoginPayload::new(ctx, signed_in)),
        }))
    }
}

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{
    ApiError,
    caller::ContextExt,
    types::{Session, User},
};

/// Who signs in.
#[derive(InputObject)]
struct LoginInput {
    /// The account's address, in any case.
    email: String,
    /// The account's password.
    password: String,
}

/// A new session, and the token that stands for it.
#[derive(SimpleObject)]
struct LoginPayload {
    /// The token: send it with every request as `Authorization: Bearer <token>`.
    access_token: String,
    /// Always "bearer".
    token_type: String,
    /// For how long the token is good, in seconds.
    expires_in: i32,
    /// Who signed in.
    user: User,
    /// The new session.
    session: Session,
}

#[derive(Default)]
pub(super) struct Login;

#[Object]
impl Login {
    /// Signs in.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: LoginInput,
    ) -> Result<Option<LoginPayload>, ApiError> {
        let caller = ctx.caller();
        let user_agent = caller.user_agent.as_deref();
        let signed_in = ctx
            .services()
            .accounts
            .login(&input.email, input.password, user_agent, caller.address)
            .await?;
        let lifetime = signed_in.session.expires_at - signed_in.session.created_at;
        Ok(Some(LoginPayload {
            access_token: signed_in.token,
            token_type: "bearer".to_owned(),
            expires_in: i32::try_from(lifetime.num_seconds()).unwrap_or(i32::MAX),
            user: User(signed_in.user),
            session: Session(signed_in.session),
        }))
    }
}

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::{
    account::SignedIn,
    graphql::{
        ApiError,
        caller::ContextExt,
        semantic_non_null,
        types::{Session, User},
    },
};

/// An account's credentials.
#[derive(InputObject)]
struct LoginInput {
    /// The account's email address, in upper or lower case.
    email: String,
    /// The account's password.
    password: String,
}

/// A new session and its access token.
#[derive(SimpleObject)]
pub(super) struct LoginPayload {
    /// The access token, to be sent with every request as `Authorization: Bearer <token>`. Empty for a client that
    /// gets it in a cookie.
    access_token: String,
    /// Always "bearer".
    token_type: String,
    /// Lifetime of the token, in seconds. `extendSession` returns the next one.
    expires_in: i32,
    /// The signed-in user.
    user: User,
    /// The new session.
    session: Session,
}

impl LoginPayload {
    pub(super) fn new(ctx: &Context<'_>, signed_in: SignedIn) -> Self {
        ctx.caller().note_session(signed_in.session.id);
        let lifetime = signed_in.signed.lifetime;
        Self {
            access_token: ctx.caller().hand_over(signed_in.signed),
            token_type: "bearer".to_owned(),
            expires_in: i32::try_from(lifetime.num_seconds()).unwrap_or(i32::MAX),
            user: User(signed_in.user),
            session: Session(signed_in.session),
        }
    }
}

#[derive(Default)]
pub(super) struct Login;

#[Object]
impl Login {
    /// Creates a session. A user has at most 100 live sessions: one more ends the oldest.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An account's credentials.")] input: LoginInput,
    ) -> Result<Option<LoginPayload>, ApiError> {
        let signed_in = ctx
            .services()
            .accounts
            .login(&input.email, input.password, ctx.caller().client())
            .await?;
        Ok(Some(LoginPayload::new(ctx, signed_in)))
    }
}

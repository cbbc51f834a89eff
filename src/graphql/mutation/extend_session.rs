use async_graphql::{Context, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::Session};

/// The result of `extendSession`.
#[derive(SimpleObject)]
struct ExtendSessionPayload {
    /// The next token: send it with every request as `Authorization: Bearer <token>`. Empty for a client that gets it
    /// in a cookie.
    access_token: String,
    /// Always "bearer".
    token_type: String,
    /// Lifetime of the token, in seconds.
    expires_in: i32,
    /// The session, with its new end.
    session: Session,
}

#[derive(Default)]
pub(super) struct ExtendSession;

#[Object]
impl ExtendSession {
    /// Creates a new token for this session and moves the session's end. Accepts a token that has expired, as long as
    /// its session has not ended. Earlier tokens stay valid until they expire.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn extend_session(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<ExtendSessionPayload>, ApiError> {
        let requester = ctx.requester_to_extend().await?;
        let accounts = &ctx.services().accounts;
        let (session, signed) = accounts.sessions.extend(&requester.session).await?;
        // Also with a token that has expired, which makes no request of its own.
        ctx.caller().note_session(session.id);
        let lifetime = signed.lifetime.num_seconds();
        Ok(Some(ExtendSessionPayload {
            access_token: ctx.caller().hand_over(signed),
            token_type: "bearer".to_owned(),
            expires_in: i32::try_from(lifetime).unwrap_or(i32::MAX),
            session: Session(session),
        }))
    }
}

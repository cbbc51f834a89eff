use async_graphql::{Context, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

/// The result of `revokeOtherSessions`.
#[derive(SimpleObject)]
struct RevokeOtherSessionsPayload {
    /// The user whose sessions they were.
    user: User,
    /// Number of ended sessions.
    revoked_sessions: i32,
}

#[derive(Default)]
pub(super) struct RevokeOtherSessions;

#[Object]
impl RevokeOtherSessions {
    /// Ends every session of the user but this one.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn revoke_other_sessions(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<RevokeOtherSessionsPayload>, ApiError> {
        let requester = ctx.requester()?;
        let (accounts, client) = (&ctx.services().accounts, ctx.caller().client());
        let revoked = accounts.sessions.revoke_others(requester, client).await?;
        Ok(Some(RevokeOtherSessionsPayload {
            user: User(requester.user.clone()),
            revoked_sessions: i32::try_from(revoked).unwrap_or(i32::MAX),
        }))
    }
}

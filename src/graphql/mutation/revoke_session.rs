use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, id::Kind, types::Session};

/// Which session to end.
#[derive(InputObject)]
struct RevokeSessionInput {
    /// The session's id.
    id: ID,
}

/// The session that has ended.
#[derive(SimpleObject)]
struct RevokeSessionPayload {
    /// As it was.
    session: Session,
}

#[derive(Default)]
pub(super) struct RevokeSession;

#[Object]
impl RevokeSession {
    /// Ends one of the user's sessions: a lost phone, for example.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session to end.")] input: RevokeSessionInput,
    ) -> Result<Option<RevokeSessionPayload>, ApiError> {
        let requester = ctx.requester()?;
        let id = Kind::Session.parse(&input.id, "input.id")?;
        let session = ctx
            .services()
            .accounts
            .revoke_session(requester, id)
            .await?;
        Ok(Some(RevokeSessionPayload {
            session: Session(session),
        }))
    }
}

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{
    ApiError,
    caller::ContextExt,
    id::Kind,
    semantic_non_null,
    types::{Session, User},
};

/// The session to end.
#[derive(InputObject)]
struct RevokeSessionInput {
    /// The session's id.
    id: ID,
}

/// The result of `revokeSession`.
#[derive(SimpleObject)]
struct RevokeSessionPayload {
    /// The ended session.
    session: Session,
    /// The id of the ended session.
    revoked_session_id: ID,
    /// The user whose session it was.
    user: User,
}

#[derive(Default)]
pub(super) struct RevokeSession;

#[Object]
impl RevokeSession {
    /// Ends one of the user's sessions, for example that of a lost phone.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to end.")] input: RevokeSessionInput,
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
            revoked_session_id: Kind::Session.id(id),
            user: User(requester.user.clone()),
        }))
    }
}

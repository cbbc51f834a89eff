use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{
    ApiError,
    caller::ContextExt,
    id::NodeKind,
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
        let id = NodeKind::Session.parse(&input.id, "input.id")?;
        let session = ctx
            .services()
            .accounts
            .sessions
            .revoke_one(requester, id, ctx.caller().client())
            .await?;
        if id == requester.session.id {
            ctx.caller().forget_cookie();
        }
        Ok(Some(RevokeSessionPayload {
            session: Session(session),
            revoked_session_id: NodeKind::Session.id(id),
            user: User(requester.user.clone()),
        }))
    }
}

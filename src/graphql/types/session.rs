//! A session.

use async_graphql::{Context, ID, Object};

use crate::{
    entity::session,
    graphql::{caller::ContextExt, id::Kind, scalar::DateTime},
};

/// A sign-in that has not ended.
pub(in crate::graphql) struct Session(pub session::Model);

/// A sign-in that has not ended.
#[Object]
impl Session {
    /// Names the session.
    pub(super) async fn id(&self) -> ID {
        Kind::Session.id(self.0.id)
    }

    /// When the user signed in.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it ends by itself.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }

    /// What the client called itself when it signed in.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// Whether this request was made with it.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        // Right after a login there is a session, and a request made without one.
        ctx.requester()
            .is_ok_and(|requester| requester.session.id == self.0.id)
    }
}

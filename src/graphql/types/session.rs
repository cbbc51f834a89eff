//! A session.

use async_graphql::{Context, ID, Object};

use crate::{
    account::user_agent,
    entity::session,
    graphql::{caller::ContextExt, id::NodeKind, scalar::DateTime},
};

/// A live session of a user.
#[derive(Clone)]
pub(in crate::graphql) struct Session(pub session::Model);

/// A live session of a user.
#[Object]
impl Session {
    /// A globally unique, permanent identifier.
    pub(super) async fn id(&self) -> ID {
        NodeKind::Session.id(self.0.id)
    }

    /// The time of the sign-in.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it ends unless it is extended by then.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }

    /// The `User-Agent` header of the sign-in.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// When it was last used, to the minute. Uses on other instances appear up to a minute later.
    async fn last_used_at(&self, ctx: &Context<'_>) -> DateTime {
        DateTime(ctx.services().accounts.sessions.last_used(&self.0))
    }

    /// A name for a list of sessions, such as "Firefox on Windows", from `userAgent`.
    async fn label(&self) -> Option<String> {
        self.0.user_agent.as_deref().and_then(user_agent::label)
    }

    /// Whether this request was made with it, or has created it.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        ctx.caller().is_with(self.0.id)
    }
}

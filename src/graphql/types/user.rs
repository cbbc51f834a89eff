//! A user.

use async_graphql::{Context, ID, Object};

use super::{ReadingFilter, Session, Usage};
use crate::{
    entity::user,
    graphql::{
        ApiError,
        caller::ContextExt,
        connection::{self, PageArgs, ReadingConnection},
        id::Kind,
        scalar::DateTime,
    },
};

/// Somebody with an account.
pub(in crate::graphql) struct User(pub user::Model);

/// Somebody with an account.
#[Object]
impl User {
    /// Names the user.
    pub(super) async fn id(&self) -> ID {
        Kind::User.id(self.0.id)
    }

    /// The address the user signs in with.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The name the user goes by.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// Whether the user may sign in.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the account was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// The user's readings, newest first.
    async fn readings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start, 1 to 100; 20 when neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which readings; all when absent.")] filter: Option<ReadingFilter>,
    ) -> Result<ReadingConnection, ApiError> {
        connection::readings(
            ctx,
            self.0.id,
            PageArgs {
                first,
                after,
                last,
                before,
            },
            filter,
        )
        .await
    }

    /// Live sessions, newest first.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>, ApiError> {
        let sessions = ctx.services().accounts.sessions(self.0.id).await?;
        Ok(sessions.into_iter().map(Session).collect())
    }

    /// What the user has spent, and what is left.
    async fn usage(&self, ctx: &Context<'_>) -> Result<Usage, ApiError> {
        Ok(ctx.services().readings.usage(self.0.id).await?.into())
    }
}

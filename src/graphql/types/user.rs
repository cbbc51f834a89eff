//! A user.

use async_graphql::{Context, ID, Object};

use super::{ReadingFilter, Session, Usage};
use crate::{
    account::SESSIONS,
    entity::user,
    graphql::{
        ApiError,
        caller::ContextExt,
        connection::{self, AccountEventConnection, PageArgs, ReadingConnection},
        id::NodeKind,
        limits::{Price, Prices},
        scalar::DateTime,
    },
};

/// An account.
#[derive(Clone)]
pub(in crate::graphql) struct User(pub user::Model);

impl User {
    pub(in crate::graphql) const PRICES: Prices = &[
        ("events", Price::PAGE),
        ("readings", Price::PAGE),
        ("sessions", Price::rows(SESSIONS)),
        ("usage", Price::queries(2)),
    ];
}

/// An account.
#[Object]
impl User {
    /// A globally unique, permanent identifier.
    pub(super) async fn id(&self) -> ID {
        NodeKind::User.id(self.0.id)
    }

    /// The email address. A guest's is under `guest.invalid`, where no mail arrives, and is not for display.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// Whether a link that was sent to the address was used.
    async fn is_email_verified(&self) -> bool {
        self.0.email_verified_at.is_some()
    }

    /// The address that the account has once a link that was sent there is used. Null if there is none.
    async fn pending_email(&self) -> Option<&str> {
        self.0.pending_email.as_deref()
    }

    /// Whether the account was made by `continueAsGuest` and not claimed since.
    async fn is_guest(&self) -> bool {
        self.0.is_guest
    }

    /// The username.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// Whether the account may sign in.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// The language for messages, as a BCP 47 tag such as "pt-BR".
    async fn locale(&self) -> &str {
        &self.0.locale
    }

    /// Whether a language model may be told the user's last questions, where one answers.
    async fn memory(&self) -> bool {
        self.0.memory
    }

    /// The time at which the account was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The time of the account's last change.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// The user's readings, newest first: the list for clients that cache objects by their ids, such as
    /// Apollo Client, Relay and urql's graphcache. It is stored under the user's id, so that accounts on
    /// one device never share it, and results of mutations lead to it by `user`.
    async fn readings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The number of items from the start. Between 1 and 100; default 20 if `last` is absent."
        )]
        first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end. Between 1 and 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions on the readings. Default: all.")] filter: Option<
            ReadingFilter,
        >,
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
            filter.unwrap_or_default().into(),
        )
        .await
    }

    /// The live sessions, newest first; at most 100.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>, ApiError> {
        let sessions = ctx.services().accounts.sessions.list(self.0.id).await?;
        Ok(sessions.into_iter().map(Session).collect())
    }

    /// Sign-ins and changes of the account, newest first: the newest 400 of the last 180 days, and beside
    /// them the newest 100 failed sign-ins.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The number of items from the start. Between 1 and 100; default 20 if `last` is absent."
        )]
        first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end. Between 1 and 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<AccountEventConnection, ApiError> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        connection::events(ctx, self.0.id, args).await
    }

    /// The user's usage and limits.
    async fn usage(&self, ctx: &Context<'_>) -> Result<Usage, ApiError> {
        Usage::find(ctx, &self.0).await
    }
}

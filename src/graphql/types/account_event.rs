//! Events of an account.

use async_graphql::{Enum, ID, Object};

use crate::{
    entity::account_event,
    graphql::{id::NodeKind, scalar::DateTime},
};

/// A change of an account, or a sign-in.
#[derive(Clone)]
pub(in crate::graphql) struct AccountEvent(pub account_event::Model);

/// A change of an account, or a sign-in.
#[Object]
impl AccountEvent {
    /// A globally unique, permanent identifier.
    pub(super) async fn id(&self) -> ID {
        NodeKind::Event.id(self.0.id)
    }

    /// The kind of event.
    async fn kind(&self) -> AccountEventKind {
        self.0.kind.into()
    }

    /// The time of the event.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The `User-Agent` header of the request. Null if it had none, or an operator made the change.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }
}

/// The kind of an account's event.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "account_event::EventKind")]
pub(in crate::graphql) enum AccountEventKind {
    /// The account was created.
    Registered,
    /// A sign-in.
    SignedIn,
    /// A sign-out, of one session or of all.
    SignedOut,
    /// A sign-in with a wrong password.
    SignInFailed,
    /// A change of the password by the signed-in user.
    PasswordChanged,
    /// A new password, chosen by a link or set by an operator.
    PasswordReset,
    /// A change of the email address.
    EmailChanged,
    /// The email address was confirmed.
    EmailVerified,
    /// Other sessions were ended, one or all.
    SessionRevoked,
    /// A guest's account became a registered one.
    Claimed,
    /// The account's data was downloaded.
    Exported,
}

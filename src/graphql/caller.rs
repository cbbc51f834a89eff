//! Who makes a request, found out once.

use std::{net::IpAddr, sync::Arc};

use async_graphql::Context;
use uuid::Uuid;

use super::{ApiError, Services};
use crate::{
    account::{self, Accounts, Requester, token},
    request,
};

/// What a resolver knows of the request around it.
pub struct Caller {
    /// Kept as it came out: what is open to everyone works with a bad token too.
    requester: Result<Arc<Requester>, account::Error>,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: String,
    /// Where the request comes from.
    pub(super) address: IpAddr,
}

impl Caller {
    /// Reads `Authorization: Bearer <token>` (RFC 6750, section 2.1) and finds out whose it is.
    pub async fn new(
        accounts: &Accounts,
        authorization: Option<&str>,
        user_agent: Option<&str>,
        request_id: String,
        address: IpAddr,
    ) -> Self {
        let requester = match authorization.map(|header| header.trim().split_once(' ')) {
            None => Err(token::Error::Missing.into()),
            Some(Some((scheme, token))) if scheme.eq_ignore_ascii_case("bearer") => {
                accounts.authenticate(token.trim()).await
            }
            Some(_) => Err(token::Error::Invalid.into()),
        };
        if let Ok(requester) = &requester {
            request::note_user(requester.user.id);
        }
        Self {
            requester,
            user_agent: user_agent.map(str::to_owned),
            request_id,
            address,
        }
    }
}

impl Caller {
    /// The session the request is made with, and its user.
    #[must_use]
    pub fn session(&self) -> Option<(Uuid, Uuid)> {
        self.requester
            .as_ref()
            .ok()
            .map(|requester| (requester.session.id, requester.user.id))
    }
}

/// What every resolver asks of its context.
pub(super) trait ContextExt {
    fn services(&self) -> &Services;
    fn caller(&self) -> &Caller;
    /// Who is signed in.
    ///
    /// # Errors
    ///
    /// If nobody is, or the account is inactive.
    fn requester(&self) -> Result<&Requester, ApiError>;
}

impl ContextExt for Context<'_> {
    fn services(&self) -> &Services {
        self.data_unchecked()
    }

    fn caller(&self) -> &Caller {
        self.data_unchecked()
    }

    fn requester(&self) -> Result<&Requester, ApiError> {
        self.caller().requester.as_deref().map_err(ApiError::from)
    }
}

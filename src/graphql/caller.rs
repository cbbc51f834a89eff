//! The caller of a request.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use async_graphql::Context;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{ApiError, Services, budget::Budget, turn::Turn};
use crate::{
    account::{self, Accounts, Requester, token},
    request,
};

/// The request around a resolver.
pub struct Caller {
    /// Kept as it came out: what is open to everyone works with a bad token too.
    requester: Result<Arc<Requester>, account::Error>,
    /// The session that this request has created.
    created: OnceLock<Uuid>,
    /// When the token that the request was made with expires.
    token_expires_at: Option<DateTime<Utc>>,
    pub(super) user_agent: Option<String>,
    pub(super) accept_language: Option<String>,
    pub(super) request_id: String,
    /// Where the request comes from.
    pub(super) address: IpAddr,
    /// Of the response that is being resolved.
    pub(super) budget: Arc<Budget>,
    pub(super) turn: Arc<Turn>,
}

impl Caller {
    /// Reads `Authorization: Bearer <token>` (RFC 6750, section 2.1) and finds out whose it is.
    pub async fn new(
        accounts: &Accounts,
        authorization: Option<&str>,
        user_agent: Option<&str>,
        accept_language: Option<&str>,
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
        let (requester, token_expires_at) = match requester {
            Ok((requester, expires_at)) => {
                request::note_user(requester.user.id);
                (Ok(requester), Some(expires_at))
            }
            Err(error) => (Err(error), None),
        };
        Self {
            requester,
            created: OnceLock::new(),
            token_expires_at,
            user_agent: user_agent.map(str::to_owned),
            accept_language: accept_language.map(str::to_owned),
            request_id,
            address,
            budget: Arc::default(),
            turn: Arc::default(),
        }
    }
}

impl Caller {
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Where the request comes from.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Notes that the request has created a session: its client goes on with that.
    pub(super) fn note_session(&self, id: Uuid) {
        // One operation signs in once.
        let _ = self.created.set(id);
    }

    /// Whether the client goes on with this session.
    pub(super) fn is_with(&self, session_id: Uuid) -> bool {
        match self.created.get() {
            Some(created) => *created == session_id,
            None => self.session().is_ok_and(|(id, _)| id == session_id),
        }
    }

    /// The session the request is made with, and its user.
    ///
    /// # Errors
    ///
    /// If nobody is signed in, or it could not be found out.
    pub fn session(&self) -> Result<(Uuid, Uuid), &account::Error> {
        let requester = self.requester.as_ref()?;
        Ok((requester.session.id, requester.user.id))
    }

    /// When the token that the request was made with expires; none without a good one.
    #[must_use]
    pub fn token_expires_at(&self) -> Option<DateTime<Utc>> {
        self.token_expires_at
    }
}

/// Access of resolvers to their context.
pub(super) trait ContextExt {
    fn services(&self) -> &Services;
    fn caller(&self) -> &Caller;
    /// The signed-in requester.
    ///
    /// # Errors
    ///
    /// If nobody is, or the account is inactive.
    fn requester(&self) -> Result<&Requester, ApiError>;
    /// The same, also with a token that has expired.
    ///
    /// # Errors
    ///
    /// If nobody is, the session has ended, or the account is inactive.
    async fn requester_to_extend(&self) -> Result<Arc<Requester>, ApiError>;
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

    async fn requester_to_extend(&self) -> Result<Arc<Requester>, ApiError> {
        match &self.caller().requester {
            Ok(requester) => Ok(requester.clone()),
            Err(account::Error::NotSignedIn(token::Error::Expired(claims))) => {
                let accounts = &self.services().accounts;
                let requester = accounts.requester(claims.session_id, claims.user_id);
                Ok(requester.await?)
            }
            Err(error) => Err(error.into()),
        }
    }
}

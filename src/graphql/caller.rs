//! The caller of a request.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use async_graphql::Context;
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use uuid::Uuid;

use super::{ApiError, Services, budget::Budget, turn::Turn};
use crate::{
    account::{AccountError, Accounts, Client, Requester, Signed, TokenError},
    request_context,
};

/// A change of the cookie that a client keeps its token in.
#[derive(Debug)]
pub enum CookieChange {
    Keep { token: String, lifetime: TimeDelta },
    Forget,
}

/// The last change of a client's cookie in a request.
#[derive(Debug, Default)]
pub struct SessionCookie(Mutex<Option<CookieChange>>);

impl SessionCookie {
    fn set(&self, change: CookieChange) {
        *self.0.lock() = Some(change);
    }

    /// None if it stays as it is.
    #[must_use]
    pub fn take(&self) -> Option<CookieChange> {
        let mut change = self.0.lock();
        change.take()
    }
}

/// The request around a resolver.
pub struct Caller {
    /// Kept as it came out: what is open to everyone works with a bad token too.
    requester: Result<Arc<Requester>, AccountError>,
    /// The session that this request has created.
    created: OnceLock<Uuid>,
    /// Where its client keeps its token in a cookie.
    cookie: Option<Arc<SessionCookie>>,
    /// When the token that the request was made with expires.
    token_expires_at: Option<DateTime<Utc>>,
    user_agent: Option<String>,
    accept_language: Option<String>,
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
            None => Err(TokenError::Missing.into()),
            Some(Some((scheme, token))) if scheme.eq_ignore_ascii_case("bearer") => {
                accounts.sessions.authenticate(token.trim()).await
            }
            Some(_) => Err(TokenError::Invalid.into()),
        };
        let (requester, token_expires_at) = match requester {
            Ok((requester, expires_at)) => {
                request_context::record_user(requester.user.id);
                (Ok(requester), Some(expires_at))
            }
            Err(error) => (Err(error), None),
        };
        Self {
            requester,
            created: OnceLock::new(),
            cookie: None,
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
    /// Of a client that keeps its token in a cookie, if there is one.
    #[must_use]
    pub fn with_cookie(mut self, cookie: Option<Arc<SessionCookie>>) -> Self {
        self.cookie = cookie;
        self
    }

    /// A new token as its client gets it: as text, or in its cookie, and then an empty text.
    pub(super) fn hand_over(&self, signed: Signed) -> String {
        let Some(cookie) = &self.cookie else {
            return signed.token;
        };
        cookie.set(CookieChange::Keep {
            token: signed.token,
            lifetime: signed.session_lifetime,
        });
        String::new()
    }

    /// To be called where the request's session has ended.
    pub(super) fn forget_cookie(&self) {
        if let Some(cookie) = &self.cookie {
            cookie.set(CookieChange::Forget);
        }
    }

    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Where the request comes from.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The client that sent it.
    #[must_use]
    pub fn client(&self) -> Client<'_> {
        Client {
            address: self.address,
            user_agent: self.user_agent.as_deref(),
            accept_language: self.accept_language.as_deref(),
        }
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

    /// The signed-in requester.
    ///
    /// # Errors
    ///
    /// If nobody is signed in, or it could not be found out.
    pub fn requester(&self) -> Result<&Requester, &AccountError> {
        self.requester.as_deref()
    }

    /// The session the request is made with, and its user.
    ///
    /// # Errors
    ///
    /// If there is no valid session, or the database failed.
    pub fn session(&self) -> Result<(Uuid, Uuid), &AccountError> {
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
    /// If there is no valid session, or the account is inactive.
    fn requester(&self) -> Result<&Requester, ApiError>;
    /// The same, also with a token that has expired.
    ///
    /// # Errors
    ///
    /// If there is no session, it has ended, or the account is inactive.
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
            Err(AccountError::NotSignedIn(TokenError::Expired(claims))) => {
                let accounts = &self.services().accounts;
                let requester = accounts
                    .sessions
                    .requester(claims.session_id, claims.user_id);
                Ok(requester.await?)
            }
            Err(error) => Err(error.into()),
        }
    }
}

//! Sessions: authentication of requests, and how sessions begin, are extended and end.

mod cache;
mod extension;
mod open;
mod store;
mod uses;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, QuerySelect};
use uuid::Uuid;

use self::{cache::SessionCache, open::OpenSessions, uses::Uses};
use super::{
    AccountError, Client,
    access_token::{TokenError, Tokens},
    events::record,
    user_agent,
};
use crate::{
    clock::Clock,
    config::{Secrets, SessionTimes},
    db::Database,
    entity::{account_event::EventKind, session, user},
};
pub use cache::CHANNEL;
pub use extension::Signed;
pub use store::count_live;
pub(super) use store::{Which, revoke, user_agents};

/// Live sessions of a user. One more ends the oldest.
pub const SESSIONS: usize = 100;

/// The requester: a user and the session that authenticated the request.
#[derive(Clone, Debug)]
pub struct Requester {
    pub user: user::Model,
    pub session: session::Model,
}

/// The result of a sign-in.
#[derive(Debug)]
pub struct SignedIn {
    pub user: user::Model,
    pub session: session::Model,
    pub signed: Signed,
}

/// The sessions of all users. Clones share what is kept of them in memory.
#[derive(Clone)]
pub struct Sessions {
    db: Database,
    clock: Clock,
    tokens: Tokens,
    times: SessionTimes,
    uses: Uses,
    cache: SessionCache,
    open: OpenSessions,
}

impl Sessions {
    pub(super) fn new(db: Database, clock: Clock, secrets: &Secrets, times: SessionTimes) -> Self {
        Self {
            db,
            clock,
            tokens: Tokens::new(secrets),
            times,
            uses: Uses::default(),
            cache: SessionCache::default(),
            open: OpenSessions::default(),
        }
    }

    /// Authenticates a token: checks its signature, then its session, then its user. Returns when the
    /// token expires.
    ///
    /// # Errors
    ///
    /// If it is no token of ours, its session has ended, or its user is inactive. That it has
    /// expired is said only of a session that can be extended.
    pub async fn authenticate(
        &self,
        token: &str,
    ) -> Result<(Arc<Requester>, DateTime<Utc>), AccountError> {
        let now = self.clock.now();
        let claims = self.tokens.verify(token)?;
        let requester = self.requester(claims.session_id, claims.user_id).await?;
        if claims.expires_at <= now {
            return Err(TokenError::Expired(claims).into());
        }
        self.uses.record(claims.session_id, now);
        Ok((requester, claims.expires_at))
    }

    /// The requester of a session: from the cache, or from the database.
    ///
    /// # Errors
    ///
    /// If it has ended, or its user is inactive.
    pub async fn requester(
        &self,
        session_id: Uuid,
        user_id: Uuid,
    ) -> Result<Arc<Requester>, AccountError> {
        let requester = match self.cache.find(session_id) {
            Ok(requester) => requester,
            Err(miss) => {
                let found = store::find_with_user(self.db.reads(), session_id).await?;
                let (session, user) = found.ok_or(AccountError::SessionEnded)?;
                let requester = Arc::new(Requester { user, session });
                self.cache.remember(miss, &requester);
                requester
            }
        };
        let Requester { user, session } = &*requester;
        let is_over = session.is_revoked || session.expires_at <= self.clock.now();
        if is_over || user.id != user_id {
            return Err(AccountError::SessionEnded);
        }
        if !user.is_active {
            return Err(AccountError::Inactive);
        }
        Ok(requester)
    }

    /// The newest of the user's live sessions, newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn list(&self, user_id: Uuid) -> Result<Vec<session::Model>, AccountError> {
        Ok(session::Entity::find_live(user_id, self.clock.now())
            .limit(SESSIONS as u64)
            .all(self.db.reads())
            .await?)
    }

    /// Those of some sessions that are the user's and live.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn by_id(
        &self,
        user_id: Uuid,
        ids: &[Uuid],
    ) -> Result<Vec<session::Model>, AccountError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(store::live_by_id(self.db.reads(), user_id, ids, self.clock.now()).await?)
    }

    /// Ends this session, or all of the user's. Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails; then none has ended.
    pub async fn logout(
        &self,
        requester: &Requester,
        everywhere: bool,
        client: Client<'_>,
    ) -> Result<usize, AccountError> {
        let which = if everywhere {
            Which::All
        } else {
            Which::Only(requester.session.id)
        };
        let revoked = self.revoke(requester, which, EventKind::SignedOut, client);
        Ok(revoked.await?.len())
    }

    /// Ends all of the user's sessions but this one. Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails; then none has ended.
    pub async fn revoke_others(
        &self,
        requester: &Requester,
        client: Client<'_>,
    ) -> Result<usize, AccountError> {
        let which = Which::AllBut(requester.session.id);
        let revoked = self.revoke(requester, which, EventKind::SessionRevoked, client);
        Ok(revoked.await?.len())
    }

    /// Ends one of the user's sessions, and returns it.
    ///
    /// # Errors
    ///
    /// If the user has no such live session.
    pub async fn revoke_one(
        &self,
        requester: &Requester,
        id: Uuid,
        client: Client<'_>,
    ) -> Result<session::Model, AccountError> {
        let which = Which::Only(id);
        let revoked = self.revoke(requester, which, EventKind::SessionRevoked, client);
        revoked.await?.pop().ok_or(AccountError::NoSuchSession)
    }

    /// Revokes sessions, and records it with the one of them that was meant, or the requester's.
    async fn revoke(
        &self,
        requester: &Requester,
        which: Which,
        kind: EventKind,
        client: Client<'_>,
    ) -> Result<Vec<session::Model>, AccountError> {
        let user_id = requester.user.id;
        let tx = self.db.begin().await?;
        // Before its sessions', as all who change several of them, and as a deletion of the user does.
        user::lock(&tx, user_id).await?;
        let revoked = revoke(&tx, user_id, which, self.clock.now()).await?;
        if revoked.is_empty() {
            tx.rollback().await?;
            return Ok(revoked);
        }
        let session_id = match which {
            Which::Only(id) => id,
            Which::All | Which::AllBut(_) => requester.session.id,
        };
        let agent = client.user_agent;
        record(&tx, &self.clock, user_id, kind, Some(session_id), agent).await?;
        let committed = tx.commit().await;
        self.changed(committed, |id, owner| {
            owner == user_id && revoked.iter().any(|one| one.id == id)
        })?;
        Ok(revoked)
    }

    /// Opens a session: the end of every sign-in.
    pub(super) async fn open(
        &self,
        tx: &impl ConnectionTrait,
        user_id: Uuid,
        user_agent: Option<&str>,
    ) -> Result<(session::Model, Signed), DbErr> {
        let created_at = self.clock.now();
        let session = session::Model {
            id: self.clock.new_id(),
            user_id,
            user_agent: user_agent::kept(user_agent),
            expires_at: self.times.session_end(created_at, created_at),
            created_at,
            is_revoked: false,
            last_used_at: None,
        };
        let session = store::insert(tx, session).await?;
        let (kind, id) = (EventKind::SignedIn, Some(session.id));
        record(tx, &self.clock, user_id, kind, id, user_agent).await?;
        let signed = self.sign(&session, created_at);
        Ok((session, signed))
    }

    /// Ends as many of the user's live sessions, the oldest, as leave room for one more. The user's row has
    /// to be locked.
    pub(super) async fn make_room(
        &self,
        tx: &impl ConnectionTrait,
        user_id: Uuid,
    ) -> Result<Vec<Uuid>, DbErr> {
        store::revoke_oldest(tx, user_id, self.clock.now()).await
    }
}

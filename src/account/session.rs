//! Sessions: who is asking, and how a session ends.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QuerySelect, Set, sea_query::Expr,
};
use uuid::Uuid;

use super::{Accounts, Error, Signed, lock_user, token};
use crate::entity::{session, user};

/// Characters of a `User-Agent` that are kept.
const USER_AGENT_MAX: usize = 255;

/// Live sessions of a user. One more ends the oldest.
pub const SESSIONS: usize = 100;

/// The requester: a user and the session that authenticated the request.
#[derive(Clone, Debug)]
pub struct Requester {
    pub user: user::Model,
    pub session: session::Model,
}

impl Accounts {
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
    ) -> Result<(Arc<Requester>, DateTime<Utc>), Error> {
        let now = self.clock.now();
        let claims = self.tokens.verify(token)?;
        let requester = self.requester(claims.session_id, claims.user_id).await?;
        if claims.expires_at <= now {
            return Err(token::Error::Expired(claims).into());
        }
        self.uses.note(claims.session_id, now);
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
    ) -> Result<Arc<Requester>, Error> {
        let requester = match self.known.find(session_id) {
            Ok(requester) => requester,
            Err(unknown) => {
                let found = session::Entity::find_by_id(session_id)
                    .find_also_related(user::Entity)
                    .one(self.reads());
                let found = self.db.unless_away(found).await?;
                let Some((session, Some(user))) = found else {
                    return Err(Error::SessionEnded);
                };
                let requester = Arc::new(Requester { user, session });
                self.known.remember(unknown, &requester);
                requester
            }
        };
        let Requester { user, session } = &*requester;
        let is_over = session.is_revoked || session.expires_at <= self.clock.now();
        if is_over || user.id != user_id {
            return Err(Error::SessionEnded);
        }
        if !user.is_active {
            return Err(Error::Inactive);
        }
        Ok(requester)
    }

    /// The newest of the user's live sessions, newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn sessions(&self, user_id: Uuid) -> Result<Vec<session::Model>, Error> {
        Ok(session::Entity::find_live(user_id, self.clock.now())
            .limit(SESSIONS as u64)
            .all(self.reads())
            .await?)
    }

    /// Those of some sessions that are the user's and live.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn sessions_by_id(
        &self,
        user_id: Uuid,
        ids: &[Uuid],
    ) -> Result<Vec<session::Model>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(session::Entity::find_live(user_id, self.clock.now())
            .filter(session::Column::Id.is_in(ids.iter().copied()))
            .all(self.reads())
            .await?)
    }

    /// Ends this session, or all of the user's. Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails; then none has ended.
    pub async fn logout(&self, requester: &Requester, everywhere: bool) -> Result<u64, Error> {
        if everywhere {
            let owner = requester.user.id;
            let tx = self.db.begin().await?;
            // Before its sessions', as all who change several of them.
            lock_user(&tx, owner).await?;
            let revoked = self.revoke_all(&tx, owner, None).await?;
            let committed = tx.commit().await;
            self.changed(committed, |_, user_id| user_id == owner)?;
            return Ok(revoked);
        }
        let revoked = self
            .revoke_one(requester.user.id, requester.session.id)
            .await?;
        Ok(u64::from(revoked.is_some()))
    }

    /// Ends all of the user's sessions but this one. Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails; then none has ended.
    pub async fn revoke_other_sessions(&self, requester: &Requester) -> Result<u64, Error> {
        let (owner, kept) = (requester.user.id, requester.session.id);
        let tx = self.db.begin().await?;
        lock_user(&tx, owner).await?;
        let revoked = self.revoke_all(&tx, owner, Some(kept)).await?;
        let committed = tx.commit().await;
        self.changed(committed, |session_id, user_id| {
            user_id == owner && session_id != kept
        })?;
        Ok(revoked)
    }

    /// Ends one of the user's sessions, and returns it.
    ///
    /// # Errors
    ///
    /// If the user has no such live session.
    pub async fn revoke_session(
        &self,
        requester: &Requester,
        id: Uuid,
    ) -> Result<session::Model, Error> {
        self.revoke_one(requester.user.id, id)
            .await?
            .ok_or(Error::NoSuchSession)
    }

    async fn revoke_one(&self, user_id: Uuid, id: Uuid) -> Result<Option<session::Model>, Error> {
        let revoked = session::Entity::update_many()
            .col_expr(session::Column::IsRevoked, Expr::value(true))
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::UserId.eq(user_id))
            .filter(session::Column::IsRevoked.eq(false))
            .filter(session::Column::ExpiresAt.gt(self.clock.now()))
            .exec_with_returning(self.db.writes())
            .await;
        let revoked = self.changed(revoked, |session_id, _| session_id == id)?;
        Ok(revoked.into_iter().next())
    }

    /// Ends the user's live sessions but one. What they keep open is for whoever commits it to end.
    pub(super) async fn revoke_all(
        &self,
        db: &impl ConnectionTrait,
        user_id: Uuid,
        but: Option<Uuid>,
    ) -> Result<u64, Error> {
        let mut revoke = session::Entity::update_many()
            .col_expr(session::Column::IsRevoked, Expr::value(true))
            .filter(session::Column::UserId.eq(user_id))
            .filter(session::Column::IsRevoked.eq(false))
            .filter(session::Column::ExpiresAt.gt(self.clock.now()));
        if let Some(id) = but {
            revoke = revoke.filter(session::Column::Id.ne(id));
        }
        Ok(revoke.exec(db).await?.rows_affected)
    }

    /// Ends as many of the user's live sessions, the oldest, as leave room for one more. The user's
    /// row has to be locked. Returns which; what they keep open is for whoever commits it to end.
    pub(super) async fn end_oldest(
        &self,
        tx: &impl ConnectionTrait,
        user_id: Uuid,
    ) -> Result<Vec<Uuid>, DbErr> {
        let oldest: Vec<Uuid> = session::Entity::find_live(user_id, self.clock.now())
            .select_only()
            .column(session::Column::Id)
            .offset(SESSIONS as u64 - 1)
            // SQLite has no offset without it.
            .limit(i64::MAX.unsigned_abs())
            .into_tuple()
            .all(tx)
            .await?;
        for some in oldest.chunks(500) {
            session::Entity::update_many()
                .col_expr(session::Column::IsRevoked, Expr::value(true))
                .filter(session::Column::Id.is_in(some.iter().copied()))
                .exec(tx)
                .await?;
        }
        Ok(oldest)
    }

    pub(super) async fn open_session(
        &self,
        db: &impl ConnectionTrait,
        user_id: Uuid,
        user_agent: Option<&str>,
    ) -> Result<(session::Model, Signed), DbErr> {
        let created_at = self.clock.now();
        let session = session::ActiveModel {
            id: Set(self.clock.new_id()),
            user_id: Set(user_id),
            user_agent: Set(user_agent.map(|name| name.chars().take(USER_AGENT_MAX).collect())),
            expires_at: Set(self.times.session_end(created_at, created_at)),
            created_at: Set(created_at),
            is_revoked: Set(false),
            last_used_at: Set(None),
        }
        .insert(db)
        .await?;
        let signed = self.sign(&session, created_at);
        Ok((session, signed))
    }
}

/// How many sessions are neither revoked nor expired.
///
/// # Errors
///
/// If the database fails.
pub async fn count_live(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, DbErr> {
    session::Entity::find()
        .filter(session::Column::IsRevoked.eq(false))
        .filter(session::Column::ExpiresAt.gt(now))
        .count(db)
        .await
}

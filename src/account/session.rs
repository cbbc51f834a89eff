//! Sessions: who is asking, and how a session ends.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, Set, sea_query::Expr,
};
use uuid::Uuid;

use super::{Accounts, Error, token};
use crate::{
    db::Database,
    entity::{session, user},
};

/// Characters of a `User-Agent` that are kept.
const USER_AGENT_MAX: usize = 255;

/// Who makes a request: the user, and the session that says so.
#[derive(Clone, Debug)]
pub struct Requester {
    pub user: user::Model,
    pub session: session::Model,
}

impl Accounts {
    /// Who a token speaks for: its signature, then its session, then its user.
    ///
    /// # Errors
    ///
    /// If it is no token of ours, its session has ended, or its user is inactive.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Requester>, Error> {
        let claims = self.tokens.verify(token, self.clock.now())?;
        self.requester(claims.session_id, claims.user_id).await
    }

    /// Who a session is, as things stand now: without asking the database, if it has told before
    /// and nothing has changed.
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

    /// The user's live sessions, newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn sessions(&self, user_id: Uuid) -> Result<Vec<session::Model>, Error> {
        Ok(session::Entity::find_live(user_id, self.clock.now())
            .all(self.reads())
            .await?)
    }

    /// One live session of the user's.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn session(&self, user_id: Uuid, id: Uuid) -> Result<Option<session::Model>, Error> {
        Ok(session::Entity::find_live(user_id, self.clock.now())
            .filter(session::Column::Id.eq(id))
            .one(self.reads())
            .await?)
    }

    /// Ends this session, or all of the user's. Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails; then none has ended.
    pub async fn logout(&self, requester: &Requester, everywhere: bool) -> Result<u64, Error> {
        if everywhere {
            let revoked = self
                .revoke_all(self.db.writes(), requester.user.id, None)
                .await?;
            self.ended(|_, user_id| user_id == requester.user.id);
            return Ok(revoked);
        }
        let revoked = self
            .revoke_one(requester.user.id, requester.session.id)
            .await?;
        Ok(u64::from(revoked.is_some()))
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
            .await?
            .pop();
        self.ended(|session_id, _| session_id == id);
        Ok(revoked)
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

    pub(super) async fn open_session(
        &self,
        db: &impl ConnectionTrait,
        user_id: Uuid,
        user_agent: Option<&str>,
    ) -> Result<(session::Model, String), DbErr> {
        let created_at = self.clock.now();
        let session = session::ActiveModel {
            id: Set(self.clock.new_id()),
            user_id: Set(user_id),
            user_agent: Set(user_agent.map(|name| name.chars().take(USER_AGENT_MAX).collect())),
            expires_at: Set(created_at + self.lifetime),
            created_at: Set(created_at),
            is_revoked: Set(false),
        }
        .insert(db)
        .await?;
        let token = self.tokens.sign(&token::Claims {
            user_id,
            session_id: session.id,
            issued_at: created_at,
            expires_at: session.expires_at,
        });
        Ok((session, token))
    }
}

/// Deletes sessions that expired before `now`. Returns how many.
///
/// # Errors
///
/// If the database fails.
pub async fn prune(db: &Database, now: DateTime<Utc>) -> Result<u64, DbErr> {
    Ok(session::Entity::delete_many()
        .filter(session::Column::ExpiresAt.lt(now))
        .exec(db.writes())
        .await?
        .rows_affected)
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

//! Staying signed in: a new token for a session that has not ended, whether or not the last one has
//! expired.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{Accounts, Error, token};
use crate::{config::SessionTimes, entity::session};

/// A session's end that would move by less is left where it is, and nothing is written.
const STEP: TimeDelta = TimeDelta::minutes(1);

/// A token, and for how long it is accepted.
#[derive(Debug)]
pub struct Signed {
    pub token: String,
    pub lifetime: TimeDelta,
}

impl SessionTimes {
    /// When a session that is opened or extended now ends unless it is extended again.
    pub(super) fn session_end(self, now: DateTime<Utc>, created: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.idle).min(created + self.max)
    }
}

impl Accounts {
    /// A token for a session.
    pub(super) fn sign(&self, session: &session::Model, now: DateTime<Utc>) -> Signed {
        let expires_at = (now + self.times.token).min(session.expires_at);
        let token = self.tokens.sign(&token::Claims {
            user_id: session.user_id,
            session_id: session.id,
            issued_at: now,
            expires_at,
        });
        let lifetime = expires_at - now;
        Signed { token, lifetime }
    }

    /// Moves the session's end, and signs a new token for it. Earlier tokens stay what they are, so
    /// that two tabs that extend at once both stay signed in.
    ///
    /// # Errors
    ///
    /// [`Error::SessionEnded`] if it has, for example meanwhile.
    pub async fn extend_session(
        &self,
        session: &session::Model,
    ) -> Result<(session::Model, Signed), Error> {
        let now = self.clock.now();
        let end = self.times.session_end(now, session.created_at);
        if end <= now {
            return Err(Error::SessionEnded);
        }
        let session = if (end - session.expires_at).abs() < STEP {
            session.clone()
        } else {
            let extended = session::Entity::update_many()
                .col_expr(session::Column::ExpiresAt, Expr::value(end))
                .filter(session::Column::Id.eq(session.id))
                .filter(session::Column::IsRevoked.eq(false))
                .filter(session::Column::ExpiresAt.gt(now))
                .exec_with_returning(self.db.writes())
                .await;
            // Its end is another one now.
            self.known.forget(|id, _| id == session.id);
            extended?.pop().ok_or(Error::SessionEnded)?
        };
        let signed = self.sign(&session, now);
        Ok((session, signed))
    }
}

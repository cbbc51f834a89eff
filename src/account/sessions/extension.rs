//! Staying signed in: a new token for a session that has not ended, whether or not the last one has
//! expired.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Sessions, store};
use crate::account::{AccountError, access_token::Claims};
use crate::{config::SessionTimes, entity::session};

/// A session's end that would move by less is left where it is, and nothing is written.
const STEP: TimeDelta = TimeDelta::minutes(1);

/// A token, and for how long it is accepted.
#[derive(Debug)]
pub struct Signed {
    pub token: String,
    pub lifetime: TimeDelta,
    /// For how long it is of use: after its own lifetime, to extend its session.
    pub session_lifetime: TimeDelta,
}

impl SessionTimes {
    /// When a session that is opened or extended now ends unless it is extended again.
    pub(super) fn session_end(self, now: DateTime<Utc>, created: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.idle).min(created + self.max)
    }
}

impl Sessions {
    /// A token for a session.
    pub(super) fn sign(&self, session: &session::Model, now: DateTime<Utc>) -> Signed {
        let expires_at = (now + self.times.token).min(session.expires_at);
        let token = self.tokens.sign(&Claims {
            user_id: session.user_id,
            session_id: session.id,
            issued_at: now,
            expires_at,
        });
        let lifetime = expires_at - now;
        Signed {
            token,
            lifetime,
            session_lifetime: session.expires_at - now,
        }
    }

    /// Moves the session's end, and signs a new token for it. Earlier tokens stay what they are, so
    /// that two tabs that extend at once both stay signed in.
    ///
    /// # Errors
    ///
    /// [`AccountError::SessionEnded`] if it has, for example meanwhile.
    pub async fn extend(
        &self,
        session: &session::Model,
    ) -> Result<(session::Model, Signed), AccountError> {
        let now = self.clock.now();
        let end = self.times.session_end(now, session.created_at);
        if end <= now {
            return Err(AccountError::SessionEnded);
        }
        let session = if (end - session.expires_at).abs() < STEP {
            session.clone()
        } else {
            let extended = store::extend(self.db.writes(), session.id, end, now).await;
            // Its end is another one now.
            self.cache.forget(|id, _| id == session.id);
            extended?.ok_or(AccountError::SessionEnded)?
        };
        let signed = self.sign(&session, now);
        Ok((session, signed))
    }
}

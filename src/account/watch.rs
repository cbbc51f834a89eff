//! Ends what a session keeps open when the session ends: at once if it ended here, within a
//! second if it ended elsewhere. Also announces, within a second, that a token has expired.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Accounts;
use crate::entity::{session, user};

/// How often sessions with something open are looked at.
const LOOK: Duration = Duration::from_millis(750);

/// Sessions looked at in one query.
const BATCH: usize = 500;

/// Sessions that keep something open here, each with its user.
#[derive(Clone, Default)]
pub(super) struct Watched {
    sessions: Arc<Mutex<Sessions>>,
    expiries: Arc<Mutex<Expiries>>,
}

/// Times at which tokens expire that something open was begun with.
type Expiries = BTreeMap<DateTime<Utc>, Arc<CancellationToken>>;

type Sessions = HashMap<Uuid, (Uuid, Arc<CancellationToken>)>;

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expiries(&self) -> MutexGuard<'_, Expiries> {
        self.expiries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expire(&self, now: DateTime<Utc>) {
        self.expiries().retain(|expires_at, expiry| {
            if *expires_at <= now {
                expiry.cancel();
            }
            !expiry.is_cancelled() && Arc::strong_count(expiry) > 1
        });
    }

    /// Those that somebody still holds.
    fn held(&self) -> Vec<Uuid> {
        let mut watched = self.lock();
        watched.retain(|_, (_, token)| Arc::strong_count(token) > 1);
        watched.keys().copied().collect()
    }

    /// Ends those that the condition holds for, by session and user.
    pub(super) fn end(&self, ended: impl Fn(Uuid, Uuid) -> bool) {
        self.lock().retain(|session_id, (user_id, token)| {
            let ended = ended(*session_id, *user_id);
            if ended {
                token.cancel();
            }
            !ended
        });
    }
}

impl Accounts {
    /// Passes on the result of what changes or ends sessions, once they are invalidated. Where it
    /// failed, it may have been done all the same: what is open is left to [`Accounts::watch_until`]
    /// then. The condition is by session and user.
    pub(super) fn changed<T, E>(
        &self,
        result: Result<T, E>,
        changed: impl Fn(Uuid, Uuid) -> bool,
    ) -> Result<T, E> {
        match result {
            Ok(_) => self.ended(changed),
            Err(_) => self.known.forget(changed),
        }
        result
    }

    /// To be called when sessions have changed or ended, before anyone is told: nothing is known of
    /// them any more, and what they keep open ends. The condition is by session and user.
    pub(super) fn ended(&self, ended: impl Fn(Uuid, Uuid) -> bool) {
        self.known.forget(&ended);
        self.watched.end(ended);
    }

    /// Is cancelled when the session ends; to be held for as long as that matters.
    #[must_use]
    pub fn watch(&self, session_id: Uuid, user_id: Uuid) -> Arc<CancellationToken> {
        let mut watched = self.watched.lock();
        watched
            .entry(session_id)
            .or_insert_with(|| (user_id, Arc::default()))
            .1
            .clone()
    }

    /// Is cancelled when a token expires that is accepted until this time; to be held for as long as
    /// that matters.
    #[must_use]
    pub fn watch_token(&self, expires_at: DateTime<Utc>) -> Arc<CancellationToken> {
        let mut expiries = self.watched.expiries();
        expiries.entry(expires_at).or_default().clone()
    }

    /// Looks at the watched sessions and tokens until told to stop.
    pub async fn watch_until(self, stopping: CancellationToken) {
        while stopping
            .run_until_cancelled(tokio::time::sleep(LOOK))
            .await
            .is_some()
        {
            let now = self.clock.now();
            let watched = self.watched.held();
            for batch in watched.chunks(BATCH) {
                match self.db.unless_away(self.live(batch)).await {
                    Ok(live) => self.ended(|id, _| batch.contains(&id) && !live.contains(&id)),
                    Err(error) => {
                        tracing::debug!(%error, "could not look at open sessions; trying again");
                    }
                }
            }
            // After the sessions: the end of one is the stronger news than that of its token.
            self.watched.expire(now);
        }
    }

    async fn live(&self, sessions: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
        session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .join(JoinType::InnerJoin, session::Relation::User.def())
            .filter(session::Column::Id.is_in(sessions.iter().copied()))
            .filter(session::Column::IsRevoked.eq(false))
            .filter(session::Column::ExpiresAt.gt(self.clock.now()))
            .filter(user::Column::IsActive.eq(true))
            .into_tuple()
            .all(self.reads())
            .await
    }
}

//! Open streams and sockets by session. They end with it: at once if it ended here, within a second if it
//! ended elsewhere. The expiry of a token is announced within a second.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Sessions, store};

/// Time between two looks at the sessions with open streams.
const LOOK_EVERY: Duration = Duration::from_millis(750);

/// Sessions in one query.
const BATCH: usize = 500;

/// Sessions with open streams on this instance, each with its user.
#[derive(Clone, Default)]
pub(super) struct OpenSessions {
    sessions: Arc<Mutex<Watched>>,
    expiries: Arc<Mutex<Expiries>>,
}

/// Expiry times of the tokens that open streams were begun with.
type Expiries = BTreeMap<DateTime<Utc>, Arc<CancellationToken>>;

type Watched = HashMap<Uuid, (Uuid, Arc<CancellationToken>)>;

impl OpenSessions {
    fn expire(&self, now: DateTime<Utc>) {
        self.expiries.lock().retain(|expires_at, expiry| {
            if *expires_at <= now {
                expiry.cancel();
            }
            !expiry.is_cancelled() && Arc::strong_count(expiry) > 1
        });
    }

    /// Sessions whose token is still held.
    fn held(&self) -> Vec<Uuid> {
        let mut watched = self.sessions.lock();
        watched.retain(|_, (_, token)| Arc::strong_count(token) > 1);
        watched.keys().copied().collect()
    }

    /// Ends sessions by a condition on session and user.
    pub(super) fn end(&self, ended: impl Fn(Uuid, Uuid) -> bool) {
        self.sessions.lock().retain(|session_id, (user_id, token)| {
            let ended = ended(*session_id, *user_id);
            if ended {
                token.cancel();
            }
            !ended
        });
    }
}

impl Sessions {
    /// Passes on the result of a change or an end of sessions, once they are invalidated. A failed commit
    /// may have been done all the same: open streams are left to [`Sessions::watch_until`] then.
    pub(in crate::account) fn changed<T, E>(
        &self,
        result: Result<T, E>,
        changed: impl Fn(Uuid, Uuid) -> bool,
    ) -> Result<T, E> {
        match result {
            Ok(_) => self.ended(changed),
            Err(_) => self.cache.forget(changed),
        }
        result
    }

    /// Removes sessions from the cache and ends their streams. To be called when sessions have changed or
    /// ended, before the caller is answered.
    fn ended(&self, ended: impl Fn(Uuid, Uuid) -> bool) {
        self.cache.forget(&ended);
        self.open.end(ended);
    }

    /// A token that is cancelled when the session ends; to be held for as long as that matters.
    #[must_use]
    pub fn watch(&self, session_id: Uuid, user_id: Uuid) -> Arc<CancellationToken> {
        let mut watched = self.open.sessions.lock();
        watched
            .entry(session_id)
            .or_insert_with(|| (user_id, Arc::default()))
            .1
            .clone()
    }

    /// A token that is cancelled when an access token that is valid until this time expires; to be held for
    /// as long as that matters.
    #[must_use]
    pub fn watch_token(&self, expires_at: DateTime<Utc>) -> Arc<CancellationToken> {
        let mut expiries = self.open.expiries.lock();
        expiries.entry(expires_at).or_default().clone()
    }

    /// Looks at open sessions and tokens until `stopping` is cancelled.
    pub async fn watch_until(self, stopping: CancellationToken) {
        while stopping
            .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
            .await
            .is_some()
        {
            let now = self.clock.now();
            let watched = self.open.held();
            for batch in watched.chunks(BATCH) {
                match store::usable_among(self.db.reads(), batch, now).await {
                    Ok(live) => self.ended(|id, _| batch.contains(&id) && !live.contains(&id)),
                    Err(error) => {
                        tracing::debug!(%error, "could not look at open sessions; trying again");
                    }
                }
            }
            // After the sessions: the end of a session comes before that of its token.
            self.open.expire(now);
        }
    }
}

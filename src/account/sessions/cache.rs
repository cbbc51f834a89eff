//! Session cache: sessions with their users, so that most requests need no query to authenticate.
//!
//! Entries are at most [`FRESH`] stale. Changes by this instance are removed before they are answered, and a
//! row that was read before a removal is not cached after it. Changes by others arrive:
//!
//! - on PostgreSQL by the triggers (`migration`) that notify all instances of every change, with a probe
//!   four times a second that finds out whether any is missing ([`Notification::Complete`]);
//! - on SQLite, where another process is rare and sends nothing, by asking as often whether a connection
//!   other than this one's writer has changed the file (`PRAGMA data_version`).
//!
//! So no entry is used for longer than [`FRESH`] after the last probe that was answered.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use lru::LruCache;
use parking_lot::Mutex;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Requester;
use crate::db::Notification;

/// The most sessions: about 10 MB. The least recently used are removed.
const SESSIONS: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than none");

/// How long entries are used after the last answered probe.
const FRESH: Duration = Duration::from_millis(750);

/// How long an entry is used, whatever the probes say.
const MAX_AGE: Duration = Duration::from_mins(1);

/// Time between looks at a SQLite file.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The channel that the triggers notify.
pub const CHANNEL: &str = "mula_account";

#[derive(Clone)]
pub(super) struct SessionCache(Arc<Mutex<CachedSessions>>);

struct CachedSessions {
    by_id: LruCache<Uuid, (Instant, Arc<Requester>)>,
    /// Counts removals.
    removals: u64,
    /// Until then entries are used.
    fresh_until: Option<Instant>,
}

/// Proof of a miss, at this count of removals.
#[derive(Clone, Copy)]
pub(super) struct MissToken(u64);

impl Default for SessionCache {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(CachedSessions {
            by_id: LruCache::new(SESSIONS),
            removals: 0,
            fresh_until: None,
        })))
    }
}

impl SessionCache {
    /// The session's requester if cached; else a token for [`SessionCache::remember`], to be taken before
    /// the database is asked.
    pub(super) fn find(&self, id: Uuid) -> Result<Arc<Requester>, MissToken> {
        let now = Instant::now();
        let mut sessions = self.0.lock();
        let miss = MissToken(sessions.removals);
        if sessions.fresh_until.is_none_or(|until| now >= until) {
            return Err(miss);
        }
        match sessions.by_id.get(&id) {
            Some((since, requester)) if now < *since + MAX_AGE => Ok(requester.clone()),
            _ => Err(miss),
        }
    }

    pub(super) fn remember(&self, miss: MissToken, requester: &Arc<Requester>) {
        let now = Instant::now();
        let mut sessions = self.0.lock();
        // A session removed meanwhile may be this one, as it was before.
        if sessions.removals == miss.0 {
            sessions
                .by_id
                .put(requester.session.id, (now, requester.clone()));
        }
    }

    /// Removes entries by a condition on session and user.
    pub(super) fn forget(&self, changed: impl Fn(Uuid, Uuid) -> bool) {
        let mut sessions = self.0.lock();
        sessions.removals += 1;
        let changed: Vec<_> = sessions
            .by_id
            .iter()
            .filter(|(id, (_, requester))| changed(**id, requester.user.id))
            .map(|(id, _)| *id)
            .collect();
        for id in changed {
            sessions.by_id.pop(&id);
        }
    }

    /// Removes a session, or a user's sessions, as a trigger's notification names them.
    fn invalidate(&self, payload: &str) {
        let (kind, id) = payload.split_once(' ').unwrap_or_default();
        match (kind, id.parse::<Uuid>()) {
            ("session", Ok(id)) => self.forget(|session_id, _| session_id == id),
            ("user", Ok(id)) => self.forget(|_, user_id| user_id == id),
            // From a later version.
            _ => self.forget(|_, _| true),
        }
    }

    /// Sets until when entries are used: until then no notification can have been missed.
    fn fresh_until(&self, until: Option<Instant>) {
        self.0.lock().fresh_until = until;
    }
}

impl super::Sessions {
    /// Removes a user's sessions from the cache, each with the user's row.
    pub(in crate::account) fn forget_user(&self, user_id: Uuid) {
        self.cache.forget(|_, owner| owner == user_id);
    }

    /// Commits a change of a user's row, which is cached with each of the user's sessions: removed
    /// before, so that no entry is read once the commit is done, and after, for those made meanwhile.
    pub(in crate::account) async fn commit_user(
        &self,
        tx: DatabaseTransaction,
        user_id: Uuid,
    ) -> Result<(), DbErr> {
        self.forget_user(user_id);
        let committed = tx.commit().await;
        self.forget_user(user_id);
        committed
    }

    /// Receives changes by all instances, on PostgreSQL.
    pub fn receive(&self, notification: Notification<'_>) {
        match notification {
            Notification::Begun => self.cache.forget(|_, _| true),
            Notification::Received {
                channel: CHANNEL,
                payload,
            } => self.cache.invalidate(payload),
            Notification::Received { .. } => {}
            Notification::Complete(asked) => self.cache.fresh_until(Some(asked + FRESH)),
            Notification::Lost => self.cache.fresh_until(None),
        }
    }

    /// Looks for changes by other processes until `stopping` is cancelled, on SQLite.
    pub async fn look_until(self, stopping: CancellationToken) {
        while let Some(Err(error)) = stopping.run_until_cancelled(self.look()).await {
            // Changes may be missed from now on.
            self.cache.fresh_until(None);
            tracing::warn!(%error, "cannot look for changes of sessions; trying again");
            stopping
                .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
                .await;
        }
        self.cache.fresh_until(None);
    }

    /// Until the database fails.
    async fn look(&self) -> Result<(), DbErr> {
        // It leaves out changes by the connection itself, and the writer's is the only one here that
        // changes anything.
        let ask = || Statement::from_string(DbBackend::Sqlite, "PRAGMA data_version");
        let mut seen = None;
        loop {
            let asked = Instant::now();
            let row = self.db.writes().query_one_raw(ask()).await?;
            let version: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?;
            if version != seen {
                self.cache.forget(|_, _| true);
                seen = version;
            }
            self.cache.fresh_until(Some(asked + FRESH));
            tokio::time::sleep_until(asked + LOOK_EVERY).await;
        }
    }
}

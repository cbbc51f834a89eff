//! Sessions as the database last told of them, with their users, so that most requests need not
//! ask it who they come from.
//!
//! What is known is what the database would say, or would have said less than a second ago:
//!
//! - what this instance changes it forgets before it answers, and what was asked before that is
//!   not believed when the answer comes after it;
//! - on PostgreSQL every change is told to all instances, by triggers (`migration`). The
//!   connection that hears it is tried four times a second: what it answers comes after all that
//!   was told before, so nothing is believed for longer than [`TRUST`] after the last question it
//!   has answered;
//! - on SQLite nobody tells what another process changed: nothing is believed for longer than
//!   [`TRUST`] after it was read.

use std::{
    io,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lru::LruCache;
use sea_orm::sqlx::{self, postgres::PgListener};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Accounts, Requester};
use crate::db::Database;

/// Sessions, at most: about 10 MB. Those asked for longest ago are forgotten.
const SESSIONS: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than none");

/// How long what nobody contradicted is believed.
const TRUST: Duration = Duration::from_millis(750);

/// How long what nobody contradicted is believed where changes are told.
const TRUST_WHERE_TOLD: Duration = Duration::from_mins(1);

/// How often the connection is tried that hears of changes.
const BEAT: Duration = Duration::from_millis(250);

/// How long it may take to answer before another is opened.
const SILENCE: Duration = Duration::from_secs(5);

/// What the triggers write to.
const CHANNEL: &str = "mula_account";

#[derive(Clone)]
pub(super) struct Known {
    sessions: Arc<Mutex<Sessions>>,
    /// Whether changes are told.
    told: bool,
}

struct Sessions {
    by_id: LruCache<Uuid, (Instant, Arc<Requester>)>,
    /// How often anything was forgotten.
    forgotten: u64,
    /// Until when every change was heard, where changes are told.
    heard_until: Option<Instant>,
}

/// A session is not known, and was not when this was forgotten so often.
#[derive(Clone, Copy)]
pub(super) struct Unknown(u64);

impl Known {
    pub(super) fn new(db: &Database) -> Self {
        Self {
            sessions: Arc::new(Mutex::new(Sessions {
                by_id: LruCache::new(SESSIONS),
                forgotten: 0,
                heard_until: None,
            })),
            told: db.is_postgres(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who a session is; or what [`Known::remember`] wants with what the database says, which is to
    /// be asked after this.
    pub(super) fn find(&self, id: Uuid) -> Result<Arc<Requester>, Unknown> {
        let now = Instant::now();
        let mut sessions = self.lock();
        let unknown = Unknown(sessions.forgotten);
        let trust = if self.told {
            if sessions.heard_until.is_none_or(|until| now >= until) {
                return Err(unknown);
            }
            TRUST_WHERE_TOLD
        } else {
            TRUST
        };
        match sessions.by_id.get(&id) {
            Some((since, requester)) if now < *since + trust => Ok(requester.clone()),
            _ => Err(unknown),
        }
    }

    pub(super) fn remember(&self, unknown: Unknown, requester: &Arc<Requester>) {
        let now = Instant::now();
        let mut sessions = self.lock();
        // What was forgotten meanwhile may be this session, as it was before.
        if sessions.forgotten == unknown.0 {
            sessions
                .by_id
                .put(requester.session.id, (now, requester.clone()));
        }
    }

    /// Forgets those that the condition holds for, by session and user.
    pub(super) fn forget(&self, changed: impl Fn(Uuid, Uuid) -> bool) {
        let mut sessions = self.lock();
        sessions.forgotten += 1;
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

    /// Forgets a session, or a user's sessions, as a trigger names them.
    fn hear(&self, told: &str) {
        let (kind, id) = told.split_once(' ').unwrap_or_default();
        match (kind, id.parse::<Uuid>()) {
            ("session", Ok(id)) => self.forget(|session_id, _| session_id == id),
            ("user", Ok(id)) => self.forget(|_, user_id| user_id == id),
            // Of a later version of us.
            _ => self.forget(|_, _| true),
        }
    }

    /// Nothing that changed before this moment, and was told, can have been missed.
    fn heard_until(&self, until: Option<Instant>) {
        self.lock().heard_until = until;
    }
}

impl Accounts {
    /// Hears of what changed, until told to stop; on SQLite there is nothing to hear.
    pub async fn listen_until(self, stopping: CancellationToken) {
        while self.known.told && !stopping.is_cancelled() {
            let heard = stopping.run_until_cancelled(self.listen()).await;
            // Whatever was known may have changed unheard.
            self.known.heard_until(None);
            if let Some(Err(error)) = heard {
                tracing::warn!(%error, "changes of sessions are not heard; connecting again");
                stopping.run_until_cancelled(tokio::time::sleep(BEAT)).await;
            }
        }
    }

    async fn listen(&self) -> Result<(), sqlx::Error> {
        let pool = self.db.for_listening();
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        self.known.forget(|_, _| true);
        loop {
            let asked = Instant::now();
            timeout(SILENCE, sqlx::query("SELECT 1").execute(&mut listener))
                .await
                .map_err(|_| lost(io::ErrorKind::TimedOut))??;
            while let Some(told) = listener.next_buffered() {
                self.known.hear(told.payload());
            }
            self.known.heard_until(Some(asked + TRUST));
            while let Ok(told) = timeout_at(asked + BEAT, listener.try_recv()).await {
                match told? {
                    Some(told) => self.known.hear(told.payload()),
                    None => return Err(lost(io::ErrorKind::ConnectionAborted)),
                }
            }
        }
    }
}

fn lost(how: io::ErrorKind) -> sqlx::Error {
    sqlx::Error::Io(how.into())
}

//! Sessions as the database last told of them, with their users, so that most requests need not
//! ask it who they come from.
//!
//! What is known is what the database would say, or would have said less than a second ago. What
//! this instance changes it forgets before it answers, and what was asked before that is not
//! believed when the answer comes after it. Of what others change it hears:
//!
//! - on PostgreSQL by the triggers (`migration`) that tell every change to all instances. The
//!   connection that hears them is tried four times a second: its answer comes after all that was
//!   told before the question;
//! - on SQLite, where another process is rare and tells nothing, by asking as often whether any
//!   but this one's writer has changed the file (`PRAGMA data_version`).
//!
//! So nothing is believed for longer than [`TRUST`] after the last such question that was answered.

use std::{
    io,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lru::LruCache;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, Statement,
    sqlx::{self, postgres::PgListener},
};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Accounts, Requester};

/// Sessions, at most: about 10 MB. Those asked for longest ago are forgotten.
const SESSIONS: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than none");

/// How long after it was last known that every change was heard.
const TRUST: Duration = Duration::from_millis(750);

/// How long what nobody contradicted is believed, all the same.
const AGE: Duration = Duration::from_mins(1);

/// How often it is asked for changes.
const BEAT: Duration = Duration::from_millis(250);

/// How long it may take to answer before another is opened.
const SILENCE: Duration = Duration::from_secs(5);

/// The channel that the triggers notify.
const CHANNEL: &str = "mula_account";

#[derive(Clone)]
pub(super) struct Known(Arc<Mutex<Sessions>>);

struct Sessions {
    by_id: LruCache<Uuid, (Instant, Arc<Requester>)>,
    /// How often anything was forgotten.
    forgotten: u64,
    /// Until when what is known is believed.
    heard_until: Option<Instant>,
}

/// A session is not known, and was not when this was forgotten so often.
#[derive(Clone, Copy)]
pub(super) struct Unknown(u64);

impl Default for Known {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Sessions {
            by_id: LruCache::new(SESSIONS),
            forgotten: 0,
            heard_until: None,
        })))
    }
}

impl Known {
    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session's requester if cached; else a token for [`Known::remember`], to be taken before
    /// the database is asked.
    pub(super) fn find(&self, id: Uuid) -> Result<Arc<Requester>, Unknown> {
        let now = Instant::now();
        let mut sessions = self.lock();
        let unknown = Unknown(sessions.forgotten);
        if sessions.heard_until.is_none_or(|until| now >= until) {
            return Err(unknown);
        }
        match sessions.by_id.get(&id) {
            Some((since, requester)) if now < *since + AGE => Ok(requester.clone()),
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
    /// Commits a change of a user's row, which is cached with each of the user's sessions: removed
    /// before, so that no entry is read once the commit is done, and after, for those made meanwhile.
    pub(super) async fn commit_user(
        &self,
        tx: DatabaseTransaction,
        user_id: Uuid,
    ) -> Result<(), DbErr> {
        let is_theirs = |_, owner| owner == user_id;
        self.known.forget(is_theirs);
        let committed = tx.commit().await;
        self.known.forget(is_theirs);
        committed
    }

    /// Hears of what others change, until told to stop.
    pub async fn listen_until(self, stopping: CancellationToken) {
        while !stopping.is_cancelled() {
            let heard = if self.db.is_postgres() {
                stopping.run_until_cancelled(self.listen()).await
            } else {
                stopping.run_until_cancelled(self.look()).await
            };
            // Whatever was known may have changed unheard.
            self.known.heard_until(None);
            if let Some(Err(error)) = heard {
                tracing::warn!(%error, "changes of sessions are not heard; trying again");
                stopping.run_until_cancelled(tokio::time::sleep(BEAT)).await;
            }
        }
    }

    /// On SQLite.
    async fn look(&self) -> Result<(), DbErr> {
        // Of what a connection has changed itself it says nothing, and the writer's is the only one
        // here that changes anything.
        let ask = || Statement::from_string(DbBackend::Sqlite, "PRAGMA data_version");
        let mut seen = None;
        loop {
            let asked = Instant::now();
            let row = self.db.writes().query_one_raw(ask()).await?;
            let version: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?;
            if version != seen {
                self.known.forget(|_, _| true);
                seen = version;
            }
            self.known.heard_until(Some(asked + TRUST));
            tokio::time::sleep_until(asked + BEAT).await;
        }
    }

    /// On PostgreSQL.
    async fn listen(&self) -> Result<(), DbErr> {
        let pool = self.db.for_listening();
        let mut listener = PgListener::connect_with(&pool).await.map_err(lost)?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await.map_err(lost)?;
        self.known.forget(|_, _| true);
        loop {
            let asked = Instant::now();
            timeout(SILENCE, sqlx::query("SELECT 1").execute(&mut listener))
                .await
                .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
                .map_err(lost)?;
            while let Some(told) = listener.next_buffered() {
                self.known.hear(told.payload());
            }
            self.known.heard_until(Some(asked + TRUST));
            while let Ok(told) = timeout_at(asked + BEAT, listener.try_recv()).await {
                match told.map_err(lost)? {
                    Some(told) => self.known.hear(told.payload()),
                    None => return Ok(()),
                }
            }
        }
    }
}

fn lost(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

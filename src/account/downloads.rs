//! Downloads of an account's own data: one at a time on an instance, ten an hour on all together, each recorded.

use std::{collections::HashSet, sync::Arc};

use chrono::TimeDelta;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    AccountError, Client, RateLimited, Requester,
    events::{self, record},
};
use crate::{
    clock::Clock,
    db::Database,
    entity::{account_event::EventKind, user},
};

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Downloads in any hour, on all instances: each is an event of the account.
const AN_HOUR: u64 = 10;

/// Seconds after which a second download at once may be tried again.
const RETRY_AFTER: u64 = 10;

/// Users whose data is being downloaded.
#[derive(Clone)]
pub struct Downloads {
    db: Database,
    clock: Clock,
    in_progress: InProgress,
}

#[derive(Clone, Default)]
struct InProgress(Arc<Mutex<HashSet<Uuid>>>);

impl InProgress {
    fn begin(&self, user_id: Uuid) -> Option<Download> {
        let is_first = self.0.lock().insert(user_id);
        is_first.then(|| Download {
            user_id,
            in_progress: self.clone(),
        })
    }
}

/// A download in progress; dropped, another may begin.
pub struct Download {
    user_id: Uuid,
    in_progress: InProgress,
}

impl Drop for Download {
    fn drop(&mut self) {
        self.in_progress.0.lock().remove(&self.user_id);
    }
}

impl Downloads {
    pub(super) fn new(db: Database, clock: Clock) -> Self {
        Self {
            db,
            clock,
            in_progress: InProgress::default(),
        }
    }

    /// Begins a download of a user's data.
    ///
    /// # Errors
    ///
    /// [`AccountError::RateLimited`] if another is in progress here, or there were too many.
    pub async fn begin(
        &self,
        requester: &Requester,
        client: Client<'_>,
    ) -> Result<Download, AccountError> {
        let (user_id, session_id) = (requester.user.id, requester.session.id);
        let Some(download) = self.in_progress.begin(user_id) else {
            return Err(AccountError::RateLimited(RateLimited {
                limit: "downloads_at_once",
                retry_after: RETRY_AFTER,
            }));
        };
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let agent = client.user_agent.map(ToOwned::to_owned);
        let recording = async move {
            let tx = db.begin().await?;
            // One after another, whichever instance they come to.
            user::lock(&tx, user_id).await?;
            let of = (user_id, EventKind::Exported);
            let earlier = events::nth_last_since(&tx, of, clock.now() - HOUR, AN_HOUR - 1).await?;
            if let Some(earlier) = earlier {
                tx.rollback().await?;
                let wait = (earlier.created_at + HOUR - clock.now())
                    .num_seconds()
                    .max(0)
                    .cast_unsigned();
                return Err(AccountError::RateLimited(RateLimited {
                    limit: "downloads_of_account",
                    retry_after: wait + 1,
                }));
            }
            let (kind, session_id) = (EventKind::Exported, Some(session_id));
            record(&tx, &clock, user_id, kind, session_id, agent.as_deref()).await?;
            tx.commit().await?;
            Ok(())
        };
        self.db.detached(recording).await?;
        Ok(download)
    }
}

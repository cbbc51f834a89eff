//! Ends what a session keeps open when the session ends: at once if it ended here, within a
//! second if it ended elsewhere.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

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
pub(super) struct Watched(Arc<Mutex<Sessions>>);

type Sessions = HashMap<Uuid, (Uuid, Arc<CancellationToken>)>;

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Looks at the watched sessions until told to stop.
    pub async fn watch_until(self, stopping: CancellationToken) {
        while stopping
            .run_until_cancelled(tokio::time::sleep(LOOK))
            .await
            .is_some()
        {
            let watched = self.watched.held();
            for batch in watched.chunks(BATCH) {
                match self.db.unless_away(self.live(batch)).await {
                    Ok(live) => self.ended(|id, _| batch.contains(&id) && !live.contains(&id)),
                    Err(error) => {
                        tracing::debug!(%error, "could not look at open sessions; trying again");
                    }
                }
            }
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

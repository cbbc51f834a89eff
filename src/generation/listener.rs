//! Announcements of changes to all instances, and the work that those of others cause here.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, ExprTrait, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    Generations,
    events::Change,
    notice::{CHANNEL, News, Notice, notify},
};
use crate::{db::Notification, entity::reading_change};

impl Generations {
    /// Announces a change of a user's reading, as the last statements of its transaction: to replicas, to all
    /// instances, and on PostgreSQL to the user's devices; on SQLite [`Generations::publish`] does after the
    /// commit.
    pub(crate) async fn announce(
        &self,
        tx: &impl ConnectionTrait,
        (user_id, reading_id): (Uuid, Uuid),
        news: News,
        change: Change,
    ) -> Result<(), DbErr> {
        if self.db.replica().is_some() {
            count_change(tx, user_id).await?;
        }
        self.send(tx, reading_id, news, Some((user_id, change)))
            .await
    }

    /// Sends news to all instances, once the transaction commits; this one is woken at once, by
    /// [`super::notifier::Notifier::wake`].
    pub(super) async fn send(
        &self,
        tx: &impl ConnectionTrait,
        reading_id: Uuid,
        news: News,
        event: Option<(Uuid, Change)>,
    ) -> Result<(), DbErr> {
        let notice = Notice {
            reading_id,
            at: self.clock.now(),
            news,
            event,
        };
        notify(tx, notice).await
    }

    /// Receives what all instances send.
    pub fn receive(&self, notification: Notification<'_>) {
        match notification {
            Notification::Begun => {
                self.events.interrupt(true);
                self.notifier.wake_all();
                self.any_queued.notify_one();
                self.any_cancelled.notify_one();
            }
            Notification::Received {
                channel: CHANNEL,
                payload,
            } => self.receive_news(payload),
            Notification::Received { .. } | Notification::Complete(_) => {}
            Notification::Lost => self.events.interrupt(false),
        }
    }

    fn receive_news(&self, payload: &str) {
        let Some(notice) = Notice::decode(payload) else {
            return;
        };
        let Notice {
            reading_id,
            at,
            news,
            event,
        } = notice;
        let lag = (self.clock.now() - at).to_std();
        // Clocks of two machines differ: nothing is received before it is sent.
        self.metrics
            .record_notification_lag(lag.unwrap_or_default());
        self.notifier.wake(reading_id);
        if let Some((user_id, change)) = event {
            self.events.publish(user_id, reading_id, change);
        }
        if matches!(news, News::Queued | News::Any) {
            self.any_queued.notify_one();
        }
        if matches!(news, News::Cancelled | News::Deleted | News::Any)
            && self.active.holds(reading_id)
        {
            self.any_cancelled.notify_one();
        }
    }

    /// Claims whenever something may be queued, and whenever a writer here is free again.
    pub(super) async fn claim_until_stopped(self: Arc<Self>) {
        while let Some(()) = self
            .stopping
            .run_until_cancelled(self.any_queued.notified())
            .await
        {
            self.claim_what_is_queued().await;
        }
    }

    /// Stops writers here whenever an answer of theirs may have been cancelled or deleted.
    pub(super) async fn stop_cancelled_until_stopped(self: Arc<Self>) {
        while let Some(()) = self
            .stopping
            .run_until_cancelled(self.any_cancelled.notified())
            .await
        {
            self.stop_cancelled().await;
        }
    }
}

/// Counts a change of the user's readings: a row that is always locked last causes no deadlock.
async fn count_change(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<(), DbErr> {
    let changes = (reading_change::Entity, reading_change::Column::Changes);
    let mut count_up = OnConflict::column(reading_change::Column::UserId);
    count_up.value(reading_change::Column::Changes, Expr::col(changes).add(1));
    reading_change::Entity::insert(reading_change::ActiveModel {
        user_id: Set(user_id),
        changes: Set(1),
    })
    .on_conflict(count_up)
    .exec_without_returning(tx)
    .await?;
    Ok(())
}

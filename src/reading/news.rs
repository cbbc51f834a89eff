//! News of readings between instances, by PostgreSQL's NOTIFY: the kind of news, the reading, and what
//! the devices of its user are to see of it.
//!
//! SQLite has no such news: each process looks at what it waits for once a second, as it does on
//! PostgreSQL for news that is lost.

use std::{io, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, Statement,
    sqlx::{self, postgres::PgListener},
};
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use super::{Readings, events::Change, wake::LOOK};
use crate::entity::reading::Status;

/// The channel of all notifications.
const CHANNEL: &str = "mula_reading";

/// How long nothing may be received before the connection is tried, and how long an answer may take.
const QUIET: Duration = Duration::from_secs(3);
const SILENCE: Duration = Duration::from_secs(5);

/// A change of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Its answer waits for a writer.
    Queued,
    /// Its answer has another piece.
    Written,
    /// Its answer is to be ended as it is.
    Cancelled,
    Ended,
    Deleted,
    /// Anything of these: an instance of an earlier version does not say.
    Any,
}

/// Work that this instance has to look for, apart from the readings that are followed here.
#[derive(Default)]
pub(super) struct Wanted {
    /// Answers to be claimed.
    pub queued: Notify,
    /// Answers that are written here and were cancelled or deleted.
    pub cancelled: Notify,
    /// Readings that search does not know yet.
    pub ended: Notify,
}

impl News {
    /// Of an answer that was just asked for.
    pub(super) fn of_new(status: Status) -> Self {
        if status == Status::Pending {
            Self::Queued
        } else {
            // Who follows its reading looks again, also where it has its answer already.
            Self::Written
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Written => "written",
            Self::Cancelled => "cancelled",
            Self::Ended => "ended",
            Self::Deleted => "deleted",
            Self::Any => "any",
        }
    }

    /// A kind that a later version adds may be any of these as well.
    fn of_name(name: Option<&str>) -> Self {
        [
            Self::Queued,
            Self::Written,
            Self::Cancelled,
            Self::Ended,
            Self::Deleted,
        ]
        .into_iter()
        .find(|news| Some(news.name()) == name)
        .unwrap_or(Self::Any)
    }
}

/// A notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub reading_id: Uuid,
    pub at: DateTime<Utc>,
    pub news: News,
    /// The event that it is for the devices of a user.
    pub event: Option<(Uuid, Change)>,
}

impl Notice {
    /// A reading's id, when it was sent, and the kind; then the user's id and the event, if it is one.
    fn encode(self) -> String {
        let (at, news) = (self.at.timestamp_micros(), self.news.name());
        let payload = format!("{} {at} {news}", self.reading_id);
        match self.event {
            Some((user_id, change)) => format!("{payload} {user_id} {}", change.name()),
            None => payload,
        }
    }

    fn decode(payload: &str) -> Option<Self> {
        let mut words = payload.split(' ');
        let reading_id = words.next()?.parse().ok()?;
        let at = DateTime::from_timestamp_micros(words.next()?.parse().ok()?)?;
        let news = News::of_name(words.next());
        let user_id = words.next().and_then(|id| id.parse().ok());
        Some(Self {
            reading_id,
            at,
            news,
            event: user_id.zip(words.next().and_then(Change::of_name)),
        })
    }
}

/// Sends news to all instances, once the transaction commits.
pub(super) async fn notify(tx: &impl ConnectionTrait, notice: Notice) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT pg_notify($1, $2)",
            [CHANNEL.into(), notice.encode().into()],
        ))
        .await?;
    }
    Ok(())
}

async fn answered<T>(
    asking: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(SILENCE, asking)
        .await
        .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}

impl Readings {
    /// Sends news to all instances, once the transaction commits; this one is woken at once, by
    /// [`super::wake::Wake::tick`].
    pub(super) async fn notify(
        &self,
        tx: &impl ConnectionTrait,
        reading_id: Uuid,
        news: News,
    ) -> Result<(), DbErr> {
        let notice = Notice {
            reading_id,
            at: self.0.clock.now(),
            news,
            event: None,
        };
        notify(tx, notice).await
    }

    /// The same for news that the devices of the user are to see; on SQLite they do by
    /// [`Readings::publish`].
    pub(super) async fn notify_of(
        &self,
        tx: &impl ConnectionTrait,
        (user_id, reading_id): (Uuid, Uuid),
        news: News,
        change: Change,
    ) -> Result<(), DbErr> {
        let notice = Notice {
            reading_id,
            at: self.0.clock.now(),
            news,
            event: Some((user_id, change)),
        };
        notify(tx, notice).await
    }

    /// Receives what other instances send.
    pub(super) async fn listen_until_stopped(self) {
        while !self.0.stopping.is_cancelled() {
            let listening = async {
                tokio::select! {
                    // Boxed: nearly always there is nothing to do but wait.
                    ended = Box::pin(self.listen()) => ended,
                    // A connection that only listens would not notice.
                    () = self.0.db.falls_silent() => Err(sqlx::Error::PoolTimedOut),
                }
            };
            let ended = self.0.stopping.run_until_cancelled(listening).await;
            self.0.events.interrupt(false);
            if let Some(Err(error)) = ended {
                tracing::warn!(%error, "the connection that listens is lost; opening another");
                self.0
                    .stopping
                    .run_until_cancelled(tokio::time::sleep(LOOK))
                    .await;
            }
        }
    }

    /// Until the connection is lost. The database is asked only where it has been silent for a while:
    /// the next news would wait behind the answer.
    async fn listen(&self) -> Result<(), sqlx::Error> {
        let mut listener = answered(async {
            let pool = self.0.db.for_listening();
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(listener)
        })
        .await?;
        // What was sent before we listened.
        self.0.events.interrupt(true);
        self.0.wake.tick_all();
        self.0.wanted.queued.notify_one();
        self.0.wanted.cancelled.notify_one();
        loop {
            match timeout(QUIET, listener.try_recv()).await {
                Ok(Ok(Some(received))) => self.receive(received.payload()),
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(error)) => return Err(error),
                // A connection that is cut without a word would stay silent.
                Err(_) => {
                    answered(sqlx::query("SELECT 1").execute(&mut listener)).await?;
                }
            }
        }
    }

    fn receive(&self, payload: &str) {
        let Some(notice) = Notice::decode(payload) else {
            return;
        };
        let Notice {
            reading_id,
            at,
            news,
            event,
        } = notice;
        let lag = (self.0.clock.now() - at).to_std();
        // Clocks of two machines differ: nothing is received before it is sent.
        self.0.metrics.heard_after(lag.unwrap_or_default());
        self.0.wake.tick(reading_id);
        if let Some((user_id, change)) = event {
            self.0.events.publish(user_id, reading_id, change);
        }
        if matches!(news, News::Queued | News::Any) {
            self.0.wanted.queued.notify_one();
        }
        if matches!(news, News::Cancelled | News::Deleted | News::Any)
            && self.0.writing.holds(reading_id)
        {
            self.0.wanted.cancelled.notify_one();
        }
    }

    /// Claims whenever something may be queued, and whenever a writer here is free again.
    pub(super) async fn claim_until_stopped(self) {
        let wanted = &self.0.wanted.queued;
        while let Some(()) = self.0.stopping.run_until_cancelled(wanted.notified()).await {
            self.claim_what_is_queued().await;
        }
    }

    /// Stops writers here whenever an answer of theirs may have been cancelled or deleted.
    pub(super) async fn stop_cancelled_until_stopped(self) {
        let wanted = &self.0.wanted.cancelled;
        while let Some(()) = self.0.stopping.run_until_cancelled(wanted.notified()).await {
            self.stop_cancelled().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::{Change, News, Notice};

    #[test]
    fn news_say_what_has_happened() {
        let at = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
        let (reading_id, user) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let notice = |news, event| Notice {
            reading_id,
            at,
            news,
            event,
        };
        for news in [
            News::Queued,
            News::Written,
            News::Cancelled,
            News::Ended,
            News::Deleted,
            News::Any,
        ] {
            for change in [
                None,
                Some(Change::Asked),
                Some(Change::Changed),
                Some(Change::Deleted),
            ] {
                let notice = notice(news, change.map(|change| (user, change)));
                assert_eq!(Notice::decode(&notice.encode()), Some(notice));
            }
        }
        // Of earlier versions, and of a later one.
        let earlier = format!("{reading_id} {}", at.timestamp_micros());
        let any = Some(notice(News::Any, None));
        assert_eq!(Notice::decode(&earlier), any);
        let ended = Some(notice(News::Ended, None));
        assert_eq!(Notice::decode(&format!("{earlier} ended")), ended);
        let later = format!("{earlier} rewritten 5");
        assert_eq!(Notice::decode(&later), any);
        assert_eq!(
            Notice::decode(&format!("{earlier} ended {user} shared")),
            ended
        );
        assert_eq!(Notice::decode("queued"), None);
    }
}

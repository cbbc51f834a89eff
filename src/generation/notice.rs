//! Notices of readings between instances, by PostgreSQL's NOTIFY: the kind of news, the reading, and the
//! event for the devices of its user.
//!
//! SQLite has no such news: each process looks at what it waits for once a second, as it does on
//! PostgreSQL for news that is lost.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use uuid::Uuid;

use super::events::Change;
use crate::entity::reading::Status;

/// The channel of all news.
pub const CHANNEL: &str = "mula_reading";

/// A change of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
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

impl News {
    /// Of an answer that was just asked for.
    pub(crate) fn of_new(status: Status) -> Self {
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

    pub(super) fn decode(payload: &str) -> Option<Self> {
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

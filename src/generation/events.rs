//! Events of a user's readings, for the user's other devices. A follower gets each event once, in the
//! order of the commits, or an error: then its client fetches the readings again.
//!
//! On PostgreSQL events come by NOTIFY alone, also to the instance that causes them. On SQLite the
//! process that causes them publishes them. None is kept. The row is read when an event is delivered.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{Stream, stream};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use super::{Error, Generations};
use crate::{entity::reading, metrics};

/// Events that a follower may be behind.
const ROOM: usize = 64;

/// How long a new follower waits for the connection that listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// An event, with the row as it is now.
#[derive(Clone, Debug)]
pub enum Event {
    Asked(reading::Model),
    Changed(reading::Model),
    Deleted(Uuid),
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Asked,
    /// Regenerated, begun or ended.
    Changed,
    Deleted,
}

/// Followers of this instance.
pub(super) struct Events {
    by_user: Mutex<HashMap<Uuid, broadcast::Sender<(Uuid, Change)>>>,
    /// Whether all events come here.
    are_complete: watch::Sender<bool>,
}

struct Follower {
    generations: Arc<Generations>,
    user_id: Uuid,
    events: broadcast::Receiver<(Uuid, Change)>,
    /// For as long as it is there.
    _counted: metrics::Follower,
}

impl Change {
    const ALL: [Self; 3] = [Self::Asked, Self::Changed, Self::Deleted];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
        }
    }

    /// None of a kind that a later version adds.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.name() == name)
    }
}

impl Events {
    pub(super) fn new(are_complete: bool) -> Self {
        Self {
            by_user: Mutex::default(),
            are_complete: watch::Sender::new(are_complete),
        }
    }

    /// Once all events of a user's come here.
    async fn subscribe(&self, user_id: Uuid) -> broadcast::Receiver<(Uuid, Change)> {
        let mut are_complete = self.are_complete.subscribe();
        loop {
            {
                let mut by_user = self.lock();
                if *self.are_complete.borrow() {
                    let sender = by_user.entry(user_id);
                    return sender
                        .or_insert_with(|| broadcast::Sender::new(ROOM))
                        .subscribe();
                }
            }
            // The sender goes only with everything else.
            let _ = are_complete.wait_for(|are_complete| *are_complete).await;
        }
    }

    pub(super) fn publish(&self, user_id: Uuid, reading_id: Uuid, change: Change) {
        let mut by_user = self.lock();
        if let Some(sender) = by_user.get(&user_id)
            && sender.send((reading_id, change)).is_err()
        {
            by_user.remove(&user_id);
        }
    }

    /// Ends all followers, since they may have missed events; and lets new ones wait until none is
    /// missed any more.
    pub(super) fn interrupt(&self, are_complete: bool) {
        let mut by_user = self.lock();
        by_user.clear();
        self.are_complete.send_replace(are_complete);
    }

    /// Removes users without followers.
    pub(super) fn tidy(&self) {
        self.lock().retain(|_, sender| sender.receiver_count() > 0);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, broadcast::Sender<(Uuid, Change)>>> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// The events of a user's readings from now on.
    ///
    /// # Errors
    ///
    /// If events may be missed, also in the stream, which ends with it.
    pub async fn events(
        self: &Arc<Self>,
        user_id: Uuid,
    ) -> Result<impl Stream<Item = Result<Event, Error>> + Send + use<>, Error> {
        let subscribing = self.events.subscribe(user_id);
        let subscribed = tokio::time::timeout(PATIENCE, subscribing).await;
        let follower = Follower {
            generations: self.clone(),
            user_id,
            events: subscribed.map_err(|_| Error::EventsMissed)?,
            _counted: self.metrics.follower(),
        };
        Ok(stream::try_unfold(follower, |mut follower| async move {
            loop {
                // Too far behind, or interrupted.
                let next = follower.events.recv().await;
                let (reading_id, change) = next.map_err(|_| Error::EventsMissed)?;
                if let Some(event) = Box::pin(follower.deliver(reading_id, change)).await? {
                    return Ok(Some((event, follower)));
                }
            }
        }))
    }

    /// Publishes the deletion of a reading that is committed, and stops its writer, which finds no row to write
    /// to.
    pub(crate) fn deleted(&self, user_id: Uuid, reading_id: Uuid) {
        self.publish(user_id, reading_id, Change::Deleted);
        self.active.cancel(reading_id);
        self.notifier.wake(reading_id);
    }

    /// Publishes an event that is committed, where NOTIFY does not.
    pub(crate) fn publish(&self, user_id: Uuid, reading_id: Uuid, change: Change) {
        if !self.db.is_postgres() {
            self.events.publish(user_id, reading_id, change);
        }
    }
}

impl Follower {
    /// None for a reading that has been deleted since: that event follows.
    async fn deliver(&self, reading_id: Uuid, change: Change) -> Result<Option<Event>, Error> {
        if change == Change::Deleted {
            return Ok(Some(Event::Deleted(reading_id)));
        }
        let _permit = self.generations.follower_permits.acquire().await;
        let reading = self
            .generations
            .find_reading(self.user_id, reading_id)
            .await?;
        Ok(reading.map(|reading| match change {
            Change::Asked => Event::Asked(reading),
            _ => Event::Changed(reading),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::broadcast::error::RecvError, time::timeout};

    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);
    const BEA: Uuid = Uuid::from_u128(2);
    const READING: Uuid = Uuid::from_u128(3);

    #[tokio::test]
    async fn events_reach_all_followers_of_their_user_in_order() {
        let events = Events::new(true);
        let mut devices = [events.subscribe(ADA).await, events.subscribe(ADA).await];
        let mut other = events.subscribe(BEA).await;

        for change in Change::ALL {
            events.publish(ADA, READING, change);
        }

        for device in &mut devices {
            for change in Change::ALL {
                assert_eq!(device.recv().await, Ok((READING, change)));
            }
        }
        assert!(other.try_recv().is_err());
        drop(devices);
        events.tidy();
        assert_eq!(events.lock().len(), 1);
    }

    #[tokio::test]
    async fn a_follower_that_lags_is_told_so() {
        let events = Events::new(true);
        let (mut slow, mut fast) = (events.subscribe(ADA).await, events.subscribe(ADA).await);

        for _ in 0..=ROOM {
            events.publish(ADA, READING, Change::Changed);
            fast.recv().await.unwrap();
        }

        assert_eq!(slow.recv().await, Err(RecvError::Lagged(1)));
        events.publish(ADA, READING, Change::Deleted);
        assert_eq!(fast.recv().await, Ok((READING, Change::Deleted)));
    }

    #[tokio::test]
    async fn nobody_follows_while_events_are_missed() {
        let events = Events::new(false);
        let mut waiting = Box::pin(events.subscribe(ADA));
        assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());

        events.interrupt(true);
        let mut follower = waiting.await;
        events.publish(ADA, READING, Change::Asked);
        assert_eq!(follower.recv().await, Ok((READING, Change::Asked)));

        events.interrupt(false);
        assert_eq!(follower.recv().await, Err(RecvError::Closed));
        let again = timeout(Duration::ZERO, events.subscribe(ADA)).await;
        assert!(again.is_err());
    }
}

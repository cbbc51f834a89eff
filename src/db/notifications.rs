//! Notifications of changes by all instances, by PostgreSQL's LISTEN: one connection for all channels.
//!
//! It is probed four times a second. The answer to a probe comes after all notifications that were sent before
//! the probe, and a connection that is cut without a word does not answer.

use std::{io, time::Duration};

use sea_orm::sqlx::{self, postgres::PgListener};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Database;

/// Time between probes.
const PROBE_EVERY: Duration = Duration::from_millis(250);

/// Time from the loss of a connection to the next.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Time limit of a connection or a probe, after which another connection is opened.
const PATIENCE: Duration = Duration::from_secs(5);

/// A step of listening.
#[derive(Clone, Copy, Debug)]
pub enum Notification<'a> {
    /// Listening begins. What was sent before is missed.
    Begun,
    Received {
        channel: &'a str,
        payload: &'a str,
    },
    /// Everything that was sent before this time has been received.
    Complete(Instant),
    /// The connection is lost: notifications are missed from now on.
    Lost,
}

impl Database {
    /// Listens on channels until `stopping` is cancelled. PostgreSQL only.
    pub async fn listen_until(
        self,
        stopping: CancellationToken,
        channels: [&str; 2],
        receive: impl Fn(Notification<'_>),
    ) {
        while !stopping.is_cancelled() {
            let listening = async {
                tokio::select! {
                    // Boxed: nearly always there is nothing to do but wait.
                    ended = Box::pin(self.listen(channels, &receive)) => ended,
                    () = self.falls_silent() => Err(sqlx::Error::PoolTimedOut),
                }
            };
            let ended = stopping.run_until_cancelled(listening).await;
            receive(Notification::Lost);
            if let Some(Err(error)) = ended {
                tracing::warn!(%error, "the connection that listens is lost; opening another");
                stopping
                    .run_until_cancelled(tokio::time::sleep(RETRY_AFTER))
                    .await;
            }
        }
    }

    /// Until the connection is lost.
    async fn listen(
        &self,
        channels: [&str; 2],
        receive: &impl Fn(Notification<'_>),
    ) -> Result<(), sqlx::Error> {
        let mut listener = within_patience(self.listener(channels)).await?;
        receive(Notification::Begun);
        loop {
            let asked = Instant::now();
            within_patience(sqlx::query("SELECT 1").execute(&mut listener)).await?;
            while let Some(notification) = listener.next_buffered() {
                receive(Notification::Received {
                    channel: notification.channel(),
                    payload: notification.payload(),
                });
            }
            receive(Notification::Complete(asked));
            while let Ok(received) = timeout_at(asked + PROBE_EVERY, listener.try_recv()).await {
                let Some(notification) = received? else {
                    return Ok(());
                };
                receive(Notification::Received {
                    channel: notification.channel(),
                    payload: notification.payload(),
                });
            }
        }
    }

    /// On a connection of its own, which it holds for as long as it lives.
    async fn listener(&self, channels: [&str; 2]) -> Result<PgListener, sqlx::Error> {
        let pool = self.for_listening();
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen_all(channels).await?;
        Ok(listener)
    }
}

async fn within_patience<T>(
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let silent = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
    timeout(PATIENCE, work).await.unwrap_or_else(silent)
}

//! Waiting for the end of an answer, for a client that asks and wants to have it at once.

use std::time::Duration;

use tokio::time::Instant;

use super::{Error, Readings};
use crate::entity::reading;

impl Readings {
    /// The reading once it has ended, or as it stands after the settings' `ask_wait`.
    ///
    /// # Errors
    ///
    /// If it was deleted meanwhile.
    pub async fn wait(&self, reading: reading::Model) -> Result<reading::Model, Error> {
        self.wait_for(reading, self.0.settings.ask_wait).await
    }

    pub(super) async fn wait_for(
        &self,
        reading: reading::Model,
        patience: Duration,
    ) -> Result<reading::Model, Error> {
        let (user_id, id) = (reading.user_id, reading.id);
        let deadline = Instant::now() + patience;
        let mut ticks = self.0.wake.subscribe(id);
        let mut reading = reading;
        while !reading.status.is_final() {
            match self.find_now(user_id, id).await {
                Ok(found) => reading = found.ok_or(Error::NotFound)?,
                // It is asked, and whoever hears otherwise would ask again: once the database is
                // back there is a tick.
                Err(error) => tracing::debug!(%error, "could not look at what is awaited"),
            }
            if reading.status.is_final() {
                break;
            }
            tokio::select! {
                _ = ticks.changed() => {}
                () = tokio::time::sleep_until(deadline) => break,
                // Nothing more will come here.
                () = self.0.hand_over.cancelled() => break,
            }
        }
        Ok(reading)
    }
}

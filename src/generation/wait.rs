//! Waiting for the end of an answer, for a client that asks and wants to have it at once.

use std::time::Duration;

use tokio::time::Instant;

use super::{Error, Generations};
use crate::entity::reading;

impl Generations {
    /// The reading once it has ended, or as it stands after the settings' `ask_wait`.
    ///
    /// # Errors
    ///
    /// If it was deleted meanwhile.
    pub async fn wait(&self, reading: reading::Model) -> Result<reading::Model, Error> {
        self.wait_for(reading, self.settings.ask_wait).await
    }

    pub(super) async fn wait_for(
        &self,
        reading: reading::Model,
        patience: Duration,
    ) -> Result<reading::Model, Error> {
        let (user_id, id) = (reading.user_id, reading.id);
        let deadline = Instant::now() + patience;
        let mut wakes = self.notifier.subscribe(id);
        let mut reading = reading;
        while !reading.status.is_final() {
            match self.find_reading(user_id, id).await {
                Ok(found) => reading = found.ok_or(Error::NotFound)?,
                // The question is stored, and an error would have the client ask again. Once the database is
                // back there is a wake.
                Err(error) => tracing::debug!(%error, "cannot look at the awaited reading"),
            }
            if reading.status.is_final() {
                break;
            }
            tokio::select! {
                _ = wakes.changed() => {}
                () = tokio::time::sleep_until(deadline) => break,
                // Nothing more will come here.
                () = self.hand_over.cancelled() => break,
            }
        }
        Ok(reading)
    }
}

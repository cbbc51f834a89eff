//! Cancellation of an answer. The text written so far is kept.

use std::time::Duration;

use sea_orm::ColumnTrait;
use uuid::Uuid;

use super::{
    Error, Generations,
    buffer::AnswerBuffer,
    notice::News,
    store::{self, Ending},
};
use crate::{
    entity::{
        generation,
        reading::{self, Status},
    },
    request_context,
};

/// How long a cancellation waits for the writer to stop; a dead one is found by its lease.
const PATIENCE: Duration = Duration::from_secs(2);

impl Generations {
    /// Stops the writing, wherever it is, and returns the reading as it then stands. One that
    /// has ended is left as it is.
    ///
    /// # Errors
    ///
    /// If the user has no such reading.
    pub async fn cancel(&self, user_id: Uuid, id: Uuid) -> Result<reading::Model, Error> {
        request_context::record_reading(id);
        let reading = self
            .find_reading(user_id, id)
            .await?
            .ok_or(Error::NotFound)?;
        request_context::record_generation(reading.generation_id);
        if reading.status.is_final() {
            return Ok(reading);
        }
        let tx = self.db.begin().await?;
        let is_it = || generation::Column::Id.eq(reading.generation_id);
        store::request_cancel(&tx, is_it()).await?;
        let mut to_stop = None;
        let mut ended = None;
        // Without a writer it can be ended here.
        if let Some(generation) = store::find_queued(&tx, reading.generation_id).await? {
            let queued = store::queued(reading.generation_id);
            let buffer = AnswerBuffer::load(&tx, &generation).await?;
            let position = buffer.position.clone();
            let usage = self
                .spent_so_far(&tx, &generation, &reading, &buffer)
                .await?;
            let outcome = buffer.ended(Status::Cancelled, generation.engine, usage, None);
            let ending = Ending::of(&generation);
            if self.end_in(&tx, queued, &ending, &outcome).await? {
                to_stop = position;
                ended = Some((ending, outcome));
            }
        }
        if ended.is_none() {
            self.send(&tx, id, News::Cancelled, None).await?;
        }
        tx.commit().await?;
        if let Some((ending, outcome)) = ended {
            self.ended(&ending, &outcome);
        }
        if let (Some(position), Some(model)) = (to_stop, self.advisors.model()) {
            model.cancel(&position).await;
        }
        self.active.cancel(id);
        self.notifier.wake(id);
        self.wait_for(reading, PATIENCE).await
    }

    /// Stops all that is being written for a user.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn cancel_all(&self, user_id: Uuid) -> Result<(), Error> {
        for id in store::unfinished_of(self.db.reads(), user_id).await? {
            match self.cancel(user_id, id).await {
                // Deleted meanwhile.
                Ok(_) | Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Stops the writers here whose answers were cancelled or deleted, by whichever instance.
    pub(super) async fn stop_cancelled(&self) {
        let own = self.active.leases();
        if own.is_empty() {
            return;
        }
        let ids = own.iter().map(|lease| lease.generation_id);
        match store::wanted_of(self.db.reads(), ids).await {
            Ok(wanted) => {
                for lease in own {
                    if !wanted.contains(&lease.generation_id) {
                        self.active.cancel(lease.reading_id);
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, "could not look for cancelled answers; trying again");
            }
        }
    }
}

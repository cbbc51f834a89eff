//! Stopping an answer: what had been written stays.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{Error, Readings, end::Ending, news::News};
use crate::{
    entity::{
        generation,
        reading::{self, Status},
    },
    request,
};

/// How long a cancelling waits for the writer to stop; a dead one is found by its lease.
const PATIENCE: Duration = Duration::from_secs(2);

impl Readings {
    /// Stops the writing, wherever it is, and returns the reading as it then stands. One that
    /// has ended is left as it is.
    ///
    /// # Errors
    ///
    /// If the user has no such reading.
    pub async fn cancel(&self, user_id: Uuid, id: Uuid) -> Result<reading::Model, Error> {
        request::note_reading(id);
        let reading = self.find_now(user_id, id).await?.ok_or(Error::NotFound)?;
        request::note_generation(reading.generation_id);
        if reading.status.is_final() {
            return Ok(reading);
        }
        let unfinished = || {
            generation::Entity::update_many()
                .filter(generation::Column::Id.eq(reading.generation_id))
                .filter(generation::Column::CompletedAt.is_null())
        };
        let tx = self.0.db.begin().await?;
        unfinished()
            .col_expr(generation::Column::CancelRequested, Expr::value(true))
            .exec(&tx)
            .await?;
        // If nobody writes it, it can be ended here.
        let queued = generation::Entity::find_by_id(reading.generation_id)
            .filter(generation::Column::Status.eq(Status::Pending))
            .one(&tx)
            .await?;
        let mut to_stop = None;
        let mut ended = None;
        if let Some(generation) = queued {
            let queued = unfinished().filter(generation::Column::Status.eq(Status::Pending));
            let draft = self.draft(&tx, &generation).await?;
            let position = draft.position.clone();
            let usage = self
                .spent_so_far(&tx, &generation, &reading, &draft)
                .await?;
            let outcome = draft.ended(Status::Cancelled, generation.engine, usage, None);
            let ending = Ending::of(&generation);
            if self.end_in(&tx, queued, &ending, &outcome).await? {
                to_stop = position;
                ended = Some((ending, outcome));
            }
        }
        if ended.is_none() {
            self.notify(&tx, id, News::Cancelled).await?;
        }
        tx.commit().await?;
        if let Some((ending, outcome)) = ended {
            self.say_ended(&ending, &outcome);
        }
        if let (Some(position), Some(model)) = (to_stop, self.0.advisors.model()) {
            model.cancel(&position).await;
        }
        self.0.writing.cancel(id);
        self.0.wake.tick(id);
        self.wait_for(reading, PATIENCE).await
    }

    /// Stops all that is being written for a user.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn cancel_all(&self, user_id: Uuid) -> Result<(), Error> {
        for id in self.unfinished(self.0.db.reads(), user_id).await? {
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
        let own = self.0.writing.leases();
        if own.is_empty() {
            return;
        }
        let wanted = generation::Entity::find()
            .filter(generation::Column::Id.is_in(own.iter().map(|lease| lease.generation_id)))
            .filter(generation::Column::CompletedAt.is_null())
            .filter(generation::Column::CancelRequested.eq(false))
            .select_only()
            .column(generation::Column::Id)
            .into_tuple::<Uuid>()
            .all(self.0.db.reads());
        match self.0.db.unless_away(wanted).await {
            Ok(wanted) => {
                for lease in own {
                    if !wanted.contains(&lease.generation_id) {
                        self.0.writing.cancel(lease.reading_id);
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, "could not look for cancelled answers; trying again");
            }
        }
    }
}

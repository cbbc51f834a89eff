//! Deletion of a reading: with its answers, also while one is written. Its cost stays accounted.

use uuid::Uuid;

use super::{Error, Readings, store};
use crate::generation::{Change, News};

impl Readings {
    /// Deletes a reading and all that hangs off it, also while it is written.
    ///
    /// # Errors
    ///
    /// If the user has no such reading.
    pub async fn delete(&self, user_id: Uuid, id: Uuid) -> Result<(), Error> {
        let generations = &self.generations;
        // Its writer ends it first: it alone has seen what the provider reported.
        generations.cancel(user_id, id).await?;
        let (tx, reading) = self.lock_reading(user_id, id).await?;
        // A new answer may have been asked for since, or the writer may be dead.
        generations.settle_with_reading(&tx, &reading).await?;
        store::delete(&tx, &reading).await?;
        generations
            .announce(&tx, (user_id, id), News::Deleted, Change::Deleted)
            .await?;
        tx.commit().await?;
        generations.deleted(user_id, id);
        Ok(())
    }
}

//! Deleting a reading: with its answers, also while one is written. Its cost stays accounted.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{Error, Readings, events::Change, lock::lock_user, news::News, settle::settle};
use crate::entity::{generation, reading};

impl Readings {
    /// Deletes a reading and all that hangs off it, also while it is written.
    ///
    /// # Errors
    ///
    /// If the user has no such reading.
    pub async fn delete(&self, user_id: Uuid, id: Uuid) -> Result<(), Error> {
        // Its writer ends it first: it alone has seen what the provider reported.
        self.cancel(user_id, id).await?;
        let tx = self.0.db.begin().await?;
        if !lock_user(&tx, user_id).await? {
            return Err(Error::NoSuchUser);
        }
        let reading = reading::Entity::find_owned(user_id)
            .filter(reading::Column::Id.eq(id))
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        // A new answer may have been asked for since, or the writer may be dead.
        let unfinished = generation::Entity::find()
            .filter(generation::Column::ReadingId.eq(id))
            .filter(generation::Column::CompletedAt.is_null())
            .order_by_asc(generation::Column::Id)
            .lock_exclusive()
            .all(&tx)
            .await?;
        for generation in &unfinished {
            let draft = self.draft(&tx, generation).await?;
            let usage = self.spent_so_far(&tx, generation, &reading, &draft).await?;
            settle(&tx, user_id, generation.created_at, usage).await?;
        }
        // They stand by themselves from now on.
        reading::Entity::update_many()
            .col_expr(reading::Column::InReplyTo, Expr::value(None::<Uuid>))
            .filter(reading::Column::InReplyTo.eq(id))
            .filter(reading::Column::UserId.eq(user_id))
            .exec(&tx)
            .await?;
        reading::Entity::delete_by_id(id).exec(&tx).await?;
        self.count_change(&tx, user_id).await?;
        self.notify_of(&tx, (user_id, id), News::Deleted, Change::Deleted)
            .await?;
        tx.commit().await?;
        self.publish(user_id, id, Change::Deleted);
        // Whoever writes it finds nothing to write to; whoever follows it, nothing to follow.
        self.0.writing.cancel(id);
        self.0.wake.tick(id);
        Ok(())
    }
}

//! Finding readings: one, a page, how many. Only ever the owner's.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ExprTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::Expr,
};
use uuid::Uuid;

use super::{Error, Readings};
use crate::{
    db::Reads,
    entity::{
        generation,
        reading::{self, Advisor},
    },
};

/// Which readings, of the list newest first: keyset pagination, so that any page costs what the
/// first costs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slice {
    pub advisor: Option<Advisor>,
    /// Only older ones than this.
    pub after: Option<Uuid>,
    /// Only newer ones than this.
    pub before: Option<Uuid>,
    pub limit: u32,
    /// The last `limit` of them rather than the first.
    pub from_end: bool,
    /// No more of each than a [`reading::Summary`] has.
    pub summaries: bool,
}

/// Some of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    pub readings: Vec<reading::Model>,
    pub has_previous: bool,
    pub has_next: bool,
}

impl Readings {
    /// # Errors
    ///
    /// If the database fails.
    pub async fn find(&self, user_id: Uuid, id: Uuid) -> Result<Option<reading::Model>, Error> {
        if let Some(replica) = self.replica_for(user_id).await? {
            let found = of_user(user_id, None)
                .filter(reading::Column::Id.eq(id))
                .filter(replica.has_all())
                .one(replica.connection());
            let found = replica.tried(found).await.flatten();
            if found.as_ref().is_some_and(|found| found.status.is_final()) {
                return Ok(found);
            }
        }
        self.find_now(user_id, id).await
    }

    /// As the primary has it.
    pub(super) async fn find_now(
        &self,
        user_id: Uuid,
        id: Uuid,
    ) -> Result<Option<reading::Model>, Error> {
        let found = of_user(user_id, None)
            .filter(reading::Column::Id.eq(id))
            .one(self.0.db.reads());
        Ok(self.0.db.unless_away(found).await?)
    }

    /// In one query: one row more than asked for tells whether there are more.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn page(&self, user_id: Uuid, slice: Slice) -> Result<Page, Error> {
        let query = listed(user_id, slice).limit(u64::from(slice.limit) + 1);
        let mut readings = Vec::new();
        if let Some(replica) = self.replica_for(user_id).await? {
            let query = query.clone().filter(replica.has_all());
            let found = rows(query, slice.summaries, replica.connection());
            readings = replica.tried(found).await.unwrap_or_default();
        }
        // Its states of what is being written may be earlier than those that are known.
        if readings.is_empty() || readings.iter().any(|one| !one.status.is_final()) {
            let found = rows(query, slice.summaries, self.0.db.reads());
            readings = self.0.db.unless_away(found).await?;
        }
        let more = readings.len() > slice.limit as usize;
        readings.truncate(slice.limit as usize);
        // Whether there is something beyond the cursor itself: there was, when it was given.
        let (has_previous, has_next) = if slice.from_end {
            readings.reverse();
            (more, slice.before.is_some())
        } else {
            (slice.after.is_some(), more)
        };
        Ok(Page {
            readings,
            has_previous,
            has_next,
        })
    }

    /// # Errors
    ///
    /// If the database fails.
    pub async fn count(&self, user_id: Uuid, advisor: Option<Advisor>) -> Result<u64, Error> {
        if let Some(replica) = self.replica_for(user_id).await? {
            let count = of_user(user_id, advisor)
                .filter(replica.has_all())
                .count(replica.connection());
            if let Some(count @ 1..) = replica.tried(count).await {
                return Ok(count);
            }
        }
        let count = of_user(user_id, advisor).count(self.0.db.reads());
        Ok(self.0.db.unless_away(count).await?)
    }

    /// Every answer to the reading's question, newest first, each with its text if it has ended.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn generations(
        &self,
        reading: &reading::Model,
    ) -> Result<Vec<generation::Model>, Error> {
        let generations = generation::Entity::find()
            .filter(generation::Column::UserId.eq(reading.user_id))
            .filter(generation::Column::ReadingId.eq(reading.id))
            .order_by_desc(generation::Column::Id)
            .all(self.0.db.reads());
        let mut generations = self.0.db.unless_away(generations).await?;
        // The latest one's text stands in the reading.
        for current in generations
            .iter_mut()
            .filter(|one| one.id == reading.generation_id)
        {
            current.response.clone_from(&reading.response);
        }
        Ok(generations)
    }

    /// Deletes a reading and all that hangs off it, also while it is written.
    ///
    /// # Errors
    ///
    /// If the user has no such reading.
    pub async fn delete(&self, user_id: Uuid, id: Uuid) -> Result<(), Error> {
        let tx = self.0.db.begin().await?;
        // First the generations, as whoever writes does: in another order each could come to
        // wait for the other.
        let generations = generation::Entity::find()
            .filter(generation::Column::UserId.eq(user_id))
            .filter(generation::Column::ReadingId.eq(id))
            .lock_exclusive()
            .all(&tx)
            .await?;
        let unended = generations.iter().find(|one| one.completed_at.is_none());
        if let Some(generation) = unended
            && let Some(reading) = reading::Entity::find_by_id(id).one(&tx).await?
        {
            let draft = self.draft(&tx, generation).await?;
            let usage = self.spent_so_far(generation, &reading, &draft)?;
            self.settle(&tx, generation, usage).await?;
        }
        let deleted = reading::Entity::delete_many()
            .filter(reading::Column::UserId.eq(user_id))
            .filter(reading::Column::Id.eq(id))
            .exec(&tx)
            .await?;
        if deleted.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        self.count_change(&tx, user_id).await?;
        self.notify(&tx, id).await?;
        tx.commit().await?;
        // Whoever writes it finds nothing to write to; whoever follows it, nothing to follow.
        self.0.writing.cancel(id);
        self.0.wake.tick(id);
        Ok(())
    }
}

async fn rows(
    query: Select<reading::Entity>,
    summaries: bool,
    db: &Reads,
) -> Result<Vec<reading::Model>, DbErr> {
    if !summaries {
        return query.all(db).await;
    }
    let summaries = query.into_partial_model::<reading::Summary>().all(db);
    Ok(summaries
        .await?
        .into_iter()
        .map(reading::Model::from)
        .collect())
}

/// A user's readings, in order, as the rows of an index that lie between two of its rows.
///
/// With the id alone compared and ordered by, PostgreSQL may walk the primary key and pass over the
/// readings of others, on the guess that this user's are strewn among them evenly: the first page of a
/// user who has many then costs as much as others have asked since.
fn listed(user_id: Uuid, slice: Slice) -> Select<reading::Entity> {
    let (query, before_id, value) = match slice.advisor {
        None => {
            let column = reading::Column::UserId;
            (reading::Entity::find(), column, Expr::val(user_id))
        }
        Some(advisor) => {
            let column = reading::Column::Advisor;
            (
                reading::Entity::find_owned(user_id),
                column,
                Expr::val(advisor),
            )
        }
    };
    let row = Expr::tuple([before_id.into_expr(), reading::Column::Id.into_expr()]);
    let place = |id: Uuid| Expr::tuple([value.clone(), Expr::val(id)]);
    let order = if slice.from_end {
        Order::Asc
    } else {
        Order::Desc
    };
    // No reading has either of the ids at the ends.
    query
        .filter(row.clone().gt(place(slice.before.unwrap_or(Uuid::nil()))))
        .filter(row.lt(place(slice.after.unwrap_or(Uuid::max()))))
        .order_by(before_id, order.clone())
        .order_by(reading::Column::Id, order)
}

fn of_user(user_id: Uuid, advisor: Option<Advisor>) -> Select<reading::Entity> {
    let query = reading::Entity::find_owned(user_id);
    match advisor {
        Some(advisor) => query.filter(reading::Column::Advisor.eq(advisor)),
        None => query,
    }
}

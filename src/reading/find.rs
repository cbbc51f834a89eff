//! Finding readings: one, a page, how many. Only ever the owner's.

use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, Select};
use uuid::Uuid;

use super::{
    Error, Readings,
    list::{Near, listed, near},
    page::{page_of, with_texts},
    slice::{Filter, Page, Slice, Texts},
};
use crate::{entity::reading, request_context};

impl Readings {
    /// # Errors
    ///
    /// If the database fails.
    pub async fn find(&self, user_id: Uuid, id: Uuid) -> Result<Option<reading::Model>, Error> {
        request_context::record_reading(id);
        if let Some(replica) = self.replica_for(user_id).await? {
            let found = reading::Entity::find_one(user_id, id)
                .filter(replica.has_all())
                .one(replica.connection());
            let found = replica.tried(found).await.flatten();
            if found.as_ref().is_some_and(|found| found.status.is_final()) {
                return Ok(found);
            }
        }
        Ok(self.generations.find_reading(user_id, id).await?)
    }

    /// In one query: one row more than asked for tells whether there are more.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn page(&self, user_id: Uuid, slice: &Slice) -> Result<Page, Error> {
        let Some(query) = listed(user_id, slice, self.db.is_postgres()) else {
            return Ok(Page::default());
        };
        let near = near(user_id, slice, self.db.is_postgres());
        let mut readings = Vec::new();
        if let Some(replica) = self.replica_for(user_id).await? {
            let has_all = |query: Select<reading::Entity>| query.filter(replica.has_all());
            let near = near.clone().map(|near| Near {
                page: has_all(near.page),
                ..near
            });
            let query = has_all(query.clone());
            let found = Box::pin(page_of(near, query, slice, replica.connection()));
            readings = replica.tried(found).await.unwrap_or_default();
        }
        // Its states of what is being written may be earlier than those that are known.
        if readings.is_empty() || readings.iter().any(|one| !one.status.is_final()) {
            readings = Box::pin(page_of(near, query, slice, self.db.reads())).await?;
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
    pub async fn count(&self, user_id: Uuid, filter: &Filter) -> Result<u64, Error> {
        let Some(query) = filter.all(user_id, self.db.is_postgres()) else {
            return Ok(0);
        };
        if let Some(replica) = self.replica_for(user_id).await? {
            let count = query
                .clone()
                .filter(replica.has_all())
                .count(replica.connection());
            if let Some(count @ 1..) = replica.tried(count).await {
                return Ok(count);
            }
        }
        Ok(query.count(self.db.reads()).await?)
    }

    /// Those of some readings that are the user's, as the primary has them.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn find_some(
        &self,
        user_id: Uuid,
        ids: &[Uuid],
        texts: Texts,
    ) -> Result<Vec<reading::Model>, Error> {
        let query = reading::Entity::find_owned(user_id)
            .filter(reading::Column::Id.is_in(ids.iter().copied()));
        Ok(with_texts(query, texts).all(self.db.reads()).await?)
    }
}

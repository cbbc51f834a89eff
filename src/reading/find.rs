//! Finding readings: one, a page, how many. Only ever the owner's.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ExprTrait, IdenStatic, Iterable, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{
    Error, Readings,
    filter::{Filter, listed, near},
};
use crate::{
    db::Reads,
    entity::{generation, reading},
    request,
};

/// Answers to one question that are shown, at most: the newest.
pub const GENERATIONS: usize = 20;

/// Bytes of a generation's text, where it stands among those of its reading, and the bytes of it and
/// all newer ones.
const BYTES: &str = "coalesce(octet_length(response), 0)";
const PLACE: &str = "row_number() OVER (PARTITION BY reading_id ORDER BY id DESC)";
const TOTAL: &str = "sum(bytes) OVER (ORDER BY id DESC)";

/// Characters of a text that are read where only its beginning is asked for.
const BEGINNING: &str = "substr(response, 1, 2000)";

/// The text of a generation, wherever it stands: that of the reading's present one is the reading's.
const TEXT: &str = "coalesce((SELECT r.response FROM readings r WHERE r.id = generations.reading_id \
    AND r.generation_id = generations.id), generations.response)";

/// How much of the answers' texts is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Texts {
    None,
    /// No more than excerpts need.
    Beginnings,
    #[default]
    All,
}

/// Which readings, of the list newest first: keyset pagination, so that any page costs what the
/// first costs.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    pub filter: Filter,
    /// Only older ones than this.
    pub after: Option<Uuid>,
    /// Only newer ones than this.
    pub before: Option<Uuid>,
    pub limit: u32,
    /// The last `limit` of them rather than the first.
    pub from_end: bool,
    /// No more of each than a [`reading::Summary`] has.
    pub summaries: bool,
    pub texts: Texts,
}

/// Some of a list, newest first.
#[derive(Clone, Debug, Default)]
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
        request::note_reading(id);
        if let Some(replica) = self.replica_for(user_id).await? {
            let found = reading::Entity::find_owned(user_id)
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
        let found = reading::Entity::find_owned(user_id)
            .filter(reading::Column::Id.eq(id))
            .one(self.0.db.reads());
        Ok(self.0.db.unless_away(found).await?)
    }

    /// In one query: one row more than asked for tells whether there are more.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn page(&self, user_id: Uuid, slice: &Slice) -> Result<Page, Error> {
        let Some(query) = listed(user_id, slice, self.0.db.is_postgres()) else {
            return Ok(Page::default());
        };
        let near = near(user_id, slice, self.0.db.is_postgres());
        let mut readings = Vec::new();
        if let Some(replica) = self.replica_for(user_id).await? {
            let has_all = |query: Select<reading::Entity>| query.filter(replica.has_all());
            let (near, query) = (near.clone().map(has_all), has_all(query.clone()));
            let found = Box::pin(page_of(near, query, slice, replica.connection()));
            readings = replica.tried(found).await.unwrap_or_default();
        }
        // Its states of what is being written may be earlier than those that are known.
        if readings.is_empty() || readings.iter().any(|one| !one.status.is_final()) {
            let found = Box::pin(page_of(near, query, slice, self.0.db.reads()));
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
    pub async fn count(&self, user_id: Uuid, filter: &Filter) -> Result<u64, Error> {
        let Some(query) = filter.all(user_id, self.0.db.is_postgres()) else {
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
        let count = query.count(self.0.db.reads());
        Ok(self.0.db.unless_away(count).await?)
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
        let found = with_texts(query, texts).all(self.0.db.reads());
        Ok(self.0.db.unless_away(found).await?)
    }

    /// The newest answers to the questions of one user's readings, newest first, in one statement;
    /// with their texts as far as these have so many bytes, but for those that stand in the readings.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn generations(
        &self,
        readings: &[Arc<reading::Model>],
        texts: Option<usize>,
    ) -> Result<Vec<generation::Model>, Error> {
        let Some(first) = readings.first() else {
            return Ok(Vec::new());
        };
        let ranked = Query::select()
            .column(generation::Column::Id)
            .expr_as(Expr::cust(BYTES), "bytes")
            .expr_as(Expr::cust(PLACE), "place")
            .from(generation::Entity)
            .and_where(generation::Column::UserId.eq(first.user_id))
            .and_where(generation::Column::ReadingId.is_in(readings.iter().map(|one| one.id)))
            .to_owned();
        let newest = Query::select()
            .columns(["id", "bytes"])
            .expr_as(Expr::cust(TOTAL), "total")
            .from_subquery(ranked, "ranked")
            .and_where(Expr::col("place").lte(GENERATIONS as u64))
            .to_owned();
        let mut ids = Query::select();
        ids.column("id").from_subquery(newest, "newest");
        if let Some(bytes) = texts {
            // One more than there is room for tells that there are more.
            ids.and_where(Expr::col("total").sub(Expr::col("bytes")).lte(bytes as u64));
        }
        let query = generation::Entity::find()
            .filter(generation::Column::Id.in_subquery(ids))
            .order_by_desc(generation::Column::Id);
        let query = if texts.is_some() {
            query
        } else {
            replaced(query, generation::Column::Response, "NULL")
        };
        let found = query.all(self.0.db.reads());
        Ok(self.0.db.unless_away(found).await?)
    }

    /// The present generations of one user's readings, in one statement. Their texts stand in the
    /// readings.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn present_generations(
        &self,
        readings: &[Arc<reading::Model>],
    ) -> Result<Vec<generation::Model>, Error> {
        let Some(first) = readings.first() else {
            return Ok(Vec::new());
        };
        let ids = readings.iter().map(|one| one.generation_id);
        let query = generation::Entity::find()
            .filter(generation::Column::UserId.eq(first.user_id))
            .filter(generation::Column::Id.is_in(ids));
        let found = replaced(query, generation::Column::Response, "NULL").all(self.0.db.reads());
        Ok(self.0.db.unless_away(found).await?)
    }

    /// Those of some generations that are the user's.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn generations_by_id(
        &self,
        user_id: Uuid,
        ids: &[Uuid],
        texts: bool,
    ) -> Result<Vec<generation::Model>, Error> {
        let query = generation::Entity::find()
            .filter(generation::Column::UserId.eq(user_id))
            .filter(generation::Column::Id.is_in(ids.iter().copied()));
        let text = if texts { TEXT } else { "NULL" };
        let found = replaced(query, generation::Column::Response, text).all(self.0.db.reads());
        Ok(self.0.db.unless_away(found).await?)
    }
}

fn with_texts(query: Select<reading::Entity>, texts: Texts) -> Select<reading::Entity> {
    match texts {
        Texts::All => query,
        Texts::Beginnings => replaced(query, reading::Column::Response, BEGINNING),
        Texts::None => replaced(query, reading::Column::Response, "NULL"),
    }
}

/// The same rows, with an expression in the place of a column.
fn replaced<E: EntityTrait>(
    query: Select<E>,
    column: E::Column,
    expression: &'static str,
) -> Select<E> {
    let columns = E::Column::iter().filter(|one| one.as_str() != column.as_str());
    query
        .select_only()
        .columns(columns)
        .expr_as(Expr::cust(expression), column.as_str())
}

/// The rows of a page: those that are near, if they fill it, or else all.
async fn page_of(
    near: Option<Select<reading::Entity>>,
    query: Select<reading::Entity>,
    slice: &Slice,
    db: &Reads,
) -> Result<Vec<reading::Model>, DbErr> {
    if let Some(near) = near {
        let found = rows(near, slice, db).await?;
        if found.len() > slice.limit as usize {
            return Ok(found);
        }
    }
    rows(query, slice, db).await
}

async fn rows(
    query: Select<reading::Entity>,
    slice: &Slice,
    db: &Reads,
) -> Result<Vec<reading::Model>, DbErr> {
    if !slice.summaries || slice.texts != Texts::All {
        return with_texts(query, slice.texts).all(db).await;
    }
    let summaries = query.into_partial_model::<reading::Summary>().all(db);
    Ok(summaries
        .await?
        .into_iter()
        .map(reading::Model::from)
        .collect())
}

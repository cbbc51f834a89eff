//! The answers to the questions of readings.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{Error, Readings, page::replaced};
use crate::entity::{generation, reading};

/// Answers to one question that are shown, at most: the newest.
pub const GENERATIONS: usize = 20;

/// Bytes of a generation's text, where it stands among those of its reading, and the bytes of it and
/// all newer ones.
const BYTES: &str = "coalesce(octet_length(response), 0)";
const PLACE: &str = "row_number() OVER (PARTITION BY reading_id ORDER BY id DESC)";
const TOTAL: &str = "sum(bytes) OVER (ORDER BY id DESC)";

/// The text of a generation, wherever it stands: that of the reading's present one is the reading's.
const TEXT: &str = "coalesce((SELECT r.response FROM readings r WHERE r.id = generations.reading_id \
    AND r.generation_id = generations.id), generations.response)";

impl Readings {
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
        Ok(query.all(self.db.reads()).await?)
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
        let query = replaced(query, generation::Column::Response, "NULL");
        Ok(query.all(self.db.reads()).await?)
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
        let query = replaced(query, generation::Column::Response, text);
        Ok(query.all(self.db.reads()).await?)
    }
}

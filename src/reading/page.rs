//! The rows of pages, with as much of them as is asked for.

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, IdenStatic, Iterable, QuerySelect, Select, sea_query::Expr,
};

use super::{
    list::Near,
    slice::{Slice, Texts},
};
use crate::{db::Reads, entity::reading};

/// Characters of a text that are read where only its beginning is asked for.
const BEGINNING: &str = "substr(response, 1, 2000)";

/// The rows of a page: those that are near, if they fill it or there are no others, or else all.
pub(super) async fn page_of(
    near: Option<Near>,
    query: Select<reading::Entity>,
    slice: &Slice,
    db: &Reads,
) -> Result<Vec<reading::Model>, DbErr> {
    if let Some(near) = near {
        let found = rows(near.page, slice, db).await?;
        let is_full = found.len() > slice.limit as usize;
        if is_full || db.query_one(&near.others).await?.is_none() {
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

pub(super) fn with_texts(query: Select<reading::Entity>, texts: Texts) -> Select<reading::Entity> {
    match texts {
        Texts::All => query,
        Texts::Beginnings => replaced(query, reading::Column::Response, BEGINNING),
        Texts::None => replaced(query, reading::Column::Response, "NULL"),
    }
}

/// The same rows, with an expression in the place of a column.
pub(super) fn replaced<E: EntityTrait>(
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

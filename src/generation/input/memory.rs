//! The user's earlier questions that a model is told.

use std::collections::HashSet;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    advisor::Thread,
    entity::{
        reading::{self, Column, Engine},
        user,
    },
};

/// At most `count` questions that the user asked before a reading, or until now, newest first: none of the
/// conversation, nor the same question, nor one that had the fixed reply. None if the user or the operator has
/// turned this off.
pub async fn memory(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    reading_id: Option<Uuid>,
    (question, thread): (&str, &Thread),
    count: u32,
) -> Result<Option<Vec<String>>, DbErr> {
    if count == 0 {
        return Ok(None);
    }
    let is_on = user::Entity::find_by_id(user_id)
        .select_only()
        .column(user::Column::Memory)
        .into_tuple::<bool>()
        .one(db)
        .await?;
    if is_on != Some(true) {
        return Ok(None);
    }
    // As many more as may be told already, and the question itself.
    let limit = Thread::TURNS as u64 + u64::from(count) + 1;
    // By the index of the user's readings, and not by a walk through those of all.
    let place = |id: Uuid| Expr::tuple([Expr::val(user_id), Expr::val(id)]);
    let row = Expr::tuple([Column::UserId.into_expr(), Column::Id.into_expr()]);
    let mut questions = reading::Entity::find()
        .filter(row.clone().gt(place(Uuid::nil())))
        .filter(row.lt(place(reading_id.unwrap_or(Uuid::max()))))
        .filter(Column::Engine.ne(Engine::Care))
        .order_by_desc(Column::UserId)
        .order_by_desc(Column::Id)
        .limit(limit)
        .select_only()
        .column(Column::Question)
        .into_tuple::<String>()
        .all(db)
        .await?;
    let is_told =
        |text: &String| text == question || thread.0.iter().any(|turn| turn.question == *text);
    let mut known = HashSet::new();
    questions.retain(|text| !is_told(text) && known.insert(text.clone()));
    questions.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    Ok(Some(questions))
}

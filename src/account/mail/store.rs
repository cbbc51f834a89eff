//! The table `mail`. A worker that takes a row moves the time when it is due, as a lease.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, Iterable,
    QueryFilter, QueryOrder, sea_query::Expr,
};

use crate::entity::mail::{Column, Entity, MailKind, Model};

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// The message that is due for longest.
pub(super) async fn due(db: &impl ConnectionTrait, now: Expr) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::DueAt.into_expr().lte(now))
        // A later version may have others.
        .filter(Column::Kind.is_in(MailKind::iter()))
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .one(db)
        .await
}

/// Takes a message for an attempt, until the lease ends. Of several instances at once, one succeeds.
pub(super) async fn lease(
    db: &impl ConnectionTrait,
    row: &Model,
    lease_end: Expr,
) -> Result<bool, DbErr> {
    let leased = Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(row.attempts + 1))
        .col_expr(Column::DueAt, lease_end)
        .filter(Column::Id.eq(row.id))
        .filter(Column::Attempts.eq(row.attempts))
        .exec(db)
        .await?;
    Ok(leased.rows_affected > 0)
}

/// Deletes a message, unless the lease of this attempt has run out and another instance has it.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    row: &Model,
    attempt: i32,
) -> Result<(), DbErr> {
    Entity::delete_by_id(row.id)
        .filter(Column::Attempts.eq(attempt))
        .exec(db)
        .await?;
    Ok(())
}

/// Leaves a message for a later attempt, under the same condition.
pub(super) async fn postpone(
    db: &impl ConnectionTrait,
    row: &Model,
    attempt: i32,
    due_at: Expr,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::DueAt, due_at)
        .filter(Column::Id.eq(row.id))
        .filter(Column::Attempts.eq(attempt))
        .exec(db)
        .await?;
    Ok(())
}

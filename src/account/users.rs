//! The table `users`. Whatever changes several sessions of an account locks its row first.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Set,
    SqlErr, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    locale,
    name::{EmailKeys, Name},
};
use crate::{
    clock::Clock,
    entity::{
        session,
        user::{self, ActiveModel, Column, Entity, Model},
    },
    generation,
};

/// An active account with these names.
pub(super) fn new(clock: &Clock, email: Name, username: Name, hashed_password: String) -> Model {
    let now = clock.now();
    Model {
        id: clock.new_id(),
        email: email.text,
        email_key: email.key,
        username: username.text,
        username_key: username.key,
        hashed_password,
        is_active: true,
        created_at: now,
        updated_at: now,
        locale: locale::DEFAULT.to_owned(),
        memory: true,
        email_verified_at: None,
        pending_email: None,
        is_guest: false,
        readings_per_day: None,
        cost_per_month: None,
    }
}

/// The change to another password, which cancels a change of the address: that may have been requested by
/// a person who knew the earlier password.
pub(super) fn new_password(hashed_password: String, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        hashed_password: Set(hashed_password),
        pending_email: Set(None),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// The account with an email address.
///
/// Migration 6 left some accounts with their earlier key, because another account has their present
/// one. Such an account is found by its earlier key, and before the other account.
///
/// # Errors
///
/// If the database fails.
pub async fn find_by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Model>, DbErr> {
    let keys = EmailKeys::of(email);
    let mut found = Entity::find()
        .filter(Column::EmailKey.is_in(keys.distinct()))
        .all(db)
        .await?;
    found.sort_by_key(|user| user.email_key != keys.earlier);
    Ok(found.into_iter().next())
}

pub(super) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Locks a row that still has this row's password: a change of the password comes before, and is
/// seen, or after.
pub(super) async fn lock_with_password(
    tx: &impl ConnectionTrait,
    user: &Model,
) -> Result<Option<Model>, DbErr> {
    let still = user::lock(tx, user.id).await?;
    Ok(still.filter(|still| still.hashed_password == user.hashed_password))
}

/// Returning nothing: where SQLite returns a row, reading stops there, before the statement has
/// committed, and no error reports that it fails because the disk is full.
pub(super) async fn insert(db: &impl ConnectionTrait, user: &Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(user.clone()).reset_all())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Changes the columns that are set, and returns the row, if it is there.
pub(super) async fn update(
    db: &impl ConnectionTrait,
    id: Uuid,
    change: ActiveModel,
) -> Result<Option<Model>, DbErr> {
    let changed = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(id))
        .exec_with_returning(db)
        .await?;
    Ok(changed.into_iter().next())
}

/// Whether another account has a value in a column.
pub(super) async fn is_taken(
    db: &impl ConnectionTrait,
    column: Column,
    value: &str,
    id: Uuid,
) -> Result<bool, DbErr> {
    let others = Entity::find()
        .filter(column.eq(value))
        .filter(Column::Id.ne(id));
    Ok(others.count(db).await? > 0)
}

/// Deletes an account and, by foreign keys, all that is its own. Answers that are being written are
/// accounted first.
pub(super) async fn delete(tx: &DatabaseTransaction, id: Uuid) -> Result<(), DbErr> {
    generation::settle_with_user(tx, id).await?;
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Whether the error is that another row has the same value in a unique column.
pub(super) fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Guests who have used no session since. Sessions that have ended are deleted, and a guest without
/// one has no way back in.
fn idle_guests(before: DateTime<Utc>) -> Select<Entity> {
    let last_use = Expr::col((session::Entity, session::Column::LastUsedAt))
        .if_null(Expr::col((session::Entity, session::Column::CreatedAt)));
    let active = session::Entity::find()
        .select_only()
        .column(session::Column::UserId)
        .filter(last_use.gte(before))
        .filter(Expr::col((session::Entity, session::Column::UserId)).equals((Entity, Column::Id)));
    Entity::find()
        // As the index has it.
        .filter(Expr::col((Entity, Column::IsGuest)))
        .filter(Column::CreatedAt.lt(before))
        .filter(Expr::exists(active.into_query()).not())
}

/// Ids of guests who are idle since, in their order, after one.
pub(super) async fn next_idle_guests(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    after: Uuid,
    limit: u64,
) -> Result<Vec<Uuid>, DbErr> {
    idle_guests(before)
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit)
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .all(db)
        .await
}

pub(super) async fn is_idle_guest(
    db: &impl ConnectionTrait,
    id: Uuid,
    before: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let found = idle_guests(before).filter(Column::Id.eq(id)).one(db);
    Ok(found.await?.is_some())
}

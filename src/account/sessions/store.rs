//! The table `sessions`. A session is live while it is neither revoked nor expired.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType,
    PaginatorTrait, QueryFilter, QuerySelect, RelationTrait, sea_query::Expr,
};
use uuid::Uuid;

use super::SESSIONS;
use crate::entity::{
    session::{ActiveModel, Column, Entity, Model, Relation},
    user,
};

/// The sessions of a user to revoke.
#[derive(Clone, Copy)]
pub(in crate::account) enum Which {
    All,
    AllBut(Uuid),
    Only(Uuid),
}

fn is_live(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Column::IsRevoked.eq(false))
        .add(Column::ExpiresAt.gt(now))
}

pub(super) async fn find_with_user(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<(Model, user::Model)>, DbErr> {
    let found = Entity::find_by_id(id)
        .find_also_related(user::Entity)
        .one(db)
        .await?;
    Ok(found.and_then(|(session, user)| Some((session, user?))))
}

/// Those of some sessions that are the user's and live.
pub(super) async fn live_by_id(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find_live(user_id, now)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await
}

/// Those of some sessions that are live and of an active user.
pub(super) async fn usable_among(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .join(JoinType::InnerJoin, Relation::User.def())
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(is_live(now))
        .filter(user::Column::IsActive.eq(true))
        .into_tuple()
        .all(db)
        .await
}

/// How many sessions are live.
///
/// # Errors
///
/// If the database fails.
pub async fn count_live(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, DbErr> {
    Entity::find().filter(is_live(now)).count(db).await
}

/// The clients of some of a user's sessions, live or not.
pub(in crate::account) async fn user_agents(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    limit: u64,
) -> Result<Vec<Option<String>>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::UserAgent)
        .filter(Column::UserId.eq(user_id))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

pub(super) async fn insert(db: &impl ConnectionTrait, session: Model) -> Result<Model, DbErr> {
    ActiveModel::from(session).reset_all().insert(db).await
}

/// Revokes live sessions of a user, and returns them. Their streams are for the caller to end after the
/// commit.
pub(in crate::account) async fn revoke(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    which: Which,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, DbErr> {
    let revoke = Entity::update_many()
        .col_expr(Column::IsRevoked, Expr::value(true))
        .filter(Column::UserId.eq(user_id))
        .filter(is_live(now));
    match which {
        Which::All => revoke,
        Which::AllBut(id) => revoke.filter(Column::Id.ne(id)),
        Which::Only(id) => revoke.filter(Column::Id.eq(id)),
    }
    .exec_with_returning(db)
    .await
}

/// Revokes as many of a user's live sessions, the oldest, as leave room for one more. The user's
/// row has to be locked. Returns which; their streams are for the caller to end after the commit.
pub(super) async fn revoke_oldest(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, DbErr> {
    let oldest: Vec<Uuid> = Entity::find_live(user_id, now)
        .select_only()
        .column(Column::Id)
        .offset(SESSIONS as u64 - 1)
        // SQLite has no offset without it.
        .limit(i64::MAX.unsigned_abs())
        .into_tuple()
        .all(tx)
        .await?;
    for some in oldest.chunks(500) {
        Entity::update_many()
            .col_expr(Column::IsRevoked, Expr::value(true))
            .filter(Column::Id.is_in(some.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(oldest)
}

/// Moves the end of a session that is live, and returns it.
pub(super) async fn extend(
    db: &impl ConnectionTrait,
    id: Uuid,
    end: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let extended = Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(end))
        .filter(Column::Id.eq(id))
        .filter(is_live(now))
        .exec_with_returning(db)
        .await?;
    Ok(extended.into_iter().next())
}

/// Records the last use of some sessions, unless a later one is recorded.
pub(super) async fn set_last_used(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    used: DateTime<Utc>,
) -> Result<(), DbErr> {
    let earlier = Condition::any()
        .add(Column::LastUsedAt.is_null())
        .add(Column::LastUsedAt.lt(used));
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(used))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(earlier)
        .exec(db)
        .await?;
    Ok(())
}

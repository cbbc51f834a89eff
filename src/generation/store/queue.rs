//! Generations that have not ended: inserted, queued, claimed, cancelled, lost.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait,
    FromQueryResult, Iterable, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    Select, UpdateMany,
    sea_query::{Expr, IntoCondition, LockBehavior, LockType, Query},
};
use uuid::Uuid;

use super::Lease;
use crate::entity::{
    generation::{self, Column},
    reading::{self, Engine, Status},
};

/// A generation, its reading, its user and its epoch.
type Queued = (Uuid, Uuid, Uuid, i32);

/// Inserts a generation, under a lease until `lease_end` if that is given.
pub async fn insert(
    tx: &impl ConnectionTrait,
    generation: generation::Model,
    lease_end: Option<Expr>,
) -> Result<(), DbErr> {
    let row = generation::ActiveModel::from(generation).reset_all();
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for column in Column::iter() {
        columns.push(column);
        values.push(match (column, &lease_end, row.get(column).into_value()) {
            // A value is by this machine's clock.
            (Column::LeaseExpiresAt, Some(end), _) => end.clone(),
            (_, _, value) => Expr::value(value.expect("all columns are set")),
        });
    }
    let mut insert = Query::insert();
    insert
        .into_table(generation::Entity)
        .columns(columns)
        .values_panic(values);
    tx.execute(&insert).await?;
    Ok(())
}

/// By the columns that a claim needs: a row that cannot be read in full holds up no other.
fn all_queued() -> Select<generation::Entity> {
    generation::Entity::find()
        .select_only()
        .columns([Column::Id, Column::ReadingId, Column::UserId, Column::Epoch])
        .filter(Column::CompletedAt.is_null())
        .filter(Column::Status.eq(Status::Pending))
        .order_by_asc(Column::Id)
}

pub async fn has_queued(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(all_queued().into_tuple::<Queued>().one(db).await?.is_some())
}

/// The oldest queued generation that no other transaction claims.
pub async fn lock_queued(tx: &impl ConnectionTrait) -> Result<Option<Queued>, DbErr> {
    all_queued()
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple::<Queued>()
        .one(tx)
        .await
}

/// A generation, if it waits for a writer.
pub async fn find_queued(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<generation::Model>, DbErr> {
    generation::Entity::find_by_id(id)
        .filter(Column::Status.eq(Status::Pending))
        .one(db)
        .await
}

/// An update of a generation that happens only while it waits for a writer.
pub fn queued(id: Uuid) -> UpdateMany<generation::Entity> {
    generation::Entity::update_many()
        .filter(Column::Id.eq(id))
        .filter(Column::CompletedAt.is_null())
        .filter(Column::Status.eq(Status::Pending))
}

/// Gives a queued generation to an instance.
pub async fn claim(
    tx: &impl ConnectionTrait,
    (generation_id, reading_id, _, epoch): Queued,
    owner: Uuid,
    lease_end: Expr,
) -> Result<Lease, DbErr> {
    generation::Entity::update_many()
        .col_expr(Column::Status, Expr::value(Status::Writing))
        .col_expr(Column::Owner, Expr::value(owner))
        .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
        .col_expr(Column::LeaseExpiresAt, lease_end)
        .filter(Column::Id.eq(generation_id))
        .exec(tx)
        .await?;
    reading::Entity::update_many()
        .col_expr(reading::Column::Status, Expr::value(Status::Writing))
        .filter(reading::Column::Id.eq(reading_id))
        .exec(tx)
        .await?;
    Ok(Lease {
        generation_id,
        reading_id,
        owner,
        epoch: epoch + 1,
    })
}

/// The readings of a user whose answers have not ended.
pub async fn unfinished_of(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<Uuid>, DbErr> {
    generation::Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::CompletedAt.is_null())
        .select_only()
        .column(Column::ReadingId)
        .into_tuple()
        .all(db)
        .await
}

/// The unfinished generations of a reading, locked, by id.
pub async fn lock_unfinished(
    tx: &impl ConnectionTrait,
    reading_id: Uuid,
) -> Result<Vec<generation::Model>, DbErr> {
    generation::Entity::find()
        .filter(Column::ReadingId.eq(reading_id))
        .filter(Column::CompletedAt.is_null())
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(tx)
        .await
}

/// Of some generations those that have not ended and are not to be stopped.
pub async fn wanted_of(
    db: &impl ConnectionTrait,
    generations: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Uuid>, DbErr> {
    generation::Entity::find()
        .filter(Column::Id.is_in(generations))
        .filter(Column::CompletedAt.is_null())
        .filter(Column::CancelRequested.eq(false))
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .all(db)
        .await
}

/// Has the unfinished generations stopped that a condition holds for.
pub async fn request_cancel(
    db: &impl ConnectionTrait,
    condition: impl IntoCondition,
) -> Result<(), DbErr> {
    generation::Entity::update_many()
        .col_expr(Column::CancelRequested, Expr::value(true))
        .filter(condition)
        .filter(Column::CompletedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Generations that a condition holds for, with their readings and users, oldest first.
pub async fn ids_of(
    db: &impl ConnectionTrait,
    condition: Condition,
) -> Result<Vec<(Uuid, Uuid, Uuid)>, DbErr> {
    generation::Entity::find()
        .select_only()
        .columns([Column::Id, Column::ReadingId, Column::UserId])
        .filter(condition)
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await
}

/// How far a reading is, to compare with an earlier state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct State {
    pub id: Uuid,
    generation_id: Uuid,
    status: Status,
    last_sequence: i32,
}

pub async fn states(db: &impl ConnectionTrait, readings: &[Uuid]) -> Result<Vec<State>, DbErr> {
    reading::Entity::find()
        .select_only()
        .columns([reading::Column::Id, reading::Column::GenerationId])
        .columns([Column::Status, Column::LastSequence])
        .join(JoinType::InnerJoin, reading::Relation::Current.def())
        .filter(reading::Column::Id.is_in(readings.iter().copied()))
        .into_model()
        .all(db)
        .await
}

/// A generation with its reading.
pub async fn find(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<(generation::Model, reading::Model)>, DbErr> {
    let found = generation::Entity::find_by_id(id)
        .find_also_related(reading::Entity)
        .one(db)
        .await?;
    Ok(found.and_then(|(generation, reading)| Some((generation, reading?))))
}

/// How many answers are not over, by what they are at and who is to write them.
///
/// # Errors
///
/// If the database fails.
pub async fn count_unfinished(
    db: &impl ConnectionTrait,
) -> Result<Vec<(Status, Engine, i64)>, DbErr> {
    generation::Entity::find()
        .filter(Column::CompletedAt.is_null())
        .select_only()
        .columns([Column::Status, Column::Engine])
        .column_as(Column::Id.count(), "number")
        .group_by(Column::Status)
        .group_by(Column::Engine)
        .into_tuple()
        .all(db)
        .await
}

//! The SQL of readings' rows.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::{Builder, Uuid};

use super::{Error, Readings};
use crate::{
    entity::{
        generation,
        reading::{self, Column, Engine, Rating, Status},
        user,
    },
    generation::{Change, News},
};

/// Crisis replies are outside every quota, and yet bounded: past so many readings in a period for one reply,
/// the same reply is returned again, without a new row. A person in need of help is never refused.
const REPLIES: u64 = 20;
const PERIOD: TimeDelta = TimeDelta::hours(1);

impl Readings {
    /// Begins a transaction in which nothing else changes a reading but its writer.
    pub(super) async fn lock_reading(
        &self,
        user_id: Uuid,
        id: Uuid,
    ) -> Result<(DatabaseTransaction, reading::Model), Error> {
        let tx = self.db.begin().await?;
        if user::lock(&tx, user_id).await?.is_none() {
            return Err(Error::NoSuchUser);
        }
        let reading = owned(&tx, user_id, id).await?;
        Ok((tx, reading))
    }

    /// Ends the transaction that changes a reading, and publishes the change.
    pub(super) async fn commit_change(
        &self,
        tx: DatabaseTransaction,
        reading: &reading::Model,
    ) -> Result<(), Error> {
        let (user_id, id) = (reading.user_id, reading.id);
        self.generations
            .announce(&tx, (user_id, id), News::Written, Change::Changed)
            .await?;
        tx.commit().await?;
        self.generations.publish(user_id, id, Change::Changed);
        Ok(())
    }
}

/// A user's reading, which has to be there.
pub(super) async fn owned(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    id: Uuid,
) -> Result<reading::Model, Error> {
    let found = reading::Entity::find_one(user_id, id).one(db).await?;
    found.ok_or(Error::NotFound)
}

/// The answer that is replied to: that of a reading which has to be there and finished.
pub(super) async fn parent(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    reading_id: Option<Uuid>,
) -> Result<Option<Uuid>, Error> {
    let Some(id) = reading_id else {
        return Ok(None);
    };
    let parent = owned(db, user_id, id).await?;
    if parent.status.is_final() {
        Ok(Some(parent.generation_id))
    } else {
        Err(Error::UnfinishedParent)
    }
}

/// Stores a new reading, or a new state of an earlier one; the text of the earlier answer goes to its
/// generation.
pub(super) async fn insert(
    tx: &impl ConnectionTrait,
    reading: &reading::Model,
    earlier: Option<reading::Model>,
) -> Result<(), DbErr> {
    let row = reading::ActiveModel::from(reading.clone()).reset_all();
    let Some(earlier) = earlier else {
        reading::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
        return Ok(());
    };
    generation::Entity::update_many()
        .col_expr(generation::Column::Response, Expr::value(earlier.response))
        .filter(generation::Column::Id.eq(earlier.generation_id))
        .exec(tx)
        .await?;
    reading::Entity::update(row).exec(tx).await?;
    Ok(())
}

/// The user's last answer since a time to the same question that is worth keeping.
pub(super) async fn cached(
    tx: &impl ConnectionTrait,
    new: &reading::Model,
    oldest: DateTime<Utc>,
) -> Result<Option<reading::Model>, DbErr> {
    reading::Entity::find_owned(new.user_id)
        .filter(Column::CacheKey.eq(&new.cache_key))
        .filter(Column::Status.eq(Status::Completed))
        // Not what another engine wrote in its place.
        .filter(Column::Engine.eq(new.engine))
        .filter(Column::IsCached.eq(false))
        .filter(Column::IsTruncated.eq(false))
        .filter(Column::CompletedAt.gt(oldest))
        .order_by_desc(Column::Id)
        .one(tx)
        .await
}

/// The reading of the same question that is being written.
pub(super) async fn in_flight(
    tx: &impl ConnectionTrait,
    new: &reading::Model,
    unfinished: &[Uuid],
) -> Result<Option<reading::Model>, DbErr> {
    if unfinished.is_empty() {
        return Ok(None);
    }
    reading::Entity::find_owned(new.user_id)
        .filter(Column::CacheKey.eq(&new.cache_key))
        .filter(Column::Id.is_in(unfinished.iter().copied()))
        .order_by_desc(Column::Id)
        .one(tx)
        .await
}

/// The user's newest reading with this crisis reply, if there are as many as there may be.
pub(super) async fn replied_often(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    reply: &str,
    now: DateTime<Utc>,
) -> Result<Option<reading::Model>, DbErr> {
    let since = (now - PERIOD).timestamp_millis();
    let since = u64::try_from(since).unwrap_or_default();
    // Ids are time-ordered: none that is younger than the period sorts before this one.
    let since = Builder::from_unix_timestamp_millis(since, &[0; 10]).into_uuid();
    let mut recent = reading::Entity::find_owned(user_id)
        .filter(Column::Id.gte(since))
        .filter(Column::Engine.eq(Engine::Care))
        .filter(Column::Response.eq(reply))
        .order_by_desc(Column::Id)
        .limit(REPLIES)
        .all(tx)
        .await?;
    let is_often = recent.len() as u64 == REPLIES;
    Ok(is_often.then(|| recent.swap_remove(0)))
}

/// Stores a user's mark, note and rating.
pub(super) async fn set_kept(
    tx: &impl ConnectionTrait,
    reading: &reading::Model,
) -> Result<(), DbErr> {
    reading::Entity::update_many()
        .col_expr(Column::IsFavourite, Expr::value(reading.is_favourite))
        .col_expr(Column::Note, Expr::value(reading.note.clone()))
        .col_expr(Column::Rating, Expr::value(reading.rating))
        .filter(Column::Id.eq(reading.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Stores the rating of an answer.
pub(super) async fn set_rating(
    tx: &impl ConnectionTrait,
    generation_id: Uuid,
    rating: Option<Rating>,
    reason: Option<String>,
) -> Result<(), DbErr> {
    generation::Entity::update_many()
        .col_expr(generation::Column::Rating, Expr::value(rating))
        .col_expr(generation::Column::RatingReason, Expr::value(reason))
        .filter(generation::Column::Id.eq(generation_id))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) async fn set_link(
    tx: &impl ConnectionTrait,
    reading: &reading::Model,
) -> Result<(), DbErr> {
    reading::Entity::update_many()
        .col_expr(Column::ShareToken, Expr::value(reading.share_token.clone()))
        .col_expr(Column::SharedAt, Expr::value(reading.shared_at))
        .col_expr(
            Column::ShareExpiresAt,
            Expr::value(reading.share_expires_at),
        )
        .filter(Column::Id.eq(reading.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The reading of an active user with a link that has not expired.
pub(super) async fn with_link(
    db: &impl ConnectionTrait,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Option<reading::Model>, DbErr> {
    let is_live = Condition::any()
        .add(Column::ShareExpiresAt.is_null())
        .add(Column::ShareExpiresAt.gt(now));
    reading::Entity::find()
        .inner_join(user::Entity)
        .filter(Column::ShareToken.eq(token))
        .filter(is_live)
        .filter(user::Column::IsActive.eq(true))
        .one(db)
        .await
}

/// Deletes a reading. Replies to it stand by themselves from then on.
pub(super) async fn delete(
    tx: &impl ConnectionTrait,
    reading: &reading::Model,
) -> Result<(), DbErr> {
    reading::Entity::update_many()
        .col_expr(Column::InReplyTo, Expr::value(None::<Uuid>))
        .filter(Column::InReplyTo.eq(reading.id))
        .filter(Column::UserId.eq(reading.user_id))
        .exec(tx)
        .await?;
    reading::Entity::delete_by_id(reading.id).exec(tx).await?;
    Ok(())
}

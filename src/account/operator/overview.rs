//! Accounts as they are shown to the person who runs the service.

use chrono::{DateTime, Datelike, Utc};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{
    account::users,
    db::Database,
    entity::{account_event, reading, session, usage_day, usage_month, user},
};

/// Events that are shown of an account.
const EVENTS: u64 = 10;

/// An account, and its use of the service.
pub struct Shown {
    pub user: user::Model,
    /// Live ones, newest first.
    pub sessions: Vec<session::Model>,
    /// The newest, newest first.
    pub events: Vec<account_event::Model>,
    pub last_sign_in: Option<DateTime<Utc>>,
    pub readings: u64,
    pub last_reading: Option<DateTime<Utc>>,
    /// Asked for today (UTC).
    pub readings_today: i32,
    /// Of this month (UTC), in nano-dollars.
    pub cost: i64,
    pub tokens: i64,
}

/// Finds an account by its email, its id, or the id of a session or reading of its own.
///
/// # Errors
///
/// If the database fails.
pub async fn find(
    db: &Database,
    email: &str,
    id: Option<Uuid>,
) -> Result<Option<user::Model>, DbErr> {
    let Some(id) = id else {
        return users::find_by_email(db.reads(), email).await;
    };
    let session = session::Entity::find_by_id(id).one(db.reads()).await?;
    let mut owner = session.map(|session| session.user_id);
    if owner.is_none() {
        let reading = reading::Entity::find_by_id(id)
            .select_only()
            .column(reading::Column::UserId);
        owner = reading.into_tuple().one(db.reads()).await?;
    }
    user::Entity::find_by_id(owner.unwrap_or(id))
        .one(db.reads())
        .await
}

/// # Errors
///
/// If the database fails.
pub async fn show(db: &Database, user: user::Model, now: DateTime<Utc>) -> Result<Shown, DbErr> {
    let reads = db.reads();
    let readings = reading::Entity::find().filter(reading::Column::UserId.eq(user.id));
    let newest = session::Entity::find()
        .filter(session::Column::UserId.eq(user.id))
        .order_by_desc(session::Column::CreatedAt);
    let today = now.date_naive();
    let month = today.with_day(1).unwrap_or(today);
    let day = usage_day::Entity::find_by_id((user.id, today));
    let month = usage_month::Entity::find_by_id((user.id, month));
    let month = month.one(reads).await?;
    Ok(Shown {
        sessions: sessions(db, user.id, now).await?,
        events: account_event::Entity::find()
            .filter(account_event::Column::UserId.eq(user.id))
            .order_by_desc(account_event::Column::Id)
            .limit(EVENTS)
            .all(reads)
            .await?,
        last_sign_in: newest.one(reads).await?.map(|session| session.created_at),
        readings: readings.clone().count(reads).await?,
        last_reading: readings
            .order_by_desc(reading::Column::Id)
            .select_only()
            .column(reading::Column::CreatedAt)
            .into_tuple()
            .one(reads)
            .await?,
        readings_today: day.one(reads).await?.map_or(0, |day| day.readings),
        cost: month.as_ref().map_or(0, |month| month.cost),
        tokens: month.as_ref().map_or(0, |month| month.tokens),
        user,
    })
}

/// All accounts with their live sessions' number, oldest first, a page at a time.
///
/// # Errors
///
/// If the database fails.
pub async fn list(
    db: &Database,
    mut each: impl FnMut(&user::Model, u64),
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut pages = user::Entity::find()
        .order_by_asc(user::Column::Id)
        .paginate(db.reads(), 500);
    while let Some(page) = pages.fetch_and_next().await? {
        for user in page {
            let live = session::Entity::find_live(user.id, now);
            each(&user, live.count(db.reads()).await?);
        }
    }
    Ok(())
}

/// An account's live sessions, newest first.
///
/// # Errors
///
/// If the database fails.
pub async fn sessions(
    db: &Database,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<session::Model>, DbErr> {
    session::Entity::find_live(user_id, now)
        .all(db.reads())
        .await
}

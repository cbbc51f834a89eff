//! Settling: the cost of an answer enters the accounts of the month it was asked for in, in the
//! transaction that ends or deletes its generation. Each answer is settled once.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, ExprTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, IntoColumnRef, OnConflict},
};
use uuid::Uuid;

use super::{
    end::Ending,
    lock::lock_user,
    news::{News, Notice, notify},
};
use crate::{
    advisor::engine::Usage,
    clock::Clock,
    db::Database,
    entity::{
        chunk, generation,
        reading::{self, Engine, Status},
        service_month, usage_month,
    },
};

/// How long the deletion of an account waits for its answers' writers to stop and report the cost,
/// and how often it looks.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);
const LOOK: std::time::Duration = std::time::Duration::from_millis(50);

/// Characters of a text per token, roughly.
const CHARACTERS_PER_TOKEN: usize = 4;

/// The columns that decide the cost of a generation without its writer or a model. None of them
/// holds JSON: a row that cannot be read in full is settled all the same.
#[derive(FromQueryResult)]
pub(super) struct Account {
    id: Uuid,
    reading_id: Uuid,
    user_id: Uuid,
    pub engine: Engine,
    sent_at: Option<DateTime<Utc>>,
    reserved: i64,
    tokens_used: i32,
    cost: i64,
    is_estimated: bool,
    created_at: DateTime<Utc>,
}

impl Account {
    pub(super) fn ending(&self) -> Ending {
        Ending {
            id: self.id,
            reading_id: self.reading_id,
            user_id: self.user_id,
            created_at: self.created_at,
        }
    }

    /// The cost as it was reported, or else the most it can be: the amount reserved for it.
    pub(super) async fn usage(&self, tx: &impl ConnectionTrait) -> Result<Usage, DbErr> {
        if self.tokens_used > 0 || self.cost > 0 {
            return Ok(Usage {
                tokens: self.tokens_used,
                cost: self.cost,
                is_estimated: self.is_estimated,
                ..Usage::default()
            });
        }
        if self.sent_at.is_none() || self.engine != Engine::Model {
            return Ok(Usage::default());
        }
        let mut texts: Vec<String> = chunk::Entity::find()
            .filter(chunk::Column::GenerationId.eq(self.id))
            .select_only()
            .column(chunk::Column::Text)
            .into_tuple()
            .all(tx)
            .await?;
        let question = reading::Entity::find_by_id(self.reading_id)
            .select_only()
            .column(reading::Column::Question)
            .into_tuple()
            .one(tx)
            .await?;
        texts.extend(question);
        let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
        Ok(Usage {
            tokens: i32::try_from(characters.div_ceil(CHARACTERS_PER_TOKEN)).unwrap_or(i32::MAX),
            cost: self.reserved,
            is_estimated: true,
            ..Usage::default()
        })
    }
}

/// Enters the cost into the user's month and the service's.
pub(super) async fn settle(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    created_at: DateTime<Utc>,
    usage: Usage,
) -> Result<(), DbErr> {
    if usage.tokens == 0 && usage.cost == 0 {
        return Ok(());
    }
    let (month, tokens) = (month(created_at), i64::from(usage.tokens));
    let mut add = OnConflict::columns([usage_month::Column::UserId, usage_month::Column::Month]);
    for (column, more) in [
        (usage_month::Column::Tokens, tokens),
        (usage_month::Column::Cost, usage.cost),
    ] {
        add.value(column, added((usage_month::Entity, column), more));
    }
    usage_month::Entity::insert(usage_month::ActiveModel {
        user_id: Set(user_id),
        month: Set(month),
        tokens: Set(tokens),
        cost: Set(usage.cost),
    })
    .on_conflict(add)
    .exec_without_returning(tx)
    .await?;
    settle_service(tx, created_at, usage).await
}

/// Enters the cost into the service's month alone.
async fn settle_service(
    tx: &impl ConnectionTrait,
    created_at: DateTime<Utc>,
    usage: Usage,
) -> Result<(), DbErr> {
    let tokens = i64::from(usage.tokens);
    let mut add = OnConflict::column(service_month::Column::Month);
    for (column, more) in [
        (service_month::Column::Tokens, tokens),
        (service_month::Column::Cost, usage.cost),
    ] {
        add.value(column, added((service_month::Entity, column), more));
    }
    service_month::Entity::insert(service_month::ActiveModel {
        month: Set(month(created_at)),
        tokens: Set(tokens),
        cost: Set(usage.cost),
    })
    .on_conflict(add)
    .exec_without_returning(tx)
    .await?;
    Ok(())
}

/// Asks the writers of a user's answers to stop, wherever they run, and waits for a moment until
/// they have: a writer that ends its answer reports the cost that only it has seen.
///
/// # Errors
///
/// If the database fails.
pub async fn stop_writers_of(db: &Database, user_id: Uuid) -> Result<(), DbErr> {
    let unfinished = generation::Column::UserId
        .eq(user_id)
        .and(generation::Column::CompletedAt.is_null());
    generation::Entity::update_many()
        .col_expr(generation::Column::CancelRequested, Expr::value(true))
        .filter(unfinished.clone())
        .exec(db.writes())
        .await?;
    let written = || {
        generation::Entity::find()
            .filter(unfinished.clone())
            .filter(generation::Column::Status.eq(Status::Writing))
            .select_only()
            .column(generation::Column::ReadingId)
            .into_tuple::<Uuid>()
            .all(db.reads())
    };
    for reading_id in written().await? {
        notify(db.writes(), unseen(reading_id, News::Cancelled)).await?;
    }
    let stopped = async {
        while !written().await?.is_empty() {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    };
    // A writer that is dead, or too slow, is settled with the deletion.
    tokio::time::timeout(PATIENCE, stopped)
        .await
        .unwrap_or(Ok(()))
}

/// Settles a user's unfinished answers, in the transaction that deletes the user. Only the
/// service's month gets the cost: the user's own goes with the user.
///
/// # Errors
///
/// If the database fails.
pub async fn settle_with_user(tx: &DatabaseTransaction, user_id: Uuid) -> Result<(), DbErr> {
    if !lock_user(tx, user_id).await? {
        return Ok(());
    }
    let unfinished = generation::Entity::find()
        .filter(generation::Column::UserId.eq(user_id))
        .filter(generation::Column::CompletedAt.is_null())
        .order_by_asc(generation::Column::Id)
        .lock_exclusive()
        .into_model::<Account>()
        .all(tx)
        .await?;
    for account in unfinished {
        let usage = account.usage(tx).await?;
        settle_service(tx, account.created_at, usage).await?;
        notify(tx, unseen(account.reading_id, News::Deleted)).await?;
    }
    Ok(())
}

/// News of a user who is going, and so are the devices.
fn unseen(reading_id: Uuid, news: News) -> Notice {
    Notice {
        reading_id,
        at: Clock::default().now(),
        news,
        event: None,
    }
}

/// A sum that stays at the largest there is: one that overflowed would be an error forever on
/// PostgreSQL, and a float on SQLite.
fn added(column: impl IntoColumnRef + Copy, more: i64) -> Expr {
    let column = || Expr::col(column);
    Expr::case(column().gt(i64::MAX.saturating_sub(more)), i64::MAX)
        .finally(column().add(more))
        .into()
}

/// A month, by its first day.
pub(super) fn month(now: DateTime<Utc>) -> NaiveDate {
    now.date_naive()
        .with_day(1)
        .expect("every month has a first day")
}

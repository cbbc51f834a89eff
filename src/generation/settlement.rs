//! Settling answers without their writers: the cost of an answer enters the accounts of the month it was
//! asked for in, in the transaction that ends or deletes its generation. Each answer is settled once.

use std::time::Duration;

use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, DbErr};
use uuid::Uuid;

use super::{
    Error, Generations,
    buffer::AnswerBuffer,
    notice::{News, Notice, notify},
    store::{self, Ending},
};
use crate::{
    clock::Clock,
    db::Database,
    entity::{
        generation::Column,
        reading::{self, Status},
        user,
    },
};

/// How long the deletion of an account waits for its answers' writers to stop and report the cost,
/// and how often it looks.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

impl Generations {
    /// Settles a reading's unfinished answers, in the transaction that deletes the reading.
    pub(crate) async fn settle_with_reading(
        &self,
        tx: &DatabaseTransaction,
        reading: &reading::Model,
    ) -> Result<(), Error> {
        for generation in store::lock_unfinished(tx, reading.id).await? {
            let buffer = AnswerBuffer::load(tx, &generation).await?;
            let usage = self.spent_so_far(tx, &generation, reading, &buffer).await?;
            store::settle(tx, reading.user_id, generation.created_at, usage).await?;
        }
        Ok(())
    }
}

/// Asks the writers of a user's answers to stop, wherever they run, and waits for a moment until
/// they have: a writer that ends its answer reports the cost that only it has seen.
///
/// # Errors
///
/// If the database fails.
pub async fn stop_writers_of(db: &Database, user_id: Uuid) -> Result<(), DbErr> {
    let is_unfinished = is_unfinished().add(Column::UserId.eq(user_id));
    store::request_cancel(db.writes(), is_unfinished.clone()).await?;
    let is_written = is_unfinished.add(Column::Status.eq(Status::Writing));
    let written = || store::ids_of(db.reads(), is_written.clone());
    for (_, reading_id, _) in written().await? {
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
    if user::lock(tx, user_id).await?.is_none() {
        return Ok(());
    }
    let is_unfinished = is_unfinished().add(Column::UserId.eq(user_id));
    for unsettled in store::lock_unsettled(tx, is_unfinished).await? {
        let usage = unsettled.usage(tx).await?;
        let Ending {
            reading_id,
            created_at,
            ..
        } = unsettled.ending();
        store::settle_service(tx, created_at, usage).await?;
        notify(tx, unseen(reading_id, News::Deleted)).await?;
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

fn is_unfinished() -> Condition {
    Condition::all().add(Column::CompletedAt.is_null())
}

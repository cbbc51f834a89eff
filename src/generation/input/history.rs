//! A user's recent readings, which the built-in engine does not repeat.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{
    advisor::History,
    entity::{Sources, generation, reading},
};

type Row = (Option<String>, Sources);

/// The answers that a user had at the time at which a generation was requested: those of the last
/// readings before its own, and the earlier ones of its own. Answers that end later do not count, so
/// that another writer composes the same text and can go on with it.
pub async fn history(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    (reading_id, generation_id): (Uuid, Uuid),
    requested_at: DateTime<Utc>,
) -> Result<History, DbErr> {
    let readings: Vec<Row> = reading::Entity::find_owned(user_id)
        .filter(reading::Column::Id.lt(reading_id))
        .filter(reading::Column::CompletedAt.lte(requested_at))
        .order_by_desc(reading::Column::Id)
        .limit(History::READINGS)
        .select_only()
        .columns([reading::Column::Response, reading::Column::Sources])
        .into_tuple()
        .all(db)
        .await?;
    let own: Vec<Row> = generation::Entity::find()
        .filter(generation::Column::ReadingId.eq(reading_id))
        .filter(generation::Column::Id.lt(generation_id))
        .select_only()
        .columns([generation::Column::Response, generation::Column::Sources])
        .into_tuple()
        .all(db)
        .await?;
    let mut history = History::default();
    for (answer, sources) in readings.iter().chain(&own) {
        let titles = sources.0.iter().map(|source| source.title.as_str());
        history.add(answer.as_deref().unwrap_or_default(), titles);
    }
    Ok(history)
}

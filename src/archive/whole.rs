//! Readings with their generations and idempotency keys, as lines of an export.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::line::{Generation, IdempotencyKey, Reading};
use crate::{
    advisor::engine::Failure,
    entity::{
        PieceEnds, chunk, generation, idempotency_key,
        reading::{self, Status},
    },
};

/// Readings with all that hangs off them, as lines. An answer that is still being written ends in
/// its line at `now`, as interrupted, with what there is of it: no writer would finish it elsewhere.
pub(super) async fn whole(
    tx: &impl ConnectionTrait,
    rows: Vec<reading::Model>,
    with_keys: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Reading>, DbErr> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut generations: HashMap<Uuid, Vec<generation::Model>> = HashMap::new();
    for row in generation::Entity::find()
        .filter(generation::Column::ReadingId.is_in(ids.iter().copied()))
        .order_by_asc(generation::Column::Id)
        .all(tx)
        .await?
    {
        generations.entry(row.reading_id).or_default().push(row);
    }
    let mut keys: HashMap<Uuid, Vec<IdempotencyKey>> = HashMap::new();
    if with_keys {
        for row in idempotency_key::Entity::find()
            .filter(idempotency_key::Column::ReadingId.is_in(ids))
            .all(tx)
            .await?
        {
            keys.entry(row.reading_id)
                .or_default()
                .push(IdempotencyKey {
                    key: row.key,
                    request: row.request,
                });
        }
    }
    let mut lines = Vec::with_capacity(rows.len());
    for mut reading in rows {
        let mut of_reading = generations.remove(&reading.id).unwrap_or_default();
        for generation in &mut of_reading {
            if generation.completed_at.is_none() {
                interrupt(tx, generation, &mut reading).await?;
            }
        }
        let of_reading = of_reading
            .into_iter()
            .map(|row| Generation::new(row, now))
            .collect();
        let keys = with_keys.then(|| {
            let mut keys = keys.remove(&reading.id).unwrap_or_default();
            // Here, since databases differ in how they order text.
            keys.sort_by(|a, b| a.key.cmp(&b.key));
            keys
        });
        lines.push(Reading::new(reading, of_reading, keys, now));
    }
    Ok(lines)
}

/// Has a generation, and the reading it writes, end with what is stored of it. What it has cost
/// is entered nowhere yet, and so stands here neither.
async fn interrupt(
    tx: &impl ConnectionTrait,
    generation: &mut generation::Model,
    reading: &mut reading::Model,
) -> Result<(), DbErr> {
    let chunks = chunk::Entity::find()
        .filter(chunk::Column::GenerationId.eq(generation.id))
        .order_by_asc(chunk::Column::Sequence)
        .all(tx)
        .await?;
    let (mut text, mut ends) = (String::new(), Vec::new());
    for chunk in chunks {
        text.push_str(&chunk.text);
        ends.push(text.len());
    }
    generation.status = Status::Failed;
    generation.piece_ends = PieceEnds(ends);
    generation.failure_code = Some(Failure::Interrupted.code().to_owned());
    generation.failure_message = Some(Failure::Interrupted.to_string());
    if generation.id == reading.generation_id {
        reading.status = generation.status;
        reading.response = (!text.is_empty()).then_some(text);
        reading.engine = generation.engine;
        reading.model.clone_from(&generation.model);
        reading.sources = generation.sources.clone();
        reading.tokens_used = generation.tokens_used;
        reading.cost = generation.cost;
        reading.is_estimated = generation.is_estimated;
        reading.failure_code.clone_from(&generation.failure_code);
        reading
            .failure_message
            .clone_from(&generation.failure_message);
    }
    Ok(())
}

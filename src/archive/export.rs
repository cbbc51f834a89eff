//! Writing an export.

use std::{collections::HashMap, io};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::{
    Counts,
    line::{End, FORMAT, Generation, Header, IdempotencyKey, Line, Reading, Scope, User, VERSION},
};
use crate::{
    account::find_by_email,
    advisor::engine::Failure,
    db::Database,
    entity::{
        PieceEnds, chunk, generation, idempotency_key,
        reading::{self, Status},
        service_month, usage_day, usage_month, user,
    },
};

/// Rows of a page; of readings, which are large, fewer.
const PAGE: u64 = 500;
const PAGE_OF_READINGS: u64 = 100;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no account has the email {0}")]
    NoSuchUser(String),
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Writes all data, or those of the user with this email, as they are at one moment. `progress`
/// hears how many rows are written, a page at a time.
///
/// # Errors
///
/// If there is no such user, the database fails, or the output cannot be written; then what is
/// written lacks its last line, and no import takes it.
pub async fn export(
    db: &Database,
    email: Option<&str>,
    now: DateTime<Utc>,
    out: &mut impl io::Write,
    mut progress: impl FnMut(Counts),
) -> Result<Counts, Error> {
    let tx = db.snapshot().await?;
    db.let_idle(&tx).await?;
    let user_id = match email {
        Some(email) => {
            let user = find_by_email(&tx, email)
                .await?
                .ok_or_else(|| Error::NoSuchUser(email.to_owned()))?;
            Some(user.id)
        }
        None => None,
    };
    let scope = match user_id {
        Some(_) => Scope::User,
        None => Scope::All,
    };
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        mula: env!("CARGO_PKG_VERSION").to_owned(),
        exported_at: now,
        scope,
        contains: scope.contains(),
    };
    let mut writer = Writer {
        out,
        counts: Counts::default(),
    };
    writer.line(&Line::Header(header))?;
    users(&tx, user_id, &mut writer, &mut progress).await?;
    usage(&tx, user_id, &mut writer, &mut progress).await?;
    readings(&tx, user_id, now, &mut writer, &mut progress).await?;
    let lines = writer.counts.all();
    writer.line(&Line::End(End { lines }))?;
    writer.out.flush()?;
    Ok(writer.counts)
}

struct Writer<'a, W> {
    out: &'a mut W,
    counts: Counts,
}

impl<W: io::Write> Writer<'_, W> {
    fn line(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, line)?;
        self.out.write_all(b"\n")
    }
}

async fn users(
    tx: &impl ConnectionTrait,
    user_id: Option<Uuid>,
    writer: &mut Writer<'_, impl io::Write>,
    progress: &mut impl FnMut(Counts),
) -> Result<(), Error> {
    let mut after = Uuid::nil();
    loop {
        let mut query = user::Entity::find();
        if let Some(user_id) = user_id {
            query = query.filter(user::Column::Id.eq(user_id));
        }
        let page = query
            .filter(user::Column::Id.gt(after))
            .order_by_asc(user::Column::Id)
            .limit(PAGE)
            .all(tx)
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.id;
        for row in page {
            // A user's own export is for that user to keep anywhere: no hash to guess at.
            writer.line(&Line::User(User::new(row, user_id.is_none())))?;
            writer.counts.users += 1;
        }
        progress(writer.counts);
    }
}

/// The three ledgers.
async fn usage(
    tx: &impl ConnectionTrait,
    user_id: Option<Uuid>,
    writer: &mut Writer<'_, impl io::Write>,
    progress: &mut impl FnMut(Counts),
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let mut page = of_user::<usage_day::Entity>(usage_day::Column::UserId, user_id)
            .cursor_by((usage_day::Column::UserId, usage_day::Column::Day));
        if let Some(after) = after {
            page.after(after);
        }
        let page = page.first(PAGE).all(tx).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.user_id, last.day));
        for row in page {
            writer.line(&Line::UsageDay(row.into()))?;
            writer.counts.usage += 1;
        }
        progress(writer.counts);
    }
    let mut after = None;
    loop {
        let mut page = of_user::<usage_month::Entity>(usage_month::Column::UserId, user_id)
            .cursor_by((usage_month::Column::UserId, usage_month::Column::Month));
        if let Some(after) = after {
            page.after(after);
        }
        let page = page.first(PAGE).all(tx).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.user_id, last.month));
        for row in page {
            writer.line(&Line::UsageMonth(row.into()))?;
            writer.counts.usage += 1;
        }
        progress(writer.counts);
    }
    if user_id.is_none() {
        // A row a month, of all time.
        let months = service_month::Entity::find().order_by_asc(service_month::Column::Month);
        for row in months.all(tx).await? {
            writer.line(&Line::ServiceMonth(row.into()))?;
            writer.counts.usage += 1;
        }
    }
    Ok(())
}

fn of_user<E: EntityTrait>(column: E::Column, user_id: Option<Uuid>) -> Select<E> {
    match user_id {
        Some(user_id) => E::find().filter(column.eq(user_id)),
        None => E::find(),
    }
}

async fn readings(
    tx: &impl ConnectionTrait,
    user_id: Option<Uuid>,
    now: DateTime<Utc>,
    writer: &mut Writer<'_, impl io::Write>,
    progress: &mut impl FnMut(Counts),
) -> Result<(), Error> {
    let mut after = Uuid::nil();
    loop {
        let page = of_user::<reading::Entity>(reading::Column::UserId, user_id)
            .filter(reading::Column::Id.gt(after))
            .order_by_asc(reading::Column::Id)
            .limit(PAGE_OF_READINGS)
            .all(tx)
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.id;
        for reading in whole(tx, page, user_id.is_none(), now).await? {
            writer.line(&Line::Reading(Box::new(reading)))?;
            writer.counts.readings += 1;
        }
        progress(writer.counts);
    }
}

/// Readings with all that hangs off them, as lines. An answer that is still being written ends in
/// its line at `now`, as interrupted, with what there is of it: nobody would finish it elsewhere.
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

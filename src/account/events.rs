//! Events of accounts: what happened to an account, when, and by which client.
//!
//! An event is written in the transaction of what it records. An account keeps its newest 400 events, and
//! beside them its newest 100 failed sign-ins, so that who guesses at its password neither fills the
//! database nor displaces the others.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};
use uuid::Uuid;

use super::user_agent;
use crate::{
    clock::Clock,
    entity::account_event::{self, Column, EventKind},
};

/// Events that an account keeps, beside its failed sign-ins.
const KEPT: u64 = 400;

/// Failed sign-ins that an account keeps.
const FAILED_KEPT: u64 = 100;

/// Records an event of an account, in the transaction of what it records.
pub(super) async fn record(
    tx: &impl ConnectionTrait,
    clock: &Clock,
    user_id: Uuid,
    kind: EventKind,
    session_id: Option<Uuid>,
    user_agent: Option<&str>,
) -> Result<(), DbErr> {
    write(tx, event(clock, user_id, kind, session_id, user_agent)).await
}

pub(super) fn event(
    clock: &Clock,
    user_id: Uuid,
    kind: EventKind,
    session_id: Option<Uuid>,
    user_agent: Option<&str>,
) -> account_event::Model {
    account_event::Model {
        id: clock.new_id(),
        user_id,
        kind,
        session_id,
        user_agent: user_agent::kept(user_agent),
        created_at: clock.now(),
    }
}

/// Inserts an event, and deletes those that are too many.
pub(super) async fn write(
    tx: &impl ConnectionTrait,
    event: account_event::Model,
) -> Result<(), DbErr> {
    let (user_id, is_failure) = (event.user_id, event.kind == EventKind::SignInFailed);
    let event = account_event::ActiveModel::from(event).reset_all();
    account_event::Entity::insert(event)
        .exec_without_returning(tx)
        .await?;
    let (alike, kept) = if is_failure {
        (Column::Kind.eq(EventKind::SignInFailed), FAILED_KEPT)
    } else {
        (Column::Kind.ne(EventKind::SignInFailed), KEPT)
    };
    let newest_too_many = account_event::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::UserId.eq(user_id))
        .filter(alike.clone())
        .order_by_desc(Column::Id)
        .offset(kept)
        .limit(1)
        .into_query();
    account_event::Entity::delete_many()
        .filter(Column::UserId.eq(user_id))
        .filter(alike)
        .filter(Expr::col(Column::Id).lte(Expr::SubQuery(None, Box::new(newest_too_many.into()))))
        .exec(tx)
        .await?;
    Ok(())
}

/// Which events, of the list newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventSlice {
    /// Only older ones than this.
    pub after: Option<Uuid>,
    /// Only newer ones than this.
    pub before: Option<Uuid>,
    pub limit: u32,
    /// The last `limit` of them rather than the first.
    pub from_end: bool,
}

/// Some of a list of events, newest first.
#[derive(Clone, Debug, Default)]
pub struct EventPage {
    pub events: Vec<account_event::Model>,
    pub has_previous: bool,
    pub has_next: bool,
}

/// Some of an account's events, in one query: one row more than asked for tells whether there are more.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    slice: &EventSlice,
) -> Result<EventPage, DbErr> {
    let mut query = account_event::Entity::find().filter(Column::UserId.eq(user_id));
    if let Some(after) = slice.after {
        query = query.filter(Column::Id.lt(after));
    }
    if let Some(before) = slice.before {
        query = query.filter(Column::Id.gt(before));
    }
    let query = if slice.from_end {
        query.order_by_asc(Column::Id)
    } else {
        query.order_by_desc(Column::Id)
    };
    let mut events = query.limit(u64::from(slice.limit) + 1).all(db).await?;
    let more = events.len() > slice.limit as usize;
    events.truncate(slice.limit as usize);
    let (has_previous, has_next) = if slice.from_end {
        events.reverse();
        (more, slice.before.is_some())
    } else {
        (slice.after.is_some(), more)
    };
    Ok(EventPage {
        events,
        has_previous,
        has_next,
    })
}

/// Those of some events that are the user's.
pub(super) async fn by_id(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<account_event::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    account_event::Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await
}

/// The last but so many of an account's events of a kind since a time.
pub(super) async fn nth_last_since(
    db: &impl ConnectionTrait,
    (user_id, kind): (Uuid, EventKind),
    since: DateTime<Utc>,
    nth: u64,
) -> Result<Option<account_event::Model>, DbErr> {
    account_event::Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::CreatedAt.gt(since))
        .order_by_desc(Column::Id)
        .offset(nth)
        .one(db)
        .await
}

//! Queries of a user's list, as ranges of indexes.
//!
//! A page under any filter costs a bounded number of index ranges, however many readings there are:
//! each combination of values is a range of its own, in the order of the ids, and the page is merged
//! from the beginnings of the ranges.

use std::cmp::{max, min};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, Iterable, Order, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
    sea_query::{Alias, Expr, Query, SelectStatement, SimpleExpr, UnionType},
};
use uuid::{Builder, Uuid};

use super::{
    search::{NEAR, Search},
    slice::{Filter, Slice},
};
use crate::entity::reading::{self, Column};

/// How far the time in an id may be from the time at which its question was asked.
const APART: TimeDelta = TimeDelta::minutes(1);

/// Readings that stand together in an index, in the order of the ids: those with these values.
struct Range {
    /// The index's first columns.
    first: Vec<(Column, SimpleExpr)>,
    /// Those before the id, which are compared and ordered by with it. A scan ends where the first of them
    /// does: it reads to the end of those that share it, if the page is not full before.
    last: Vec<(Column, SimpleExpr)>,
}

impl Filter {
    /// Everything that it holds for is in one of them, and in no other.
    fn ranges(&self, user_id: Uuid) -> Vec<Range> {
        let user = (Column::UserId, Expr::val(user_id));
        if let Some(id) = self.in_reply_to {
            return vec![Range {
                first: Vec::new(),
                last: vec![(Column::InReplyTo, Expr::val(id)), user],
            }];
        }
        let advisors = values(self.advisors.as_deref());
        if self.statuses.is_none() && self.engines.is_none() && self.is_favourite.is_none() {
            if self.advisors.is_none() {
                return vec![Range {
                    first: Vec::new(),
                    last: vec![user],
                }];
            }
            let advisors = advisors.into_iter();
            let range = |advisor| Range {
                first: vec![user.clone()],
                last: vec![(Column::Advisor, Expr::val(advisor))],
            };
            return advisors.map(range).collect();
        }
        let marks = match self.is_favourite {
            Some(mark) => vec![mark],
            None => vec![true, false],
        };
        let mut ranges = Vec::new();
        for mark in marks {
            for advisor in &advisors {
                for status in values(self.statuses.as_deref()) {
                    for engine in values(self.engines.as_deref()) {
                        let first = vec![
                            user.clone(),
                            (Column::IsFavourite, Expr::val(mark)),
                            (Column::Advisor, Expr::val(*advisor)),
                            (Column::Status, Expr::val(status)),
                        ];
                        ranges.push(Range {
                            first,
                            last: vec![(Column::Engine, Expr::val(engine))],
                        });
                    }
                }
            }
        }
        ranges
    }

    fn times(&self) -> Condition {
        let after = self.created_after.map(|time| Column::CreatedAt.gt(time));
        let before = self.created_before.map(|time| Column::CreatedAt.lt(time));
        Condition::all().add_option(after).add_option(before)
    }

    /// All conditions but those on the user, the ids and the words.
    fn conditions(&self) -> Condition {
        let advisors = self.advisors.as_ref();
        let advisors = advisors.map(|any| Column::Advisor.is_in(any.iter().copied()));
        let statuses = self.statuses.as_ref();
        let statuses = statuses.map(|any| Column::Status.is_in(any.iter().copied()));
        let engines = self.engines.as_ref();
        let engines = engines.map(|any| Column::Engine.is_in(any.iter().copied()));
        let mark = self.is_favourite;
        Condition::all()
            .add_option(self.in_reply_to.map(|id| Column::InReplyTo.eq(id)))
            .add_option(advisors)
            .add_option(statuses)
            .add_option(engines)
            .add_option(mark.map(|mark| Column::IsFavourite.eq(mark)))
            .add_option(self.created_after.map(|time| Column::CreatedAt.gt(time)))
            .add_option(self.created_before.map(|time| Column::CreatedAt.lt(time)))
    }

    /// The user's readings that it holds for, in no order. None where there can be none.
    pub(super) fn all(&self, user_id: Uuid, is_postgres: bool) -> Option<Select<reading::Entity>> {
        let (lowest, highest) = self.ends();
        let ids = Condition::all()
            .add_option((lowest != Uuid::nil()).then(|| Column::Id.gt(lowest)))
            .add_option((highest != Uuid::max()).then(|| Column::Id.lt(highest)));
        let mut query = reading::Entity::find_owned(user_id);
        for condition in [self.conditions(), ids] {
            if !condition.is_empty() {
                query = query.filter(condition);
            }
        }
        let Some(text) = &self.search else {
            return Some(query);
        };
        let search = Search::new(user_id, text, is_postgres)?;
        Some(query.filter(Column::Id.in_subquery(search.ids())))
    }

    /// Ids that are before and after those of all readings that it holds for. No reading has them.
    fn ends(&self) -> (Uuid, Uuid) {
        let id = |time: DateTime<Utc>| {
            let time = u64::try_from(time.timestamp_millis()).unwrap_or_default();
            Builder::from_unix_timestamp_millis(time, &[0; 10]).into_uuid()
        };
        let earlier = |time: DateTime<Utc>| time.checked_sub_signed(APART);
        let later = |time: DateTime<Utc>| time.checked_add_signed(APART);
        (
            self.created_after.and_then(earlier).map_or(Uuid::nil(), id),
            self.created_before.and_then(later).map_or(Uuid::max(), id),
        )
    }
}

/// Those given, each once; all, where none are.
fn values<T: Iterable + PartialEq + Copy>(given: Option<&[T]>) -> Vec<T> {
    let is_wanted = |value: &T| given.is_none_or(|given| given.contains(value));
    T::iter().filter(is_wanted).collect()
}

/// A user's readings, in order, as the rows of indexes that lie between two of their rows: as many as
/// the slice has room for, and one more. None where no reading can be among them.
#[must_use]
pub fn listed(user_id: Uuid, slice: &Slice, is_postgres: bool) -> Option<Select<reading::Entity>> {
    let between = ends(slice);
    if let Some(text) = &slice.filter.search {
        let search = Search::new(user_id, text, is_postgres)?;
        return Some(search.page(slice.filter.conditions(), between, slice));
    }
    let ranges = slice.filter.ranges(user_id);
    let order = if slice.from_end {
        Order::Asc
    } else {
        Order::Desc
    };
    let limit = u64::from(slice.limit) + 1;
    let rows = |range: &Range| {
        let mut query = within(range, between, &order).limit(limit);
        if slice.filter.in_reply_to.is_some() {
            // The index has no others.
            query = query.filter(Column::InReplyTo.is_not_null());
        }
        let times = slice.filter.times();
        if times.is_empty() {
            query
        } else {
            query.filter(times)
        }
    };
    match ranges.as_slice() {
        [] => None,
        [range] => Some(rows(range)),
        ranges => {
            let ids = ranges.iter().map(|range| {
                let ids = rows(range).select_only().column(Column::Id).into_query();
                Query::select()
                    .column("id")
                    .from_subquery(ids, Alias::new("range"))
                    .to_owned()
            });
            let mut ids = ids.reduce(|mut all: SelectStatement, more| {
                all.union(UnionType::All, more).to_owned()
            })?;
            ids.order_by("id", order.clone()).limit(limit);
            let query = reading::Entity::find().filter(Column::Id.in_subquery(ids));
            Some(query.order_by(Column::Id, order))
        }
    }
}

/// The first of a list that is searched, where looking at these before all is better.
#[derive(Clone)]
pub(super) struct Near {
    /// Those of the page that are among them.
    pub page: Select<reading::Entity>,
    /// A row, if there are others.
    pub others: SelectStatement,
}

/// None where asking for all at once is better.
pub(super) fn near(user_id: Uuid, slice: &Slice, is_postgres: bool) -> Option<Near> {
    let text = slice.filter.search.as_ref()?;
    if !is_postgres && slice.filter.conditions().is_empty() {
        return None;
    }
    let search = Search::new(user_id, text, is_postgres)?;
    let all = Slice {
        filter: Filter {
            search: None,
            ..slice.filter.clone()
        },
        limit: NEAR - 1,
        ..slice.clone()
    };
    let ids = listed(user_id, &all, is_postgres)?;
    let ids = ids.select_only().column(Column::Id).into_query();
    let others = Query::select()
        .column("id")
        .from_subquery(ids.clone(), "near")
        .offset(u64::from(NEAR) - 1)
        .limit(1)
        .to_owned();
    Some(Near {
        page: search.near(ids, slice),
        others,
    })
}

/// The ids that a slice lies between.
fn ends(slice: &Slice) -> (Uuid, Uuid) {
    let (lowest, highest) = slice.filter.ends();
    (
        max(slice.before.unwrap_or(Uuid::nil()), lowest),
        min(slice.after.unwrap_or(Uuid::max()), highest),
    )
}

/// The readings of a range whose ids lie between two.
///
/// With the id alone compared and ordered by, PostgreSQL may walk the primary key and pass over the
/// readings of others, on the guess that this user's are strewn among them evenly: the first page of a
/// user who has many then costs as much as others have asked since.
fn within(range: &Range, between: (Uuid, Uuid), order: &Order) -> Select<reading::Entity> {
    let mut query = reading::Entity::find();
    for (column, value) in &range.first {
        query = query.filter(column.into_expr().eq(value.clone()));
    }
    let columns = || {
        range
            .last
            .iter()
            .map(|(column, _)| *column)
            .chain([Column::Id])
    };
    let row = Expr::tuple(columns().map(ColumnTrait::into_expr));
    let place = |id: Uuid| {
        let values = range.last.iter().map(|(_, value)| value.clone());
        Expr::tuple(values.chain([Expr::val(id)]))
    };
    query = query
        .filter(row.clone().gt(place(between.0)))
        .filter(row.lt(place(between.1)));
    for column in columns() {
        query = query.order_by(column, order.clone());
    }
    query
}

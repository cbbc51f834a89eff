//! Search in questions and answers: the same words find the same readings on both databases, newest
//! first, in the order and with the cursors of the list.

mod index;
mod words;

use sea_orm::{
    ColumnTrait, Condition, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Query, SelectStatement},
};
use uuid::Uuid;

use super::Slice;
use crate::entity::reading::{self, Column};
use words::Sought;

/// Characters of a search, at most.
pub const SEARCH_MAX: usize = 200;

/// Readings among which PostgreSQL looks first.
const NEAR: u64 = 3000;

/// The table of words.
const WORDS: &str = "reading_words";

/// A search of one user's readings.
pub(super) struct Search {
    user_id: Uuid,
    sought: Sought,
    is_postgres: bool,
}

impl Search {
    /// None where nothing can be found.
    pub(super) fn new(user_id: Uuid, text: &str, is_postgres: bool) -> Option<Self> {
        let sought = Sought::parse(text);
        (!sought.is_empty()).then_some(Self {
            user_id,
            sought,
            is_postgres,
        })
    }

    /// The ids of all that is found.
    pub(super) fn ids(&self) -> SelectStatement {
        let mut ids = Query::select();
        ids.column((WORDS, "reading_id"));
        if self.is_postgres {
            ids.from(WORDS).and_where(self.has_words());
        } else {
            let same = Expr::col((WORDS, "place")).eq(rowid());
            ids.from("reading_texts")
                .inner_join(WORDS, same)
                .and_where(self.has_words());
        }
        ids
    }

    fn has_words(&self) -> Expr {
        if self.is_postgres {
            let query = self.sought.as_tsquery(self.user_id);
            let has = "\"reading_words\".\"words\" @@ CAST($1 AS text)::tsquery";
            Expr::cust_with_values(has, [query])
        } else {
            let query = self.sought.as_match(self.user_id);
            Expr::cust_with_values("reading_texts MATCH ?", [query])
        }
    }

    /// A page of what is found and meets a condition on readings, between two ids.
    ///
    /// SQLite reads the index in the order of the list, and stops at the end of the page. PostgreSQL
    /// finds all that has the words, and orders it: it is asked for words that few readings have, after
    /// [`Self::near`].
    pub(super) fn page(
        &self,
        condition: Condition,
        between: (Uuid, Uuid),
        slice: &Slice,
    ) -> Select<reading::Entity> {
        let mut ids = self.ids();
        let id = || Expr::col((WORDS, "reading_id"));
        ids.and_where(id().gt(between.0))
            .and_where(id().lt(between.1));
        if self.is_postgres {
            // Where it may not order and stop, it does not walk past all that lack the words.
            ids.offset(0);
            return self.readings(ids, condition, slice);
        }
        join(&mut ids, condition);
        ids.and_where(rowid().gte(place(between.0)))
            .and_where(rowid().lte(place(between.1)))
            .order_by_expr(rowid(), order(slice))
            .limit(u64::from(slice.limit) + 1);
        self.readings(ids, Condition::all(), slice)
    }

    /// The same among the readings at the beginning of the page alone, on PostgreSQL. It has the page, if
    /// that is full.
    pub(super) fn near(
        &self,
        condition: Condition,
        between: (Uuid, Uuid),
        slice: &Slice,
    ) -> Option<Select<reading::Entity>> {
        if !self.is_postgres {
            return None;
        }
        let (user, id) = (
            Expr::col((WORDS, "user_id")),
            Expr::col((WORDS, "reading_id")),
        );
        let row = Expr::tuple([user, id]);
        let at = |id: Uuid| Expr::tuple([Expr::val(self.user_id), Expr::val(id)]);
        let near = Query::select()
            .columns([(WORDS, "reading_id"), (WORDS, "words")])
            .from(WORDS)
            .and_where(row.clone().gt(at(between.0)))
            .and_where(row.lt(at(between.1)))
            .order_by((WORDS, "user_id"), order(slice))
            .order_by((WORDS, "reading_id"), order(slice))
            .limit(NEAR)
            .to_owned();
        let ids = Query::select()
            .column((WORDS, "reading_id"))
            .from_subquery(near, WORDS)
            .and_where(self.has_words())
            .to_owned();
        Some(self.readings(ids, condition, slice))
    }

    fn readings(
        &self,
        ids: SelectStatement,
        condition: Condition,
        slice: &Slice,
    ) -> Select<reading::Entity> {
        let mut query = reading::Entity::find_owned(self.user_id);
        if !condition.is_empty() {
            query = query.filter(condition);
        }
        query
            .filter(Column::Id.in_subquery(ids))
            .order_by(Column::Id, order(slice))
            .limit(u64::from(slice.limit) + 1)
    }
}

fn order(slice: &Slice) -> Order {
    if slice.from_end {
        Order::Asc
    } else {
        Order::Desc
    }
}

fn join(ids: &mut SelectStatement, condition: Condition) {
    if !condition.is_empty() {
        let same = Expr::col(("readings", "id")).eq(Expr::col((WORDS, "reading_id")));
        ids.inner_join("readings", same).cond_where(condition);
    }
}

fn rowid() -> Expr {
    Expr::cust("reading_texts.rowid")
}

/// The place of a reading in SQLite's index: in the order of the ids, from the time in it and its next
/// 21 bits.
fn place(id: Uuid) -> i64 {
    let bits = id.as_u128();
    let time = (bits >> 80) & ((1 << 42) - 1);
    let more = ((bits >> 64) & 0xfff) << 9 | (bits >> 53) & 0x1ff;
    i64::try_from(time << 21 | more).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_in_the_order_of_ids(a in 0..1_u64 << 42, b in 0..1_u64 << 42, x: [u8; 10], y: [u8; 10]) {
            let id = |time, more: &[u8; 10]| uuid::Builder::from_unix_timestamp_millis(time, more).into_uuid();
            for (a, b) in [(id(a, &x), id(b, &y)), (id(a, &x), id(a, &y))] {
                prop_assert!(a > b || place(a) <= place(b));
                prop_assert!(place(Uuid::nil()) <= place(a));
            }
        }
    }
}

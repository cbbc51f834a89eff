//! Search in questions and answers: the same words find the same readings on both databases, newest
//! first, in the order and with the cursors of the list.

mod index;
mod words;

use sea_orm::{
    ColumnTrait, Condition, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, JoinType, Query, SelectStatement},
};
use uuid::Uuid;

use super::slice::Slice;
use crate::entity::reading::{self, Column};
use words::Sought;

/// Characters of a search, at most.
pub const SEARCH_MAX: usize = 200;

/// Readings among which PostgreSQL looks first. More take longer to look at than the index takes to find
/// what fewer than a page of them have.
pub(super) const NEAR: u32 = 1000;

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
        let is_between = id().gt(between.0).and(id().lt(between.1));
        if self.is_postgres {
            // Where it may neither order and stop nor walk between the ids, it takes the index of words.
            ids.offset(0);
            let mut page = Query::select();
            page.from_subquery(ids, WORDS).and_where(is_between);
            if !condition.is_empty() {
                // One by one, and not by a walk through all of the user's readings.
                let same = Expr::col(("readings", "id")).eq(id());
                let reading = Query::select()
                    .expr(Expr::val(1))
                    .from("readings")
                    .and_where(same)
                    .cond_where(condition)
                    .offset(0)
                    .to_owned();
                page.join_lateral(JoinType::InnerJoin, reading, "meets", Expr::val(true));
            }
            return self.readings(page, (WORDS, "reading_id"), slice);
        }
        join(&mut ids, condition);
        ids.and_where(is_between)
            .and_where(rowid().gte(place(between.0)))
            .and_where(rowid().lte(place(between.1)))
            .order_by_expr(rowid(), order(slice))
            .limit(u64::from(slice.limit) + 1);
        self.owned(ids, slice)
    }

    /// The same among the readings at the beginning of the list alone, whose ids are given. It
    /// has the page, if that is full, or if there are no others.
    pub(super) fn near(&self, ids: SelectStatement, slice: &Slice) -> Select<reading::Entity> {
        let same = Expr::col((WORDS, "reading_id")).eq(Expr::col(("near", "id")));
        let mut page = Query::select();
        page.from_subquery(ids, "near");
        if self.is_postgres {
            let words = Query::select()
                .column((WORDS, "words"))
                .from(WORDS)
                .and_where(same)
                .offset(0)
                .to_owned();
            page.join_lateral(JoinType::InnerJoin, words, WORDS, Expr::val(true))
                .and_where(self.has_words());
        } else {
            let at = Expr::col((WORDS, "place")).eq(rowid());
            page.inner_join(WORDS, same).inner_join("reading_texts", at);
            for text in self.sought.as_texts() {
                let has = "instr(reading_texts.words || ' ', ?) > 0";
                page.and_where(Expr::cust_with_values(has, [text]));
            }
        }
        self.readings(page, ("near", "id"), slice)
    }

    /// The readings of a page whose ids are in a column of rows.
    ///
    /// The page ends before it meets the readings: PostgreSQL would merge it with all of the user's.
    fn readings(
        &self,
        mut rows: SelectStatement,
        id: (&'static str, &'static str),
        slice: &Slice,
    ) -> Select<reading::Entity> {
        rows.column(id)
            .order_by(id, order(slice))
            .limit(u64::from(slice.limit) + 1);
        self.owned(rows, slice)
    }

    fn owned(&self, ids: SelectStatement, slice: &Slice) -> Select<reading::Entity> {
        reading::Entity::find_owned(self.user_id)
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

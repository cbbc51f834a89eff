//! Any page of any list, against the list itself.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ADVISORS, ask_many, ids, page};
use crate::support::{Member, Server, for_all, on_both};

/// A page as it is asked for. Cursors are those of the whole list's readings, by number: under a
/// filter they may be of readings that the list does not have.
#[derive(Clone, Debug)]
struct Asked {
    /// Whose: lists of 0, 1, 2, 5 and 17.
    list: usize,
    advisor: Option<&'static str>,
    from_end: bool,
    size: usize,
    after: Option<prop::sample::Index>,
    before: Option<prop::sample::Index>,
}

const LENGTHS: [usize; 5] = [0, 1, 2, 5, 17];

fn asked() -> impl Strategy<Value = Asked> {
    (
        0..LENGTHS.len(),
        prop::option::of(prop::sample::select(&ADVISORS[..])),
        any::<bool>(),
        1..8_usize,
        prop::option::weighted(0.6, any::<prop::sample::Index>()),
        prop::option::weighted(0.6, any::<prop::sample::Index>()),
    )
        .prop_map(|(list, advisor, from_end, size, after, before)| Asked {
            list,
            advisor,
            from_end,
            size,
            after,
            before,
        })
}

/// Somebody with readings: their ids and advisors, newest first, and their cursors.
struct Reader {
    who: Member,
    readings: Vec<(Value, &'static str)>,
    cursors: Vec<Value>,
}

impl Reader {
    async fn with(server: &Server, count: usize) -> Self {
        let who = server.join(&format!("reader{count}")).await;
        let readings = ask_many(server, &who, count).await;
        let all = page(server, &who, json!({ "first": 100 })).await;
        let edges = all["edges"].as_array().unwrap().iter();
        let cursors = edges.map(|edge| edge["cursor"].clone()).collect();
        Self {
            who,
            readings,
            cursors,
        }
    }

    /// Asks for the page, and compares it with what is cut out of the whole list.
    async fn assert_sliced(&self, server: &Server, asked: &Asked) {
        let length = self.readings.len();
        let place = |index: &Option<prop::sample::Index>| {
            index
                .filter(|_| length > 0)
                .map(|index| index.index(length))
        };
        let (after, before) = (place(&asked.after), place(&asked.before));
        let cursor = |place: Option<usize>| place.map(|place| self.cursors[place].clone());
        let size = if asked.from_end { "last" } else { "first" };
        let arguments = json!({
            size: asked.size, "after": cursor(after), "before": cursor(before), "advisor": asked.advisor,
        });
        let answer = page(server, &self.who, arguments).await;

        let is_in_list = |whom: &str| asked.advisor.is_none_or(|advisor| advisor == whom);
        let start = after.map_or(0, |after| after + 1);
        let end = before.unwrap_or(length);
        let window: Vec<_> = (start..end)
            .filter(|place| is_in_list(self.readings[*place].1))
            .map(|place| self.readings[place].0.clone())
            .collect();
        let left_out = window.len().saturating_sub(asked.size);
        let expected = if asked.from_end {
            &window[left_out..]
        } else {
            &window[..window.len() - left_out]
        };
        assert_eq!(ids(&answer), expected);
        // On the side it is counted from, whether a cursor has cut something off; on the other,
        // whether there is more of the window: so the specification of connections has it.
        let (near, far) = if asked.from_end {
            ("hasNextPage", "hasPreviousPage")
        } else {
            ("hasPreviousPage", "hasNextPage")
        };
        assert_eq!(answer["pageInfo"][far], left_out > 0);
        let cut = if asked.from_end { before } else { after };
        assert_eq!(answer["pageInfo"][near], cut.is_some());
        let whole = self.readings.iter().filter(|(_, whom)| is_in_list(whom));
        assert_eq!(answer["totalCount"], whole.count());
    }

    /// Turns pages of these sizes, one after another, to the end of the list.
    async fn assert_walked(
        &self,
        server: &Server,
        advisor: Option<&str>,
        sizes: &[usize],
        back: bool,
    ) {
        let (size, cursor, more, next) = if back {
            ("last", "before", "hasPreviousPage", "startCursor")
        } else {
            ("first", "after", "hasNextPage", "endCursor")
        };
        let (mut seen, mut from) = (Vec::new(), Value::Null);
        for n in sizes.iter().cycle() {
            let arguments = json!({ size: n, cursor: from, "advisor": advisor });
            let page = page(server, &self.who, arguments).await;
            let ids = ids(&page);
            assert!(ids.len() <= *n);
            seen = if back {
                [ids, seen].concat()
            } else {
                [seen, ids].concat()
            };
            if page["pageInfo"][more] == false {
                break;
            }
            from = page["pageInfo"][next].clone();
        }
        let all = self.readings.iter();
        let all = all.filter(|(_, whom)| advisor.is_none_or(|advisor| advisor == *whom));
        assert_eq!(seen, all.map(|(id, _)| id.clone()).collect::<Vec<_>>());
    }
}

on_both! {
    async fn every_page_is_a_slice_of_the_list(server: Server) {
        let mut readers = Vec::new();
        for count in LENGTHS {
            readers.push(Reader::with(&server, count).await);
        }
        let shared = Arc::new((server, readers));

        let sharing = shared.clone();
        for_all(150, asked(), async move |asked: Asked| {
            let (server, readers) = &*sharing;
            readers[asked.list].assert_sliced(server, &asked).await;
        })
        .await;
        let walk = (
            0..LENGTHS.len(),
            prop::option::of(prop::sample::select(&ADVISORS[..])),
            prop::collection::vec(1..6_usize, 1..5),
            any::<bool>(),
        );
        for_all(30, walk, async move |(list, advisor, sizes, back)| {
            let (server, readers) = &*shared;
            readers[list].assert_walked(server, advisor, &sizes, back).await;
        })
        .await;
    }
}

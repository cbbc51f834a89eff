//! Users' lists of readings, and their usage.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};

use super::{
    deployment::{ANSWERS_PER_MONTH, READINGS_PER_DAY},
    device::Device,
    transport::Outcome,
};

const LIST: &str = "query ($after: String, $filter: ReadingFilter) {
    readings(first: 7, after: $after, filter: $filter) {
        nodes { id question isFavourite note rating } pageInfo { hasNextPage endCursor }
    }
}";
const USAGE: &str =
    "{ profile { usage { readingsToday costThisMonth } sessions { id isCurrent } } }";

/// A reading as it is known before a list is read.
struct Listed {
    number: usize,
    id: String,
    is_kept: bool,
    is_gone: bool,
    answers: Option<u32>,
}

impl Device {
    /// Goes through all pages, of all readings or of the favourites: each reading that must be there is,
    /// once, with what was kept with it, and no other.
    pub async fn list(&mut self, session: usize) {
        let favourites = self.random.u8(..3) == 0;
        let filter = if favourites {
            json!({ "isFavourite": true })
        } else {
            Value::Null
        };
        let began = self.history().now();
        let before = self.known();
        let mut found = HashSet::new();
        let mut after = Value::Null;
        loop {
            let query = (LIST, json!({ "after": after, "filter": filter }));
            let what = if favourites { "favourites" } else { "readings" };
            let sent = self
                .send("list", what, query, Some(session), |_, _, _| {})
                .await;
            let Outcome::Data(data) = &sent.outcome else {
                return;
            };
            for node in data["readings"]["nodes"].as_array().into_iter().flatten() {
                let id = node["id"].as_str().unwrap_or_default().to_owned();
                if !found.insert(id.clone()) {
                    let what = format!("{id} is listed twice");
                    self.fail("a list has each reading once", "", what);
                }
                if let Some(known) = before.iter().find(|known| known.id == id) {
                    self.is_kept_as_set(known.number, node, sent.began, known.answers);
                }
            }
            let page = &data["readings"]["pageInfo"];
            if page["hasNextPage"] != json!(true) {
                break;
            }
            after = page["endCursor"].clone();
        }
        self.is_listed_rightly(&before, &found, began, favourites);
    }

    /// Checks a list, read since then, against what was known before it.
    fn is_listed_rightly(
        &self,
        before: &[Listed],
        found: &HashSet<String>,
        began: Duration,
        favourites: bool,
    ) {
        let state = self.person.lock();
        for known in before {
            let asked = &state.asked[known.number];
            let fail = |rule, what: &str| {
                let what = format!("{} {what}", known.id);
                self.fail(rule, &asked.mark, what);
            };
            let is_listed = found.contains(&known.id);
            if is_listed && known.is_gone {
                fail("what was deleted is gone", "is listed");
            }
            let favourite = asked.kept.is_favourite(began);
            if is_listed && favourites && favourite == Some(false) {
                fail(
                    "what is kept is what was set",
                    "is listed, and is no favourite",
                );
            }
            let is_kept = known.is_kept && asked.is_kept() && !state.deleting;
            if !is_listed && is_kept && (!favourites || favourite == Some(true)) {
                fail("an acknowledged write is there", "is not listed");
            }
        }
    }

    /// The readings that were acknowledged.
    fn known(&self) -> Vec<Listed> {
        let state = self.person.lock();
        let known = state
            .asked
            .iter()
            .enumerate()
            .filter_map(|(number, asked)| {
                Some(Listed {
                    number,
                    id: asked.id.clone()?,
                    is_kept: asked.is_kept(),
                    is_gone: asked.deleted.is_some(),
                    answers: asked.answers(),
                })
            });
        known.collect()
    }

    pub async fn usage(&mut self, session: usize) {
        let sent = self
            .send(
                "usage",
                "usage",
                (USAGE, json!({})),
                Some(session),
                |_, _, _| {},
            )
            .await;
        let Outcome::Data(data) = &sent.outcome else {
            return;
        };
        let usage = &data["profile"]["usage"];
        let readings = usage["readingsToday"].as_i64().unwrap_or_default();
        let cost = usage["costThisMonth"].as_str().unwrap_or_default();
        let cost: f64 = cost.parse().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a few dollars")]
        let limit = ANSWERS_PER_MONTH as f64 + 0.5;
        if readings > READINGS_PER_DAY.into() || cost > limit {
            let what = format!("{readings} readings, {cost} dollars");
            self.fail("no quota or budget is passed", "", what);
        }
    }
}

//! Users' readings: ask, look, cancel, regenerate, delete, list.

use std::{collections::HashSet, time::Duration};

use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{
    asked::Asked,
    deployment::{ANSWERS_PER_MONTH, READINGS_PER_DAY},
    device::Device,
    ids,
    provider::question,
    transport::Outcome,
};
use mula::entity;

const ASK: &str = "mutation ($input: AskAdvisorInput!) {
    askAdvisor(input: $input) { reading { id question status response } }
}";
const LOOK: &str = "query ($id: ID!) { reading(id: $id) { id question status response } }";
const CANCEL: &str = "mutation ($id: ID!) {
    cancelReading(input: { id: $id }) { reading { id question status response } }
}";
const REGENERATE: &str = "mutation ($input: RegenerateReadingInput!) {
    regenerateReading(input: $input) { reading { id } }
}";
const DELETE: &str =
    "mutation ($id: ID!) { deleteReading(input: { id: $id }) { deletedReadingId } }";
const LIST: &str = "query ($after: String) {
    readings(first: 7, after: $after) { nodes { id question } pageInfo { hasNextPage endCursor } }
}";
const USAGE: &str =
    "{ profile { usage { readingsToday costThisMonth } sessions { id isCurrent } } }";

impl Device {
    /// Asks something new, or what was asked before once more with the same key.
    pub async fn ask(&mut self, session: usize) {
        let began = self.history().now();
        let (number, asked, look) = {
            let mut state = self.person.lock();
            let again = (self.random.u8(..3) == 0).then(|| {
                let all = 0..state.asked.len();
                let keyed: Vec<_> = all
                    .filter(|it| {
                        state.asked[*it].key.is_some() && state.asked[*it].deleters.is_empty()
                    })
                    .collect();
                self.random.choice(keyed)
            });
            let number = again.flatten().unwrap_or_else(|| {
                let mark = format!("{}q{}", self.person.name, state.asked.len());
                let key = (self.random.u8(..4) > 0).then(|| format!("key-{mark}"));
                state.asked.push(Asked::new(mark, key, began));
                state.asked.len() - 1
            });
            let asked = &mut state.asked[number];
            asked.attempts += 1;
            (
                number,
                (asked.mark.clone(), asked.key.clone()),
                asked.look(began),
            )
        };
        let (mark, key) = asked;
        let wait = self.random.u8(..3) == 0;
        let advisor = ["LEGBA", "OSHUN", "SHANGO", "YEMAYA"][number % 4];
        let input = json!({
            "advisor": advisor,
            "question": question(&mark), "wait": wait, "idempotencyKey": key,
        });
        let with = if key.is_some() {
            "with a key"
        } else {
            "without a key"
        };
        let what = format!("askAdvisor({mark}, {with}, wait: {wait})");
        let query = (ASK, json!({ "input": input }));
        let sent = self
            .send(&mark, &what, query, Some(session), |_, _, _| {})
            .await;
        let now = self.history().now();
        match (&sent.outcome, sent.outcome.code()) {
            (Outcome::Data(data), _) => {
                let reading = &data["askAdvisor"]["reading"];
                let checked = self.person.lock().asked[number].acknowledged(reading, &look, now);
                if let Err(what) = checked {
                    self.fail("a key has one reading, and an end is the end", &mark, what);
                }
                self.reading_is_stored(number, &reading["id"]).await;
            }
            (_, Some("CONFLICT")) => {
                let what = "CONFLICT for the same question".to_owned();
                self.fail("a key has one reading, and an end is the end", &mark, what);
            }
            (_, Some("QUOTA_EXCEEDED")) => self.person.lock().refused += 1,
            _ => {}
        }
    }

    async fn reading_is_stored(&self, number: usize, id: &Value) {
        let Some(uuid) = ids::uuid(id) else { return };
        let stored = entity::reading::Entity::find_by_id(uuid)
            .one(&self.deployment.direct)
            .await;
        let (is_kept, mark) = {
            let state = self.person.lock();
            let asked = &state.asked[number];
            (asked.is_kept() && !state.deleting, asked.mark.clone())
        };
        if matches!(stored, Ok(None)) && is_kept {
            let what = format!("{id} is not in the database");
            self.fail("an acknowledged write is there", &mark, what);
        }
    }

    /// One that was acknowledged, whether deleted or not; mostly a late one.
    pub fn draw_reading(&mut self) -> Option<usize> {
        let state = self.person.lock();
        let all = 0..state.asked.len();
        let acknowledged: Vec<_> = all.filter(|it| state.asked[*it].id.is_some()).collect();
        drop(state);
        let late = acknowledged.len().saturating_sub(3);
        if self.random.bool() {
            return self.random.choice(acknowledged[late..].to_vec());
        }
        self.random.choice(acknowledged)
    }

    /// Its mark, and its id.
    pub fn named(&self, number: usize) -> (String, String) {
        let state = self.person.lock();
        let asked = &state.asked[number];
        (asked.mark.clone(), asked.id.clone().unwrap_or_default())
    }

    pub async fn look(&mut self, session: usize, number: usize) {
        self.look_at(session, number, ("reading", LOOK)).await;
    }

    pub async fn cancel(&mut self, session: usize, number: usize) {
        self.person.lock().asked[number].cancels += 1;
        self.look_at(session, number, ("cancelReading", CANCEL))
            .await;
    }

    async fn look_at(&mut self, session: usize, number: usize, (field, query): (&str, &str)) {
        let (mark, id) = self.named(number);
        let now = self.history().now();
        let look = self.person.lock().asked[number].look(now);
        let what = format!("{field}({mark})");
        let query = (query, json!({ "id": id }));
        let sent = self
            .send(&mark, &what, query, Some(session), |_, _, _| {})
            .await;
        let now = self.history().now();
        match &sent.outcome {
            Outcome::Data(data) => {
                let found = match field {
                    "reading" => &data["reading"],
                    _ => &data[field]["reading"],
                };
                let mut state = self.person.lock();
                let asked = &mut state.asked[number];
                if let Some(deleted) = asked.deleted
                    && sent.began > deleted
                    // A late attempt with the same key may have made it anew.
                    && found["id"] == json!(id)
                {
                    let what = format!("{id} is there after its deletion");
                    self.fail("what was deleted is gone", &mark, what);
                }
                if let Err(what) = asked.seen(found, &look, now) {
                    self.fail("an end is the end", &mark, what);
                }
            }
            _ => self.may_be_missing(number, &sent.outcome),
        }
    }

    /// Whether a reading may be missing, if that is what was answered.
    pub fn may_be_missing(&self, number: usize, outcome: &Outcome) {
        let (mark, _) = self.named(number);
        let is_kept = {
            let state = self.person.lock();
            state.asked[number].is_kept() && !state.deleting
        };
        if outcome.code() == Some("NOT_FOUND") && is_kept {
            let what = "NOT_FOUND, and nobody deleted it".to_owned();
            self.fail("an acknowledged write is there", &mark, what);
        }
    }

    pub async fn regenerate(&mut self, session: usize, number: usize) {
        let (mark, id) = self.named(number);
        let key = self.random.bool().then(|| {
            let number = self.random.u32(..);
            format!("again-{mark}-{number}")
        });
        let input = json!({ "id": id, "wait": self.random.u8(..4) == 0, "idempotencyKey": key });
        let what = format!("regenerateReading({mark})");
        let query = (REGENERATE, json!({ "input": input }));
        let sent = self
            .send(&mark, &what, query, Some(session), |state, _, _| {
                state.asked[number].regenerations += 1;
                state.asked[number].regenerating += 1;
            })
            .await;
        if !sent.outcome.is_uncertain() {
            self.person.lock().asked[number].regenerating -= 1;
        }
        if sent.outcome.code() == Some("QUOTA_EXCEEDED") {
            self.person.lock().refused += 1;
        }
        self.may_be_missing(number, &sent.outcome);
    }

    pub async fn delete(&mut self, session: usize, number: usize) {
        let (mark, id) = self.named(number);
        let what = format!("deleteReading({mark})");
        let query = (DELETE, json!({ "id": id }));
        let is_kept = {
            let state = self.person.lock();
            state.asked[number].is_kept() && !state.deleting
        };
        let sent = self
            .send(&mark, &what, query, Some(session), |state, event, _| {
                state.asked[number].deleters.push(event);
            })
            .await;
        if matches!(sent.outcome, Outcome::Data(_)) {
            let now = self.history().now();
            self.person.lock().asked[number].deleted.get_or_insert(now);
            self.reading_is_gone(&mark, &id).await;
        } else if !sent.outcome.is_uncertain() {
            let mut state = self.person.lock();
            let deleting = state.deleting;
            let asked = &mut state.asked[number];
            asked.deleters.retain(|event| *event != sent.event);
            let is_missing = sent.outcome.code() == Some("NOT_FOUND");
            if is_missing && is_kept && asked.is_kept() && !deleting {
                let what = "NOT_FOUND, and nobody deleted it".to_owned();
                self.fail("an acknowledged write is there", &mark, what);
            }
        }
    }

    async fn reading_is_gone(&self, mark: &str, id: &str) {
        let Some(uuid) = ids::uuid(&json!(id)) else {
            return;
        };
        let stored = entity::reading::Entity::find_by_id(uuid)
            .one(&self.deployment.direct)
            .await;
        if matches!(stored, Ok(Some(_))) {
            let what = format!("{id} is in the database after its deletion");
            self.fail("what was deleted is gone", mark, what);
        }
    }

    /// Goes through all pages: each reading that must be there is, once.
    pub async fn list(&mut self, session: usize) {
        let must: Vec<_> = {
            let state = self.person.lock();
            let kept = state.asked.iter().enumerate();
            kept.filter(|(_, asked)| asked.is_kept())
                .map(|(number, asked)| (number, asked.id.clone().unwrap_or_default()))
                .collect()
        };
        let gone: Vec<_> = {
            let state = self.person.lock();
            let gone = state.asked.iter().filter(|asked| asked.deleted.is_some());
            gone.filter_map(|asked| asked.id.clone()).collect()
        };
        let mut found = HashSet::new();
        let mut after = Value::Null;
        loop {
            let query = (LIST, json!({ "after": after }));
            let sent = self
                .send("list", "readings", query, Some(session), |_, _, _| {})
                .await;
            let Outcome::Data(data) = &sent.outcome else {
                return;
            };
            for node in data["readings"]["nodes"].as_array().into_iter().flatten() {
                let id = node["id"].as_str().unwrap_or_default().to_owned();
                if gone.contains(&id) {
                    self.fail("what was deleted is gone", "", format!("{id} is listed"));
                }
                if !found.insert(id.clone()) {
                    let what = format!("{id} is listed twice");
                    self.fail("a list has each reading once", "", what);
                }
            }
            let page = &data["readings"]["pageInfo"];
            if page["hasNextPage"] != json!(true) {
                break;
            }
            after = page["endCursor"].clone();
        }
        let state = self.person.lock();
        for (number, id) in must {
            let asked = &state.asked[number];
            if !found.contains(&id) && asked.is_kept() && !state.deleting {
                let what = format!("{id} is not listed");
                self.fail("an acknowledged write is there", &asked.mark, what);
            }
        }
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

    pub async fn pause(&mut self, most: Duration) {
        let pause = most.mul_f64(self.random.f64());
        self.pause_for(pause).await;
    }

    pub async fn pause_for(&self, pause: Duration) {
        let over = self.deployment.history.over.clone();
        over.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

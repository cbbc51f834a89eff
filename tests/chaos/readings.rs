//! Users' readings: ask, look, cancel, regenerate, delete.

use std::time::Duration;

use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{asked::Asked, device::Device, ids, provider::question, transport::Outcome};
use mula::entity;

const ASK: &str = "mutation ($input: AskAdvisorInput!) {
    askAdvisor(input: $input) { reading { id question status response } }
}";
const LOOK: &str = "query ($id: ID!) {
    reading(id: $id) { id question status response isFavourite note rating }
}";
const CANCEL: &str = "mutation ($id: ID!) {
    cancelReading(input: { id: $id }) {
        reading { id question status response isFavourite note rating }
    }
}";
const REGENERATE: &str = "mutation ($input: RegenerateReadingInput!) {
    regenerateReading(input: $input) { reading { id } }
}";
const DELETE: &str =
    "mutation ($id: ID!) { deleteReading(input: { id: $id }) { deletedReadingId } }";

impl Device {
    /// Asks something new, or what was asked before once more with the same key.
    pub async fn ask(&mut self, session: usize) {
        let number = self.draw_question();
        let (mark, key, in_reply_to, look) = {
            let now = self.history().now();
            let asked = &mut self.person.lock().asked[number];
            asked.attempts += 1;
            let (mark, key) = (asked.mark.clone(), asked.key.clone());
            (mark, key, asked.in_reply_to.clone(), asked.look(now))
        };
        let wait = self.random.u8(..3) == 0;
        let advisor = ["LEGBA", "OSHUN", "SHANGO", "YEMAYA"][number % 4];
        let input = json!({
            "advisor": advisor,
            "question": question(&mark), "wait": wait, "idempotencyKey": key,
            "inReplyTo": in_reply_to,
        });
        let with = key.as_ref().map_or("without", |_| "with");
        let reply = in_reply_to.as_ref().map_or("", |_| ", a reply");
        let what = format!("askAdvisor({mark}, {with} a key, wait: {wait}{reply})");
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
            // It is being answered anew.
            (Outcome::Refused(refusal), _) if refusal.text.contains("input.inReplyTo") => {}
            (_, Some("CONFLICT")) => {
                let what = "CONFLICT for the same question".to_owned();
                self.fail("a key has one reading, and an end is the end", &mark, what);
            }
            (_, Some("QUOTA_EXCEEDED")) => self.person.lock().refused += 1,
            _ => {}
        }
    }

    /// A new question, which may go on with an answer; or one that has a key.
    fn draw_question(&mut self) -> usize {
        let mut state = self.person.lock();
        let all = 0..state.asked.len();
        if self.random.u8(..3) == 0 {
            let is_kept = |it: &usize| state.asked[*it].deleters.is_empty();
            let keyed = all.filter(|it| state.asked[*it].key.is_some() && is_kept(it));
            if let Some(again) = self.random.choice(keyed.collect::<Vec<_>>()) {
                return again;
            }
        }
        let mark = format!("{}q{}", self.person.name, state.asked.len());
        let key = (self.random.u8(..4) > 0).then(|| format!("key-{mark}"));
        let answered = state.asked.iter().filter(|it| it.ended.is_some());
        let answered = answered.filter_map(|it| it.id.clone().filter(|_| it.is_kept()));
        let answered: Vec<_> = answered.collect();
        let in_reply_to = if self.random.u8(..4) == 0 {
            self.random.choice(answered)
        } else {
            None
        };
        let asked = Asked::new(mark, key);
        state.asked.push(Asked {
            in_reply_to,
            ..asked
        });
        state.asked.len() - 1
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
        let (look, answers) = {
            let asked = &self.person.lock().asked[number];
            (asked.look(now), asked.answers())
        };
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
                drop(state);
                self.is_kept_as_set(number, found, sent.began, answers);
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

    pub async fn pause(&mut self, most: Duration) {
        let pause = most.mul_f64(self.random.f64());
        self.pause_for(pause).await;
    }

    pub async fn pause_for(&self, pause: Duration) {
        let over = self.deployment.history.over.clone();
        over.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

//! Favourites, notes and ratings, changed by two devices.

use std::time::Duration;

use serde_json::{Value, json};

use super::{device::Device, kept::Kept, transport::Outcome};

const UPDATE: &str = "mutation ($input: UpdateReadingInput!) {
    updateReading(input: $input) { reading { id isFavourite note rating } }
}";

impl Device {
    pub async fn keep(&mut self, session: usize, number: usize) {
        let (mark, id) = self.named(number);
        let kept = Kept::draw(&mut self.random, &mark);
        let what = format!("updateReading({mark}, {kept:?})");
        let query = (UPDATE, json!({ "input": kept.input(&id) }));
        let begins = kept.clone();
        let sent = self
            .send(&mark, &what, query, Some(session), |state, event, began| {
                let asked = &mut state.asked[number];
                let answers = asked.answers();
                asked.kept.begin(event, began, begins, answers);
            })
            .await;
        let now = self.history().now();
        {
            let asked = &mut self.person.lock().asked[number];
            let answers = asked.answers();
            asked.kept.end(sent.event, now, &sent.outcome, answers);
        }
        if let Outcome::Data(data) = &sent.outcome {
            let found = &data["updateReading"]["reading"];
            if !kept.is_of(found, true) {
                let what = format!("set to {kept:?}, answered {found}");
                self.fail("what is kept is what was set", &mark, what);
            }
        }
        self.may_be_missing(number, &sent.outcome);
    }

    /// Checks what a look found that is kept with a reading.
    pub fn is_kept_as_set(
        &self,
        number: usize,
        found: &Value,
        since: Duration,
        before: Option<u32>,
    ) {
        let state = self.person.lock();
        let asked = &state.asked[number];
        let answers = asked.answers().filter(|now| Some(*now) == before);
        if !asked.kept.allow(found, since, answers) {
            let possible = asked.kept.describe(since);
            let what = format!("found {found}, set to one of {possible}");
            self.fail("what is kept is what was set", &asked.mark, what);
        }
    }
}

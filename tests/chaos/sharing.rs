//! Links to readings, made and ended by their user, and looked at by strangers.

use std::time::Duration;

use chrono::TimeDelta;
use mula::clock::Clock;
use serde_json::{Value, json};

use super::{
    asked::Look,
    device::{Device, Sent},
    links::Glance,
    person::STALE,
    transport::Outcome,
};

const SHARE: &str = "mutation ($input: ShareReadingInput!) {
    shareReading(input: $input) { reading { id share { token expiresAt } } }
}";
const UNSHARE: &str = "mutation ($id: ID!) {
    unshareReading(input: { id: $id }) { reading { id share { token } } }
}";
const SHARED: &str = "query ($token: String!) {
    sharedReading(token: $token) {
        advisor question response engine sources { title excerpt url } createdAt
    }
}";

const STORED: &str = "an acknowledged share shows the stored text";

/// How far the clock of an instance is shifted, at most.
const SKEW: Duration = Duration::from_mins(1);

/// How far the oracle's own measure of time may be off.
const PRECISION: Duration = Duration::from_secs(1);

impl Device {
    pub async fn share(&mut self, session: usize, number: usize) {
        let (mark, id) = self.named(number);
        let seconds = (self.random.u8(..3) == 0).then(|| self.random.u32(2..20));
        let in_time = |seconds| Clock::default().now() + TimeDelta::seconds(i64::from(seconds));
        let expires_at = seconds.map(|seconds| in_time(seconds).to_rfc3339());
        let now = self.history().now();
        let expires = seconds.map(|seconds| now + Duration::from_secs(seconds.into()));
        let what = format!("shareReading({mark}, for {seconds:?} s)");
        let query = (
            SHARE,
            json!({ "input": { "id": id, "expiresAt": expires_at } }),
        );
        let sent = self
            .send(&mark, &what, query, Some(session), |state, event, began| {
                let asked = &mut state.asked[number];
                let answers = asked.answers();
                asked.links.begin_share((event, began), expires, answers);
            })
            .await;
        let token = match &sent.outcome {
            Outcome::Data(data) => data["shareReading"]["reading"]["share"]["token"]
                .as_str()
                .map(str::to_owned),
            _ => None,
        };
        self.link_changed(number, &sent, token.as_deref());
        // By a clock that is ahead its end may be past.
        let is_without = matches!(sent.outcome, Outcome::Data(_)) && token.is_none();
        if is_without && expires.is_none() {
            let what = format!("shared without a link: {:?}", sent.outcome);
            self.fail(STORED, &mark, what);
        }
    }

    pub async fn unshare(&mut self, session: usize, number: usize) {
        let (mark, id) = self.named(number);
        let what = format!("unshareReading({mark})");
        let query = (UNSHARE, json!({ "id": id }));
        let sent = self
            .send(&mark, &what, query, Some(session), |state, event, began| {
                state.asked[number].links.begin_end(event, began);
            })
            .await;
        self.link_changed(number, &sent, None);
    }

    fn link_changed(&self, number: usize, sent: &Sent, token: Option<&str>) {
        let now = self.history().now();
        {
            let asked = &mut self.person.lock().asked[number];
            let answers = asked.answers();
            asked
                .links
                .end(sent.event, now, (&sent.outcome, token), answers);
        }
        self.may_be_missing(number, &sent.outcome);
    }

    /// The links that were acknowledged, whether ended or not: each with its reading's number and its own.
    pub fn links(&self) -> Vec<(usize, usize)> {
        let state = self.person.lock();
        let readings = state.asked.iter().enumerate();
        let links = readings
            .flat_map(|(number, asked)| (0..asked.links.count()).map(move |link| (number, link)));
        links.collect()
    }

    /// A stranger follows a link. Returns what it shows, null for nothing; none if nobody knows.
    pub async fn follow_link(&mut self, (number, token): (usize, usize)) -> Option<Value> {
        let began = self.history().now();
        let (mark, text, look, before) = {
            let state = self.person.lock();
            let asked = &state.asked[number];
            let text = asked.links.token(token);
            (asked.mark.clone(), text, asked.look(began), asked.answers())
        };
        let what = format!("sharedReading({mark}, link {token})");
        let query = (SHARED, json!({ "token": text }));
        let sent = self.send(&mark, &what, query, None, |_, _, _| {}).await;
        let Outcome::Data(data) = &sent.outcome else {
            return None;
        };
        let shown = data["sharedReading"].clone();
        let glance = Glance {
            began,
            ended: self.history().now(),
            answers: before,
            skew: PRECISION + self.skew(),
        };
        self.is_shown_rightly((number, token), &shown, &look, glance);
        Some(shown)
    }

    /// How far the clock that judges the end of a link may be shifted.
    fn skew(&self) -> Duration {
        if self.deployment.instances[0].has_clock() {
            SKEW
        } else {
            Duration::ZERO
        }
    }

    /// Checks what a link shows.
    fn is_shown_rightly(
        &self,
        (number, token): (usize, usize),
        shown: &Value,
        look: &Look,
        mut glance: Glance,
    ) {
        let mut state = self.person.lock();
        let (deleting, deleted) = (state.deleting, state.deleted);
        let asked = &mut state.asked[number];
        let mark = asked.mark.clone();
        glance.answers = asked.answers().filter(|now| Some(*now) == glance.answers);
        if shown.is_null() {
            if asked.is_kept() && !deleting && asked.links.must_show(token, &glance) {
                let what = format!("link {token} shows nothing, and nobody ended it");
                self.fail(STORED, &mark, what);
            }
            return;
        }
        let is_gone = |time: Duration| time + STALE < glance.began;
        let has_ended = asked.links.must_not_show(token, &glance)
            || asked.deleted.into_iter().chain(deleted).any(is_gone);
        if has_ended {
            let what = format!("link {token} has ended, and shows {shown}");
            let rule = "a link that has ended shows nothing a second later";
            self.fail(rule, &mark, what);
        }
        let reading = json!({
            "question": shown["question"], "status": "COMPLETED", "response": shown["response"],
        });
        if let Err(what) = asked.seen(&reading, look, glance.ended) {
            self.fail(STORED, &mark, what);
        }
        let mut rest = shown.clone();
        for text in ["question", "response"] {
            rest[text].take();
        }
        let rest = rest.to_string();
        if [self.person.name.as_str(), "private"]
            .iter()
            .any(|secret| rest.contains(secret))
        {
            self.fail("a link shows no name, note or thread", &mark, rest);
        }
    }
}

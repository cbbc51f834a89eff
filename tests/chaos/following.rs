//! Following an answer, hanging up in the middle, and resuming where it stopped.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{
    asked::Followed,
    device::Device,
    person::STALE,
    streams::{Answers, Item},
    transport::{Operation, Outcome, Via},
};

const FOLLOW: &str = "subscription ($id: ID!, $after: Int, $generation: ID) {
    readingUpdates(id: $id, after: $after, generation: $generation) {
        generation sequence offset text status
    }
}";

/// How long a follower waits for an update. A heartbeat comes sooner.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long an update may have been under way.
const TRANSIT: Duration = Duration::from_secs(2);

impl Device {
    /// Follows a reading for some updates, from the beginning or from where this or the other
    /// device stopped.
    pub async fn follow(&mut self, session: usize, number: usize) {
        let (mark, id) = self.named(number);
        let mut followed = self.resumable(number);
        let via = [Via::Events, Via::Multipart, Via::Socket][self.random.usize(..3)];
        let instance = self.draw_instance();
        let most = if self.random.bool() {
            usize::MAX
        } else {
            self.random.usize(..12)
        };
        let history = self.history();
        let name = &self.deployment.instances[instance].name;
        let what = format!(
            "follow({mark}, after: {}) with s{session} by {via:?} to {name}",
            followed.last
        );
        let session_id = self.session_id(Some(session));
        let event = history.begin(&self.person.name, &mark, &session_id, what);
        let began = history.now();
        let token = self.person.lock().sessions[session].token.clone();
        let operation = Operation {
            to: self.deployment.instances[instance].front.address,
            via,
            token: Some(&token),
            query: FOLLOW,
            variables: json!({
                "id": id,
                "after": followed.last,
                "generation": followed.generation,
            }),
            hangs_up: None,
        };
        let first = followed.last;
        let outcome = match Answers::open(&operation, &self.http).await {
            Ok(answers) => self.listen(answers, &mut followed, (session, most)).await,
            Err(outcome) => outcome,
        };
        let result = format!(
            "{} ({} to {})",
            outcome.describe(),
            first + 1,
            followed.last
        );
        history.end(event, result);
        self.person.used(&history, session, began, &outcome);
        self.may_be_missing(number, &outcome);
        if let Outcome::Refused(refusal) = &outcome
            && refusal.code == "FOLLOWED"
        {
            let rule = "a followed text has no gap and no repeat";
            self.fail(rule, &mark, refusal.text.clone());
        }
        let mut state = self.person.lock();
        let asked = &mut state.asked[number];
        followed.is_over |= asked.regenerations != followed.regenerations;
        asked.followed.push(followed);
    }

    /// A follower's state to resume from, or a new one.
    fn resumable(&mut self, number: usize) -> Followed {
        let mut state = self.person.lock();
        let asked = &mut state.asked[number];
        let (regenerations, is_changing) = (asked.regenerations, asked.regenerating > 0);
        let at = asked.followed.iter().position(|followed| {
            followed.status.is_none()
                && !followed.is_over
                && followed.regenerations == regenerations
                && !is_changing
        });
        match at {
            Some(at) if self.random.u8(..4) > 0 => asked.followed.swap_remove(at),
            // While a new answer is on its way this may be the one before it, which is not resumed.
            _ => Followed {
                regenerations,
                is_over: is_changing,
                ..Followed::default()
            },
        }
    }

    /// Streams end with their session.
    fn may_still_listen(&self, session: usize) {
        let history = &self.deployment.history;
        let now = history.now();
        let state = self.person.lock();
        if let Some(ended) = state.ended_at(session)
            && now > ended + STALE + TRANSIT
            && !history.is_disturbed(ended)
        {
            let late = now.saturating_sub(ended).as_secs_f64();
            let what = format!("a stream goes on {late:.3} s after its end was acknowledged");
            let id = state.sessions[session].id.clone();
            self.fail("a revoked session works for at most a second", &id, what);
        }
    }

    async fn listen(
        &self,
        mut answers: Answers,
        followed: &mut Followed,
        (session, most): (usize, usize),
    ) -> Outcome {
        let wrong = |text: String| {
            let error = json!({ "message": text, "extensions": { "code": "FOLLOWED" } });
            Outcome::refused(&error)
        };
        for _ in 0..most {
            let next = timeout(PATIENCE, answers.next());
            let Some(next) = self.deployment.history.over.run_until_cancelled(next).await else {
                return Outcome::HungUp;
            };
            match next {
                Ok(Item::Answer(answer)) => match Outcome::of(&answer) {
                    Outcome::Data(data) => {
                        self.may_still_listen(session);
                        if let Err(what) = followed.take(&data["readingUpdates"]) {
                            return wrong(what);
                        }
                    }
                    other => return other,
                },
                Ok(Item::Refused(outcome)) => return outcome,
                Ok(Item::End) if followed.status.is_some() => return Outcome::Data(json!({})),
                // Its session may have ended, or the instance stops.
                Ok(Item::End) => return Outcome::Unanswered("an end without the end".to_owned()),
                Ok(Item::Broken(why)) => return Outcome::Unanswered(why),
                Err(_) => return Outcome::Unanswered(format!("nothing in {PATIENCE:?}")),
            }
        }
        Outcome::HungUp
    }
}

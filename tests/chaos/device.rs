//! A user's device: it does one thing after another, drawn from the seed, over a transport and to
//! an instance that are drawn too. A user has two, so her own operations overlap.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use serde_json::Value;

use super::{
    deployment::Deployment,
    history::History,
    person::Person,
    plan::Kind,
    transport::{Operation, Outcome},
};

pub struct Device {
    pub deployment: Arc<Deployment>,
    pub person: Arc<Person>,
    pub random: Rng,
    pub http: reqwest::Client,
    /// The instance that it keeps to, if it does.
    pub keeps_to: Option<usize>,
}

/// An operation that was sent.
pub struct Sent {
    pub event: usize,
    pub began: Duration,
    pub outcome: Outcome,
}

impl Device {
    pub fn new(deployment: Arc<Deployment>, person: Arc<Person>, random: Rng) -> Self {
        let http = reqwest::Client::builder()
            .user_agent("mula-chaos/1")
            .no_proxy()
            .build()
            .unwrap();
        Self {
            deployment,
            person,
            random,
            http,
            keeps_to: None,
        }
    }

    /// Another hand of the same device, for what is done at the same moment.
    pub fn fork(&mut self) -> Self {
        Self::new(
            self.deployment.clone(),
            self.person.clone(),
            self.random.fork(),
        )
    }

    pub fn history(&self) -> Arc<History> {
        self.deployment.history.clone()
    }

    pub fn is_over(&self) -> bool {
        self.deployment.history.over.is_cancelled()
    }

    pub fn fail(&self, rule: &'static str, about: &str, what: String) {
        self.deployment
            .history
            .fail(rule, &self.person.name, about, what);
    }

    /// An instance, by its number.
    pub fn draw_instance(&mut self) -> usize {
        let drawn = self.random.usize(..self.deployment.instances.len());
        self.keeps_to.unwrap_or(drawn)
    }

    /// When the client hangs up, if it does: from half a millisecond to 80, as likely in each part of
    /// that as in one twice as late. What ends a session is left more often: what follows its commit
    /// is easily forgotten.
    fn draw_hang_up(&mut self, what: &str) -> Option<Duration> {
        let ends_sessions = what.starts_with("logout") || what.starts_with("revoke");
        let one_in = if ends_sessions { 2 } else { 8 };
        let hangs_up = self.deployment.plan.has(Kind::HangUp) && self.random.u8(..one_in) == 0;
        hangs_up.then(|| Duration::from_secs_f64(0.0005 * 160_f64.powf(self.random.f64())))
    }

    /// Empty without a session.
    pub fn session_id(&self, session: Option<usize>) -> String {
        let state = self.person.lock();
        session.map_or(String::new(), |session| state.sessions[session].id.clone())
    }

    /// Sends an operation. `note` records, before it leaves, what may come of it; it gets the
    /// event's number and time.
    pub async fn send(
        &mut self,
        about: &str,
        what: &str,
        (query, variables): (&str, Value),
        session: Option<usize>,
        note: impl FnOnce(&mut super::person::State, usize, Duration),
    ) -> Sent {
        let via = self.random.choice(self.deployment.plan.transports());
        let via = via.expect("clap takes no empty list");
        let instance = self.draw_instance();
        let hangs_up = self.draw_hang_up(what);
        let history = self.history();
        let name = &self.deployment.instances[instance].name;
        let using = session.map_or(String::new(), |session| format!(" with s{session}"));
        let what = format!("{what}{using} by {via:?} to {name}");
        let id = self.session_id(session);
        let event = history.begin(&self.person.name, about, &id, what);
        let began = history.now();
        let (token, may_have_ended) = {
            let mut state = self.person.lock();
            note(&mut state, event, began);
            let token = session.map(|session| state.sessions[session].token.clone());
            let ended = session.is_some_and(|it| state.may_have_ended(it, Some(event)));
            (token, ended)
        };
        let outcome = Operation {
            to: self.deployment.instances[instance].front.address,
            via,
            token: token.as_deref(),
            query,
            variables,
            hangs_up,
        }
        .run(&self.http)
        .await;
        history.end(event, outcome.describe());
        let is_excused = may_have_ended
            || session.is_some_and(|it| self.person.lock().may_have_ended(it, Some(event)))
            || history.excuses(began, history.now());
        if let Outcome::Unanswered(_) = outcome {
            // The instance is starting again.
            self.pause(Duration::from_millis(300)).await;
        }
        match &outcome {
            Outcome::Unanswered(why) if !is_excused => {
                self.fail("an operation is answered", about, why.clone());
            }
            Outcome::Refused(refusal) if refusal.code == "INTERNAL_SERVER_ERROR" && !is_excused => {
                let text = refusal.text.clone();
                self.fail("no internal errors without a fault", about, text);
            }
            _ => {}
        }
        if let Some(session) = session {
            self.person.used(&history, session, began, &outcome);
        }
        Sent {
            event,
            began,
            outcome,
        }
    }
}

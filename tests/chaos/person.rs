//! A user as the oracle knows her: what was acknowledged, what was asked for without an answer,
//! and so what may, must or must not be true of her account and sessions.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{asked::Asked, history::History, transport::Outcome};

/// How long an operation without an answer may still take effect.
pub const LATE: Duration = Duration::from_secs(20);

/// How long a revoked session or a replaced password may still work.
pub const STALE: Duration = Duration::from_secs(1);

pub struct Person {
    pub name: String,
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    /// Whether the account is known to have been made.
    pub registered: bool,
    pub register_attempts: u32,
    /// All there have been, the first at registration.
    pub passwords: Vec<String>,
    /// The latest that is known to have been in force.
    pub current: usize,
    /// One that is being changed to, or may have been.
    pub changing: Option<usize>,
    sweeps: Vec<Sweep>,
    pub sessions: Vec<Session>,
    pub deleting: bool,
    pub deleted: Option<Duration>,
    /// How often a quota was in the way.
    pub refused: u32,
    pub asked: Vec<Asked>,
}

pub struct Session {
    pub id: String,
    pub token: String,
    /// The password it was opened with.
    password: usize,
    /// When its sign-in was sent, and acknowledged.
    began: Duration,
    opened: Duration,
    /// Operations that end it alone, unless they failed.
    pub enders: Vec<usize>,
    pub ended: Option<Duration>,
}

/// An operation that ends many sessions.
struct Sweep {
    event: usize,
    began: Duration,
    /// The session that changes the password stays.
    spares: Option<usize>,
    /// The password that is changed to.
    password: Option<usize>,
    acknowledged: Option<Duration>,
    given_up: Option<Duration>,
}

impl Person {
    pub fn new(name: String, password: String) -> Self {
        let state = State {
            passwords: vec![password],
            ..State::default()
        };
        Self {
            name,
            state: Mutex::new(state),
        }
    }

    pub fn email(&self) -> String {
        format!("{}@example.com", self.name)
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks the session of an operation against its outcome.
    pub fn used(&self, history: &History, session: usize, began: Duration, outcome: &Outcome) {
        let mut state = self.lock();
        let may_have_ended = state.may_have_ended(session, None);
        let ended = state.ended_at(session);
        let used = &mut state.sessions[session];
        let fail = |rule, what| history.fail(rule, &self.name, &used.id, what);
        let code = match outcome {
            Outcome::Refused(refusal) => refusal.code.as_str(),
            _ => "",
        };
        // A socket is refused in the same way while the database is away.
        let is_refused =
            code == "UNAUTHENTICATED" || code == "SOCKET_FORBIDDEN" && !history.is_disturbed(began);
        if is_refused {
            if !may_have_ended {
                let what = format!("nobody ended the session: {outcome:?}");
                fail("an acknowledged session works", what);
            }
            if code == "UNAUTHENTICATED" {
                used.ended.get_or_insert(history.now());
            }
            return;
        }
        let is_accepted =
            !outcome.is_uncertain() && !matches!(code, "OVERLOADED" | "SOCKET_FORBIDDEN");
        if is_accepted
            && let Some(ended) = ended
            && began > ended + STALE
        {
            let late = began.saturating_sub(ended).as_secs_f64();
            let answer = outcome.describe();
            let what = format!("it was used {late:.3} s after its end was known: {answer}");
            fail("a revoked session works for at most a second", what);
        }
    }

    /// Checks a sign-in against the password that was in force when it began. Returns the new
    /// session.
    pub fn signed_in(
        &self,
        history: &History,
        (password, was_in_force): (usize, bool),
        began: Duration,
        outcome: &Outcome,
    ) -> Option<usize> {
        let mut state = self.lock();
        let fail = |rule, what| history.fail(rule, &self.name, "", what);
        match outcome {
            Outcome::Data(data) => {
                let now = history.now();
                if let Some(deleted) = state.deleted
                    && began > deleted
                {
                    fail("a deleted account is gone", "it signs in".to_owned());
                }
                if let Some(replaced) = state.replaced_at(password)
                    && began > replaced + STALE
                {
                    let late = began.saturating_sub(replaced).as_secs_f64();
                    let what = format!("p{password} signs in {late:.3} s after it was replaced");
                    fail("a replaced password works for at most a second", what);
                }
                state.registered = true;
                if password > state.current {
                    state.changed(password, now);
                } else if password == state.current {
                    state.give_up_change(began);
                }
                let login = &data["login"];
                state.sessions.push(Session {
                    id: login["session"]["id"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                    token: login["accessToken"].as_str().unwrap_or_default().to_owned(),
                    password,
                    began,
                    opened: now,
                    enders: Vec::new(),
                    ended: None,
                });
                Some(state.sessions.len() - 1)
            }
            Outcome::Refused(refusal) if refusal.code == "UNAUTHENTICATED" => {
                if was_in_force && state.is_in_force(password) {
                    let what = format!("p{password} is refused: {}", refusal.text);
                    fail("an acknowledged account signs in", what);
                }
                None
            }
            _ => None,
        }
    }
}

impl State {
    /// Whether a password must open a session.
    pub fn is_in_force(&self, password: usize) -> bool {
        self.registered && !self.deleting && self.changing.is_none() && password == self.current
    }

    /// Whether a session may have been ended by an operation other than one.
    pub fn may_have_ended(&self, session: usize, but: Option<usize>) -> bool {
        let one = &self.sessions[session];
        self.deleting
            || one.enders.iter().any(|event| Some(*event) != but)
            || self.sweeps.iter().any(|sweep| {
                Some(sweep.event) != but
                    && sweep.spares != Some(session)
                    && match (sweep.acknowledged, sweep.given_up) {
                        (Some(at), _) => {
                            one.began <= at || sweep.password.is_some_and(|to| one.password < to)
                        }
                        (None, Some(at)) => one.began <= at + LATE,
                        (None, None) => true,
                    }
            })
    }

    /// Since when a session has certainly ended.
    pub fn ended_at(&self, session: usize) -> Option<Duration> {
        let one = &self.sessions[session];
        let swept = self.sweeps.iter().filter_map(|sweep| {
            let at = sweep.acknowledged?;
            if sweep.spares == Some(session) {
                return None;
            }
            if one.opened < sweep.began {
                return Some(at);
            }
            // However the sign-in and the change overlapped: the old password opens nothing that
            // outlasts it.
            let is_old = sweep.password.is_some_and(|to| one.password < to);
            is_old.then(|| at.max(one.opened))
        });
        one.ended.into_iter().chain(self.deleted).chain(swept).min()
    }

    /// Since when a password has certainly been replaced.
    pub fn replaced_at(&self, password: usize) -> Option<Duration> {
        let changes = self.sweeps.iter();
        changes
            .filter(|sweep| sweep.password.is_some_and(|to| to > password))
            .filter_map(|sweep| sweep.acknowledged)
            .min()
    }

    /// Sessions that are to work, and those that are not to any more.
    pub fn sessions(&self) -> (Vec<usize>, Vec<usize>) {
        let all = 0..self.sessions.len();
        let live = all
            .clone()
            .filter(|session| !self.may_have_ended(*session, None));
        let ended = all.filter(|session| self.ended_at(*session).is_some());
        (live.collect(), ended.collect())
    }

    /// Those of which nobody knows whether they have ended.
    pub fn uncertain_sessions(&self) -> Vec<usize> {
        let all = 0..self.sessions.len();
        all.filter(|it| self.may_have_ended(*it, None) && self.ended_at(*it).is_none())
            .collect()
    }

    /// Notes an operation that ends many sessions.
    pub fn sweep(
        &mut self,
        (event, began): (usize, Duration),
        spares: Option<usize>,
        password: Option<usize>,
    ) {
        self.sweeps.push(Sweep {
            event,
            began,
            spares,
            password,
            acknowledged: None,
            given_up: None,
        });
    }

    /// Notes how it ended.
    pub fn swept(&mut self, event: usize, now: Duration, outcome: &Outcome) {
        let Some(at) = self.sweeps.iter().position(|sweep| sweep.event == event) else {
            return;
        };
        if outcome.is_uncertain() {
            self.sweeps[at].given_up = Some(now);
        } else if matches!(outcome, Outcome::Data(_)) {
            self.sweeps[at].acknowledged.get_or_insert(now);
        } else {
            self.sweeps.remove(at);
        }
    }

    /// A password is in force, as was acknowledged or seen.
    pub fn changed(&mut self, to: usize, now: Duration) {
        self.current = self.current.max(to);
        if self.changing == Some(to) {
            self.changing = None;
        }
        for sweep in &mut self.sweeps {
            if sweep.password == Some(to) {
                sweep.acknowledged.get_or_insert(now);
            }
        }
    }

    /// The password before a change without an answer still works long after: it was not done.
    fn give_up_change(&mut self, began: Duration) {
        let is_late = |sweep: &Sweep| {
            sweep.password.is_some()
                && sweep.acknowledged.is_none()
                && sweep.given_up.is_some_and(|at| began > at + LATE)
        };
        if self.sweeps.iter().any(is_late) {
            self.sweeps.retain(|sweep| !is_late(sweep));
            self.changing = None;
        }
    }
}

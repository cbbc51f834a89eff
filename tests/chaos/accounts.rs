//! Users' accounts: registration, sign-in and sign-out, passwords, deletion.

use std::time::Duration;

use sea_orm::EntityTrait;
use serde_json::json;

use super::{
    device::{Device, Sent},
    ids,
    person::{STALE, State},
    transport::Outcome,
};
use mula::entity;

const REGISTER: &str =
    "mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }";
const LOGIN: &str = "mutation ($input: LoginInput!) {
    login(input: $input) { accessToken user { id } session { id } }
}";
const LOGOUT: &str = "mutation ($everywhere: Boolean!) {
    logout(input: { everywhere: $everywhere }) { revokedSessions }
}";
const REVOKE: &str = "mutation ($id: ID!) { revokeSession(input: { id: $id }) { session { id } } }";
const CHANGE: &str = "mutation ($input: ChangePasswordInput!) {
    changePassword(input: $input) { revokedSessions }
}";
const DELETE: &str = "mutation ($password: String!) {
    deleteAccount(input: { password: $password }) { deletedUserId }
}";

impl Device {
    /// A session that must work, or else one that may; now and then one that must not any more.
    pub fn draw_session(&mut self) -> Option<usize> {
        let (live, ended, uncertain) = {
            let state = self.person.lock();
            let (live, ended) = state.sessions();
            (live, ended, state.uncertain_sessions())
        };
        if self.random.u8(..10) == 0 && !ended.is_empty() {
            return self.random.choice(ended);
        }
        self.random
            .choice(live)
            .or_else(|| self.random.choice(uncertain))
    }

    pub async fn register(&mut self) {
        let password = self.person.lock().passwords[0].clone();
        let input = json!({ "email": self.person.email(), "username": self.person.name, "password": password });
        let sent = self
            .send(
                "",
                "register",
                (REGISTER, json!({ "input": input })),
                None,
                |state, _, _| state.register_attempts += 1,
            )
            .await;
        match (&sent.outcome, sent.outcome.code()) {
            (Outcome::Data(data), _) => {
                self.person.lock().registered = true;
                if let Some(id) = ids::uuid(&data["register"]["user"]["id"]) {
                    let stored = entity::user::Entity::find_by_id(id)
                        .one(&self.deployment.direct)
                        .await;
                    if matches!(stored, Ok(None)) && !self.person.lock().deleting {
                        let what = "the account is not in the database".to_owned();
                        self.fail("an acknowledged write is there", "", what);
                    }
                }
            }
            (_, Some("CONFLICT")) if self.person.lock().register_attempts == 1 => {
                let what = "a new name is taken".to_owned();
                self.fail("an acknowledged write is there", "", what);
            }
            (_, Some("CONFLICT")) => self.person.lock().registered = true,
            _ => {}
        }
    }

    /// Signs in with the password that is in force; now and then with one that was replaced, or
    /// the one that it may have been changed to.
    pub async fn log_in(&mut self) {
        let (number, password) = {
            let state = self.person.lock();
            let number = match (state.changing, self.random.u8(..8)) {
                (Some(to), 0..4) => to,
                (_, 0) => self.random.usize(..=state.current),
                _ => state.current,
            };
            (number, state.passwords[number].clone())
        };
        let input = json!({ "email": self.person.email(), "password": password });
        let what = format!("login(p{number})");
        let query = (LOGIN, json!({ "input": input }));
        let mut in_force = false;
        let note = |state: &mut State, _, _| in_force = state.is_in_force(number);
        let sent = self.send("", &what, query, None, note).await;
        let history = self.history();
        let password = (number, in_force);
        let session = self
            .person
            .signed_in(&history, password, sent.began, &sent.outcome);
        if let Some(session) = session {
            self.session_is_stored(session).await;
        }
    }

    /// None while the database is away.
    async fn is_stored_as_live(&self, id: &str) -> Option<bool> {
        let stored = entity::session::Entity::find_by_id(ids::uuid(&json!(id))?)
            .one(&self.deployment.direct)
            .await;
        Some(stored.ok()?.is_some_and(|stored| !stored.is_revoked))
    }

    /// Looks in the database what became of an operation without an answer: a session that is stored
    /// as ended has ended.
    pub async fn find_out(&mut self) {
        let uncertain = self.person.lock().uncertain_sessions();
        let Some(session) = self.random.choice(uncertain) else {
            return;
        };
        let id = self.person.lock().sessions[session].id.clone();
        if self.is_stored_as_live(&id).await == Some(false) {
            let history = self.history();
            let what = format!("look for s{session} in the database");
            let event = history.begin(&self.person.name, &id, &id, what);
            history.end(event, "it has ended".to_owned());
            let now = history.now();
            self.person.lock().sessions[session]
                .ended
                .get_or_insert(now);
            self.pause_for(STALE + Duration::from_millis(100)).await;
            self.usage(session).await;
        }
    }

    async fn session_is_stored(&self, session: usize) {
        let id = self.person.lock().sessions[session].id.clone();
        let is_lost = self.is_stored_as_live(&id).await == Some(false);
        if is_lost && !self.person.lock().may_have_ended(session, None) {
            let what = "the session is not in the database".to_owned();
            self.fail("an acknowledged write is there", &id, what);
        }
    }

    pub async fn log_out(&mut self, session: usize, everywhere: bool) {
        let what = if everywhere {
            "logout everywhere"
        } else {
            "logout"
        };
        let query = (LOGOUT, json!({ "everywhere": everywhere }));
        let about = self.person.lock().sessions[session].id.clone();
        let about = if everywhere { String::new() } else { about };
        let sent = self
            .send(&about, what, query, Some(session), |state, event, began| {
                if everywhere {
                    state.sweep((event, began), None, None);
                } else {
                    state.sessions[session].enders.push(event);
                }
            })
            .await;
        if everywhere {
            let now = self.history().now();
            self.person.lock().swept(sent.event, now, &sent.outcome);
        } else {
            self.session_ended(session, &sent).await;
        }
    }

    pub async fn revoke(&mut self, session: usize, target: usize) {
        let id = self.person.lock().sessions[target].id.clone();
        let what = format!("revokeSession(s{target})");
        let query = (REVOKE, json!({ "id": id }));
        let sent = self
            .send(&id, &what, query, Some(session), |state, event, _| {
                state.sessions[target].enders.push(event);
            })
            .await;
        let is_lost = sent.outcome.code() == Some("NOT_FOUND")
            && !self.person.lock().may_have_ended(target, Some(sent.event));
        if is_lost {
            let what = format!("s{target} cannot be revoked: NOT_FOUND");
            self.fail("an acknowledged write is there", &id, what);
        }
        self.session_ended(target, &sent).await;
    }

    async fn session_ended(&self, session: usize, sent: &Sent) {
        let now = self.history().now();
        let is_acknowledged = matches!(sent.outcome, Outcome::Data(_));
        let id = {
            let mut state = self.person.lock();
            let session = &mut state.sessions[session];
            if is_acknowledged {
                session.ended.get_or_insert(now);
            } else if !sent.outcome.is_uncertain() {
                session.enders.retain(|event| *event != sent.event);
            }
            session.id.clone()
        };
        if is_acknowledged && self.is_stored_as_live(&id).await == Some(true) {
            let what = format!("s{session} is live in the database after its end");
            self.fail("an acknowledged write is there", &id, what);
        }
    }

    pub async fn change_password(&mut self, session: usize) {
        let (current, new, input) = {
            let mut state = self.person.lock();
            if state.changing.is_some() || state.deleting {
                return;
            }
            let new = state.passwords.len();
            state.passwords.push(password(&mut self.random));
            state.changing = Some(new);
            let current = state.current;
            let input = json!({
                "currentPassword": state.passwords[current], "newPassword": state.passwords[new],
            });
            (current, new, input)
        };
        let what = format!("changePassword(p{current} to p{new})");
        let query = (CHANGE, json!({ "input": input }));
        let sent = self
            .send("", &what, query, Some(session), |state, event, began| {
                state.sweep((event, began), Some(session), Some(new));
            })
            .await;
        let now = self.history().now();
        let mut state = self.person.lock();
        let is_refused = sent.outcome.code() == Some("BAD_USER_INPUT");
        if is_refused && state.current == current && !state.deleting {
            let what = format!("changePassword refuses p{current}, which is in force");
            self.fail("the password in force is accepted", "", what);
        }
        state.swept(sent.event, now, &sent.outcome);
        if matches!(sent.outcome, Outcome::Data(_)) {
            state.changed(new, now);
        } else if !sent.outcome.is_uncertain() {
            state.changing = None;
        }
    }

    /// Tries to delete the account with a password that was replaced.
    pub async fn delete_with_old_password(&mut self, session: usize) {
        let old = {
            let state = self.person.lock();
            let now = self.history().now();
            let replaced = |it: &usize| state.replaced_at(*it).is_some_and(|at| now > at + STALE);
            let old = (0..state.current).rev().find(replaced);
            let Some(old) = old.filter(|_| !state.deleting) else {
                return;
            };
            (old, state.passwords[old].clone())
        };
        let what = format!("deleteAccount(p{})", old.0);
        let query = (DELETE, json!({ "password": old.1 }));
        let sent = self
            .send("", &what, query, Some(session), |_, _, _| {})
            .await;
        if matches!(sent.outcome, Outcome::Data(_)) {
            let what = format!("deleteAccount accepts p{}", old.0);
            self.fail("a replaced password works for at most a second", "", what);
        }
    }

    pub async fn delete_account(&mut self, session: usize) {
        let (number, password) = {
            let mut state = self.person.lock();
            if state.deleting || state.changing.is_some() {
                return;
            }
            state.deleting = true;
            (state.current, state.passwords[state.current].clone())
        };
        let what = format!("deleteAccount(p{number})");
        let query = (DELETE, json!({ "password": password }));
        let sent = self
            .send("", &what, query, Some(session), |_, _, _| {})
            .await;
        let now = self.history().now();
        let mut state = self.person.lock();
        if matches!(sent.outcome, Outcome::Data(_)) {
            state.deleted = Some(now);
        } else if !sent.outcome.is_uncertain() {
            state.deleting = false;
            if sent.outcome.code() == Some("BAD_USER_INPUT") {
                let what = format!("deleteAccount refuses p{number}, which is in force");
                self.fail("the password in force is accepted", "", what);
            }
        }
    }
}

/// One that no rule refuses.
pub fn password(random: &mut fastrand::Rng) -> String {
    format!("orbit violet lantern {:08x}", random.u32(..))
}

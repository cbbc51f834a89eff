//! Notices of sign-ins by devices that an account does not know. A device is known by its label as
//! long as a session of it is there, live or not: labels outlast versions of browsers.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbErr};

use super::{Accounts, sessions, user_agent};
use crate::entity::{mail::MailKind, user};

/// Sessions that are looked at.
const SESSIONS: u64 = 500;

/// How long an account is new, and has no devices yet.
const NEW: TimeDelta = TimeDelta::days(1);

/// In place of a label that the client has chosen freely: no mail repeats it.
const NO_BROWSER: &str = "?";

impl Accounts {
    /// Writes the notice into the outbox, where mail is set up; before the sign-in's session is there.
    pub(super) async fn notify_new_device(
        &self,
        tx: &impl ConnectionTrait,
        user: &user::Model,
        agent: Option<&str>,
    ) -> Result<(), DbErr> {
        if !self.outbox.is_on() {
            return Ok(());
        }
        let known = sessions::user_agents(tx, user.id, SESSIONS).await?;
        let label = |agent: Option<&str>| agent.and_then(user_agent::label);
        let is_known = known
            .iter()
            .any(|one| label(one.as_deref()) == label(agent));
        let is_new = known.is_empty() && self.clock.now() - user.created_at < NEW;
        if is_known || is_new {
            return Ok(());
        }
        let browser = agent.and_then(user_agent::browser);
        let device = browser.unwrap_or_else(|| NO_BROWSER.to_owned());
        let to = (&*user.email, &*user.locale);
        let kind = MailKind::NewSignIn;
        self.outbox
            .post(tx, kind, Some(user.id), to, Some(device))
            .await
    }
}

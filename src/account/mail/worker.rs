//! The worker that sends what is in the outbox.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lettre::{AsyncTransport, Message, transport::smtp};
use sea_orm::DbErr;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Mailer, Outbox, Values, link, store};
use crate::{
    account::{links, users},
    entity::{
        account_token::TokenKind,
        mail::{self, MailKind},
        user,
    },
    error::root_cause,
};

/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How long a message may take to be sent.
const SENDING: Duration = Duration::from_mins(1);

/// How long a worker has a message to itself: longer than it may take.
const LEASE: Duration = Duration::from_mins(2);

/// How soon a message is tried again, the first time; twice as long each time after that.
const FIRST: Duration = Duration::from_secs(5);

/// How soon it is tried again at the latest.
const LATEST: Duration = Duration::from_mins(10);

/// How long a message is tried.
const KEPT: TimeDelta = TimeDelta::days(3);

/// How long a worker leaves a server alone that cannot be reached.
const PAUSE: Duration = Duration::from_secs(5);

/// The outcome of an attempt to send a message.
enum Sent {
    /// Sent, or without a recipient by now, or refused for good.
    Done,
    /// By the server, for now.
    Deferred,
    /// The server was not reached, or did not let us in.
    Away,
}

fn wait(attempts: i32) -> Duration {
    let doublings = u32::try_from((attempts - 1).clamp(0, 16)).unwrap_or_default();
    LATEST.min(FIRST * 2_u32.pow(doublings))
}

impl Outbox {
    /// Sends the mail in the outbox until `stopping` is cancelled. A message that is being sent then is sent.
    pub async fn send_until(self, stopping: CancellationToken) {
        let Some(mailer) = self.mailer.clone() else {
            return;
        };
        while !stopping.is_cancelled() {
            let pause = match self.send_next(&mailer).await {
                Ok(Some(Sent::Done | Sent::Deferred)) => continue,
                Ok(Some(Sent::Away)) => PAUSE,
                Ok(None) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "outbox of mail not read; trying again");
                    LOOK
                }
            };
            tokio::select! {
                () = stopping.cancelled() => {}
                () = mailer.0.wake.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Sends the message that is due for longest; none if none is.
    async fn send_next(&self, mailer: &Mailer) -> Result<Option<Sent>, DbErr> {
        let now = self.db.now(&self.clock);
        let Some(row) = store::due(self.db.reads(), now).await? else {
            return Ok(None);
        };
        let lease_end = self.db.time_in(&self.clock, LEASE);
        if !store::lease(self.db.writes(), &row, lease_end).await? {
            // Another instance was faster.
            return Ok(Some(Sent::Done));
        }
        let attempt = row.attempts + 1;
        let sent = match self.compose(mailer, &row, self.clock.now()).await? {
            Some(message) => send(mailer, message, &row).await,
            None => Sent::Done,
        };
        let given_up = self.clock.now() - row.created_at > KEPT;
        if given_up && !matches!(sent, Sent::Done) {
            tracing::error!(mail = %row.id, kind = ?row.kind, attempt, "mail given up");
        }
        if given_up || matches!(sent, Sent::Done) {
            store::delete(self.db.writes(), &row, attempt).await?;
        } else {
            let due_at = self.db.time_in(&self.clock, wait(attempt));
            store::postpone(self.db.writes(), &row, attempt, due_at).await?;
        }
        Ok(Some(sent))
    }

    /// The message, with a new link if it has one; None if there is no recipient any more.
    async fn compose(
        &self,
        mailer: &Mailer,
        row: &mail::Model,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>, DbErr> {
        let mut values = Values {
            app: mailer.0.app_url.clone(),
            time: row.created_at.format("%Y-%m-%d %H:%M UTC").to_string(),
            device: row.detail.clone(),
            ..Values::default()
        };
        let (recipient, locale) = match row.kind {
            MailKind::ResetPassword => {
                let user = users::find_by_email(self.db.reads(), &row.recipient).await?;
                let Some(user) = user.filter(|user| user.is_active) else {
                    return Ok(None);
                };
                let kind = TokenKind::ResetPassword;
                let token = links::make(self.db.writes(), user.id, kind, &user.email, now).await?;
                values.link = Some(link(&mailer.0.app_url, "reset", &token));
                values.token = Some(token);
                // As the account has it, not as the request had it.
                (user.email, user.locale)
            }
            MailKind::VerifyEmail => {
                let Some(user) = self.to_verify(row).await? else {
                    return Ok(None);
                };
                let kind = TokenKind::VerifyEmail;
                let token =
                    links::make(self.db.writes(), user.id, kind, &row.recipient, now).await?;
                values.link = Some(link(&mailer.0.app_url, "verify", &token));
                values.token = Some(token);
                (row.recipient.clone(), user.locale)
            }
            MailKind::PasswordChanged
            | MailKind::EmailChangeAsked
            | MailKind::EmailChanged
            | MailKind::NewSignIn
            | MailKind::AccountDeleted => (row.recipient.clone(), row.locale.clone()),
        };
        match mailer.message(row, &recipient, &locale, &values, now) {
            Ok(message) => Ok(Some(message)),
            Err(error) => {
                tracing::error!(%error, mail = %row.id, kind = ?row.kind, "mail not written");
                Ok(None)
            }
        }
    }

    /// The user for whom an address is to be confirmed, if it still is. That somebody else has it is
    /// for nobody to learn: then nothing is sent.
    async fn to_verify(&self, row: &mail::Model) -> Result<Option<user::Model>, DbErr> {
        let Some(id) = row.user_id else {
            return Ok(None);
        };
        let user = users::find(self.db.reads(), id).await?;
        let Some(user) = user.filter(|user| user.is_active) else {
            return Ok(None);
        };
        if user.email == row.recipient {
            return Ok(Some(user).filter(|user| user.email_verified_at.is_none()));
        }
        let is_pending = user.pending_email.as_ref() == Some(&row.recipient);
        let owner = users::find_by_email(self.db.reads(), &row.recipient).await?;
        let is_free = owner.is_none_or(|owner| owner.id == user.id);
        Ok(Some(user).filter(|_| is_pending && is_free))
    }
}

async fn send(mailer: &Mailer, message: Message, row: &mail::Model) -> Sent {
    let id = row.id;
    let error = match timeout(SENDING, mailer.0.client.send(message)).await {
        Ok(Ok(_)) => {
            tracing::info!(mail = %id, kind = ?row.kind, "mail sent");
            return Sent::Done;
        }
        Ok(Err(error)) => error,
        Err(_) => {
            tracing::warn!(mail = %id, "mail not sent: the server took too long; trying again");
            return Sent::Away;
        }
    };
    // A server's words may repeat the recipient, who is in no log.
    let code = error.status().map(|code| code.to_string());
    let why = code.unwrap_or_else(|| root_cause(&error).to_string());
    if is_refused(&error) {
        tracing::error!(mail = %id, why, "mail refused by the server");
        return Sent::Done;
    }
    tracing::warn!(mail = %id, why, "mail not sent; trying again");
    match error.status() {
        Some(_) if error.is_transient() => Sent::Deferred,
        _ => Sent::Away,
    }
}

/// Whether the server refuses the message or its recipient for good. That it does not let us in
/// (RFC 4954) is for an operator to mend.
fn is_refused(error: &smtp::Error) -> bool {
    let code = error.status().map(|code| code.to_string());
    code.is_some_and(|code| code.starts_with("55") || code == "501" || code == "521")
}

#[cfg(test)]
mod tests {
    use super::{Duration, LATEST, wait};

    #[test]
    fn waits_double_up_to_a_bound() {
        let waits: Vec<_> = (1..=4).map(|attempt| wait(attempt).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40]);
        assert_eq!(wait(i32::MAX), LATEST);
        assert_eq!(wait(0), Duration::from_secs(5));
    }
}

//! The worker that sends what is in the outbox.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lettre::{AsyncTransport, Message, transport::smtp};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, Iterable, QueryFilter, QueryOrder, sea_query::Expr,
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Mailer, Values};
use crate::{
    account::{Accounts, find_by_email, links},
    cause,
    entity::{
        account_token,
        mail::{self, Kind},
        user,
    },
};

/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How long a message may take to be sent.
const SENDING: Duration = Duration::from_mins(1);

/// How long a worker has a message to itself: longer than it may take.
const LEASE: TimeDelta = TimeDelta::minutes(2);

/// How soon a message is tried again, the first time; twice as long each time after that.
const FIRST: TimeDelta = TimeDelta::seconds(5);

/// How soon it is tried again at the latest.
const LATEST: TimeDelta = TimeDelta::minutes(10);

/// How long a message is tried.
const KEPT: TimeDelta = TimeDelta::days(3);

/// How long a worker leaves a server alone that cannot be reached.
const PAUSE: Duration = Duration::from_secs(5);

/// The outcome of an attempt to send a message.
enum Sent {
    /// Sent, or nobody's any more, or refused for good.
    Done,
    /// By the server, for now.
    Deferred,
    /// The server was not reached, or did not let us in.
    Away,
}

fn wait(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(16);
    (FIRST * 2_i32.pow(doublings)).min(LATEST)
}

impl Accounts {
    /// Sends what is in the outbox, until told to stop; what is being sent then is still sent.
    pub async fn send_mail_until(self, stopping: CancellationToken) {
        let Some(mailer) = self.mail.clone() else {
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
        let now = self.clock.now();
        let due = mail::Entity::find()
            .filter(mail::Column::DueAt.lte(now))
            // A later version may have others.
            .filter(mail::Column::Kind.is_in(Kind::iter()))
            .order_by_asc(mail::Column::DueAt)
            .one(self.reads());
        let Some(row) = self.db.unless_away(due).await? else {
            return Ok(None);
        };
        let attempt = row.attempts + 1;
        let lease = mail::Entity::update_many()
            .col_expr(mail::Column::Attempts, Expr::value(attempt))
            .col_expr(mail::Column::DueAt, Expr::value(now + LEASE))
            .filter(mail::Column::Id.eq(row.id))
            .filter(mail::Column::Attempts.eq(row.attempts))
            .exec(self.db.writes());
        if self.db.unless_away(lease).await?.rows_affected == 0 {
            // Another instance was faster.
            return Ok(Some(Sent::Done));
        }
        let sent = match self.compose(mailer, &row, now).await? {
            Some(message) => send(mailer, message, &row).await,
            None => Sent::Done,
        };
        let now = self.clock.now();
        let given_up = now - row.created_at > KEPT;
        if given_up && !matches!(sent, Sent::Done) {
            tracing::error!(mail = %row.id, kind = ?row.kind, attempt, "mail given up");
        }
        // Not if the lease has run out and another has it.
        let is_ours = |column: mail::Column| column.eq(attempt);
        if given_up || matches!(sent, Sent::Done) {
            let delete = mail::Entity::delete_by_id(row.id)
                .filter(is_ours(mail::Column::Attempts))
                .exec(self.db.writes());
            self.db.unless_away(delete).await?;
        } else {
            let later = mail::Entity::update_many()
                .col_expr(mail::Column::DueAt, Expr::value(now + wait(attempt)))
                .filter(mail::Column::Id.eq(row.id))
                .filter(is_ours(mail::Column::Attempts))
                .exec(self.db.writes());
            self.db.unless_away(later).await?;
        }
        Ok(Some(sent))
    }

    /// The message, with a new link if it has one; none if nobody is to have it any more.
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
            Kind::ResetPassword => {
                let user = find_by_email(self.reads(), &row.recipient).await?;
                let Some(user) = user.filter(|user| user.is_active) else {
                    return Ok(None);
                };
                let kind = account_token::Kind::ResetPassword;
                let token = links::make(&self.db, user.id, kind, &user.email, now).await?;
                values.link = Some(mailer.link("reset", &token));
                values.token = Some(token);
                // As the account has it, not as somebody wrote it.
                (user.email, user.locale)
            }
            Kind::VerifyEmail => {
                let Some(user) = self.to_verify(row).await? else {
                    return Ok(None);
                };
                let kind = account_token::Kind::VerifyEmail;
                let token = links::make(&self.db, user.id, kind, &row.recipient, now).await?;
                values.link = Some(mailer.link("verify", &token));
                values.token = Some(token);
                (row.recipient.clone(), user.locale)
            }
            Kind::PasswordChanged
            | Kind::EmailChangeAsked
            | Kind::EmailChanged
            | Kind::NewSignIn
            | Kind::AccountDeleted => (row.recipient.clone(), row.locale.clone()),
        };
        match mailer.message(row, &recipient, &locale, &values, now) {
            Ok(message) => Ok(Some(message)),
            Err(error) => {
                tracing::error!(%error, mail = %row.id, kind = ?row.kind, "mail not written");
                Ok(None)
            }
        }
    }
}

impl Accounts {
    /// The user for whom an address is to be confirmed, if it still is. That somebody else has it is
    /// for nobody to learn: then nothing is sent.
    async fn to_verify(&self, row: &mail::Model) -> Result<Option<user::Model>, DbErr> {
        let Some(id) = row.user_id else {
            return Ok(None);
        };
        let user = user::Entity::find_by_id(id).one(self.reads()).await?;
        let Some(user) = user.filter(|user| user.is_active) else {
            return Ok(None);
        };
        if user.email == row.recipient {
            return Ok(Some(user).filter(|user| user.email_verified_at.is_none()));
        }
        let is_pending = user.pending_email.as_ref() == Some(&row.recipient);
        let owner = find_by_email(self.reads(), &row.recipient).await?;
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
    let why = code.unwrap_or_else(|| cause::root(&error).to_string());
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
    use super::{LATEST, TimeDelta, wait};

    #[test]
    fn waits_double_up_to_a_bound() {
        let waits: Vec<_> = (1..=4).map(|attempt| wait(attempt).num_seconds()).collect();
        assert_eq!(waits, [5, 10, 20, 40]);
        assert_eq!(wait(i32::MAX), LATEST);
        assert_eq!(wait(0), TimeDelta::seconds(5));
    }
}

//! Recovery of an account whose password is forgotten.

use std::net::IpAddr;

use sea_orm::Set;

use super::{
    AccountError, Accounts, Client, events::record, links, locale, name, sessions, sessions::Which,
    users,
};
use crate::{
    entity::{account_event::EventKind, account_token::TokenKind, mail::MailKind, user},
    validation::ValidationErrors,
};

impl Accounts {
    /// Has a link sent to an address, if an account has it. The same work for every address: who
    /// has one is looked up by the worker that sends it.
    ///
    /// # Errors
    ///
    /// [`AccountError::NoMail`]; [`AccountError::Invalid`] if it is no address; [`AccountError::RateLimited`], by
    /// the requester's address and by this one.
    pub async fn request_password_reset(
        &self,
        email: &str,
        from: IpAddr,
    ) -> Result<(), AccountError> {
        self.outbox.require()?;
        let email = name::email(email).map_err(|violation| {
            AccountError::Invalid(ValidationErrors::one("input.email", violation))
        })?;
        self.rate_limits.mail(&email.key, from)?;
        let (kind, to) = (MailKind::ResetPassword, (&*email.text, locale::DEFAULT));
        let db = self.db.writes();
        self.outbox.post(db, kind, None, to, None).await?;
        self.outbox.wake();
        Ok(())
    }

    /// Changes the password by a link, and ends all sessions. Returns the user, and how many ended.
    ///
    /// # Errors
    ///
    /// [`AccountError::RateLimited`]; [`AccountError::Invalid`] if the token is unknown, used or expired, or the
    /// password fails its rules; [`AccountError::Inactive`].
    pub async fn reset_password(
        &self,
        token: &str,
        new: String,
        client: Client<'_>,
    ) -> Result<(user::Model, usize), AccountError> {
        self.rate_limits.link(client.address)?;
        let now = self.clock.now();
        // Before the work on the password: guessing at tokens costs us nothing.
        let found = links::find(self.db.reads(), token, TokenKind::ResetPassword, now).await?;
        let (row, user) = found.ok_or_else(links::invalid_token)?;
        if !user.is_active {
            return Err(AccountError::Inactive);
        }
        let names = [user.email.as_str(), user.username.as_str()];
        let checked = self.passwords.check(&new, names).await?;
        checked.map_err(|violation| {
            AccountError::Invalid(ValidationErrors::one("input.newPassword", violation))
        })?;
        let hashed_password = self.passwords.hash(&new).await?;

        let now = self.clock.now();
        let tx = self.db.begin().await?;
        // Before its sessions', as everywhere: no sign-in with the earlier password comes after this.
        let user = user::lock(&tx, user.id).await?;
        let is_unused = links::take(&tx, &row).await?;
        let Some(user) = user.filter(|_| is_unused) else {
            tx.rollback().await?;
            return Err(links::invalid_token());
        };
        links::end_all(&tx, user.id).await?;
        let mut change = users::new_password(hashed_password, now);
        if row.email == user.email {
            // It was read there.
            change.email_verified_at = Set(user.email_verified_at.or(Some(now)));
        }
        let Some(user) = users::update(&tx, user.id, change).await? else {
            tx.rollback().await?;
            return Err(links::invalid_token());
        };
        let revoked = sessions::revoke(&tx, user.id, Which::All, now).await?;
        let kind = MailKind::PasswordChanged;
        self.outbox.notify(&tx, kind, &user).await?;
        let (kind, agent) = (EventKind::PasswordReset, client.user_agent);
        record(&tx, &self.clock, user.id, kind, None, agent).await?;
        let committed = tx.commit().await;
        let is_theirs = |_, owner| owner == user.id;
        self.sessions.changed(committed, is_theirs)?;
        self.outbox.wake();
        Ok((user, revoked.len()))
    }
}

//! A new password by the present one, and confirmations by the present one.

use std::net::IpAddr;

use super::{
    AccountError, Accounts, Client, Requester, events::record, guests::no_guest, links,
    password::normal_form, sessions, sessions::Which, users,
};
use crate::{
    entity::{account_event::EventKind, mail::MailKind, user},
    validation::{
        FieldErrorCode::{Unchanged, WrongPassword},
        ValidationErrors, Violation,
    },
};

impl Accounts {
    /// Changes the password, and ends every other session and every link. Returns the user, and how
    /// many sessions ended.
    ///
    /// # Errors
    ///
    /// [`AccountError::Guest`]; [`AccountError::RateLimited`]; [`AccountError::Invalid`] if the new one fails its
    /// rules, or the current one is wrong.
    pub async fn change_password(
        &self,
        requester: &Requester,
        current: String,
        new: String,
        client: Client<'_>,
    ) -> Result<(user::Model, usize), AccountError> {
        let (user, from) = (&requester.user, client.address);
        no_guest(user)?;
        self.rate_limits.password(&user.email_key, from)?;
        let mut errors = ValidationErrors::default();
        // An imported account's names may be longer than today's rules allow, never than the
        // columns.
        let checked = self.passwords.check(&new, [&user.email, &user.username]);
        errors.check("input.newPassword", checked.await?);
        if normal_form(&new) == normal_form(&current) {
            let message = "The new password is the current one.";
            errors.add("input.newPassword", Violation::new(Unchanged, message));
        }
        let path = "input.currentPassword";
        self.check_current(&mut errors, path, requester, &current, from)
            .await?;

        let hashed_password = self.passwords.hash(&new).await?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        // Of two changes at once, both from this password, one is too late.
        if users::lock_with_password(&tx, user).await?.is_none() {
            tx.rollback().await?;
            return Err(AccountError::SessionEnded);
        }
        let change = users::new_password(hashed_password, now);
        let changed = users::update(&tx, user.id, change).await?;
        let user = changed.ok_or(AccountError::SessionEnded)?;
        let kept = requester.session.id;
        let revoked = sessions::revoke(&tx, user.id, Which::AllBut(kept), now).await?;
        links::end_all(&tx, user.id).await?;
        let kind = MailKind::PasswordChanged;
        self.outbox.notify(&tx, kind, &user).await?;
        let (kind, agent) = (EventKind::PasswordChanged, client.user_agent);
        record(&tx, &self.clock, user.id, kind, Some(kept), agent).await?;
        let committed = self.sessions.commit_user(tx, user.id).await;
        self.sessions.changed(committed, |session_id, owner| {
            owner == user.id && session_id != kept
        })?;
        self.outbox.wake();
        Ok((user, revoked.len()))
    }

    /// Whether the password is the requester's, for what cannot be undone. A guest's is empty.
    ///
    /// # Errors
    ///
    /// [`AccountError::RateLimited`]; [`AccountError::Invalid`] if it is not.
    pub async fn confirm(
        &self,
        requester: &Requester,
        password: String,
        from: IpAddr,
    ) -> Result<(), AccountError> {
        if requester.user.is_guest && password.is_empty() {
            return Ok(());
        }
        self.rate_limits.password(&requester.user.email_key, from)?;
        let mut errors = ValidationErrors::default();
        self.check_current(&mut errors, "input.password", requester, &password, from)
            .await
    }

    /// Adds to `errors` that the password is wrong, if it is, and fails if there are any. The
    /// try has been counted.
    pub(super) async fn check_current(
        &self,
        errors: &mut ValidationErrors,
        path: &'static str,
        requester: &Requester,
        password: &str,
        from: IpAddr,
    ) -> Result<(), AccountError> {
        let user = &requester.user;
        let hash = Some(user.hashed_password.clone());
        if self.passwords.verify(password, hash).await?.is_some() {
            self.rate_limits.password_was_right(&user.email_key, from);
        } else {
            let message = "This is not the account's password.";
            errors.add(path, Violation::new(WrongPassword, message));
        }
        std::mem::take(errors)
            .into_result()
            .map_err(AccountError::Invalid)
    }
}

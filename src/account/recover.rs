//! Recovery of an account whose password is forgotten.

use std::net::IpAddr;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{Accounts, Error, links, locale, lock_user, name};
use crate::{
    entity::{account_token, mail, user},
    invalid::{FieldErrorCode::InvalidToken, Problems, Rule},
};

impl Accounts {
    /// Has a link sent to an address, if an account has it. The same work for every address: who
    /// has one is looked up by the worker that sends it.
    ///
    /// # Errors
    ///
    /// [`Error::NoMail`]; [`Error::Invalid`] if it is no address; [`Error::RateLimited`], by the
    /// requester's address and by this one.
    pub async fn request_password_reset(&self, email: &str, from: IpAddr) -> Result<(), Error> {
        self.mailer()?;
        let mut problems = Problems::default();
        let Some(email) = problems.note("input.email", name::email(email)) else {
            return Err(Error::Invalid(problems));
        };
        self.limits.mail(&email.key, from)?;
        let to = (&*email.text, locale::DEFAULT);
        let kind = mail::Kind::ResetPassword;
        self.post(self.db.writes(), kind, None, to, None).await?;
        self.wake_mail();
        Ok(())
    }

    /// Changes the password by a link, and ends all sessions. Returns the user, and how many ended.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`]; [`Error::Invalid`] if the token is unknown, used or expired, or the
    /// password fails its rules; [`Error::Inactive`].
    pub async fn reset_password(
        &self,
        token: &str,
        new: String,
        from: IpAddr,
    ) -> Result<(user::Model, u64), Error> {
        self.limits.link(from)?;
        let kind = account_token::Kind::ResetPassword;
        // Before the work on the password: guessing at tokens costs us nothing.
        let found = links::find(self.reads(), token, kind, self.clock.now()).await?;
        let (row, user) = found.ok_or_else(invalid_token)?;
        if !user.is_active {
            return Err(Error::Inactive);
        }
        let mut problems = Problems::default();
        let names = [user.email.as_str(), user.username.as_str()];
        problems.note(
            "input.newPassword",
            self.passwords.check(&new, names).await?,
        );
        if !problems.0.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let hashed_password = self.passwords.hash(&new).await?;

        let tx = self.db.begin().await?;
        // Before its sessions', as everywhere: no sign-in with the earlier password comes after this.
        let Some(user) = lock_user(&tx, user.id).await? else {
            return Err(invalid_token());
        };
        if !links::take(&tx, &row).await? {
            tx.rollback().await?;
            return Err(invalid_token());
        }
        links::end_all(&tx, user.id).await?;
        let mut change = user::Entity::update_many();
        if row.email == user.email {
            // It was read there.
            let verified_at = user.email_verified_at.unwrap_or_else(|| self.clock.now());
            change = change.col_expr(user::Column::EmailVerifiedAt, Expr::value(verified_at));
        }
        let changed = change
            .col_expr(user::Column::HashedPassword, Expr::value(hashed_password))
            .col_expr(user::Column::UpdatedAt, Expr::value(self.clock.now()))
            // The change may have been requested by a person who knew the earlier password.
            .col_expr(user::Column::PendingEmail, Expr::value(None::<String>))
            .filter(user::Column::Id.eq(user.id))
            .exec_with_returning(&tx)
            .await?
            .pop();
        let Some(user) = changed else {
            tx.rollback().await?;
            return Err(invalid_token());
        };
        let revoked = self.revoke_all(&tx, user.id, None).await?;
        self.notify(&tx, mail::Kind::PasswordChanged, &user).await?;
        let committed = tx.commit().await;
        self.changed(committed, |_, owner| owner == user.id)?;
        self.wake_mail();
        Ok((user, revoked))
    }
}

pub(super) fn invalid_token() -> Error {
    let mut problems = Problems::default();
    let message = "This link has been used, has expired or is incomplete. Ask for another one.";
    problems.add("input.token", Rule::new(InvalidToken, message));
    Error::Invalid(problems)
}

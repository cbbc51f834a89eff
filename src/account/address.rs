//! Email addresses of accounts: confirmed by a link, and changed.

use std::net::IpAddr;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, SqlErr, sea_query::Expr};

use super::{Accounts, Error, Requester, links, lock_user, name, recover::invalid_token};
use crate::{
    entity::{account_token, mail, user},
    invalid::{
        FieldErrorCode::{Taken, Unchanged},
        Problems, Rule,
    },
};

impl Accounts {
    /// Confirms an address by a link that was sent there, and gives it to the account if it is the
    /// pending one.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`]; [`Error::Invalid`] if the token is unknown, used, expired or of an
    /// address that is none of the account's any more; [`Error::Taken`], decided by the database.
    pub async fn verify_email(&self, token: &str, from: IpAddr) -> Result<user::Model, Error> {
        self.limits.link(from)?;
        let now = self.clock.now();
        let kind = account_token::Kind::VerifyEmail;
        let found = links::find(self.reads(), token, kind, now).await?;
        let (row, user) = found.ok_or_else(invalid_token)?;
        let id = user.id;
        let tx = self.db.begin().await?;
        let user = lock_user(&tx, id).await?;
        let is_taken = links::take(&tx, &row).await?;
        let Some(user) = user.filter(|_| is_taken) else {
            tx.rollback().await?;
            return Err(invalid_token());
        };
        let mut change = user::Entity::update_many()
            .col_expr(user::Column::EmailVerifiedAt, Expr::value(now))
            .filter(user::Column::Id.eq(id));
        let is_change = user.pending_email.as_ref() == Some(&row.email);
        if is_change {
            change = change
                .col_expr(user::Column::Email, Expr::value(&row.email))
                .col_expr(
                    user::Column::EmailKey,
                    Expr::value(name::email_key(&row.email)),
                )
                .col_expr(user::Column::PendingEmail, Expr::value(None::<String>))
                .col_expr(user::Column::UpdatedAt, Expr::value(now));
        } else if user.email != row.email {
            tx.rollback().await?;
            return Err(invalid_token());
        }
        let changed = match change.exec_with_returning(&tx).await {
            Ok(mut users) => users.pop().ok_or(Error::SessionEnded)?,
            Err(error) => {
                tx.rollback().await?;
                return Err(taken("input.token", error));
            }
        };
        if is_change {
            // The account's links that were sent to the earlier address.
            links::end_all(&tx, id).await?;
            self.notify(&tx, mail::Kind::EmailChanged, &user).await?;
        }
        self.commit_user(tx, id).await?;
        self.wake_mail();
        Ok(changed)
    }

    /// Has another link sent to the address that is not confirmed yet, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::NoMail`]; [`Error::RateLimited`].
    pub async fn resend_verification(
        &self,
        requester: &Requester,
        from: IpAddr,
    ) -> Result<(), Error> {
        self.mailer()?;
        let user = &requester.user;
        let unconfirmed = user.email_verified_at.is_none().then_some(&user.email);
        let Some(email) = user.pending_email.as_ref().or(unconfirmed) else {
            return Ok(());
        };
        self.limits.mail(&name::email_key(email), from)?;
        let to = (&**email, &*user.locale);
        let kind = mail::Kind::VerifyEmail;
        self.post(self.db.writes(), kind, Some(user.id), to, None)
            .await?;
        self.wake_mail();
        Ok(())
    }

    /// Changes the address: once a link that is sent there is used, and at once where no mail is set
    /// up. With mail, that another account has it is not said here.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`]; [`Error::Invalid`] if the address fails its rules or the password is
    /// wrong; without mail [`Error::Taken`], decided by the database.
    pub async fn change_email(
        &self,
        requester: &Requester,
        new: &str,
        password: &str,
        from: IpAddr,
    ) -> Result<user::Model, Error> {
        let user = &requester.user;
        self.limits.password(&user.email_key, from)?;
        let mut problems = Problems::default();
        let new = problems.note("input.newEmail", name::email(new));
        if new.as_ref().is_some_and(|new| new.text == user.email) {
            let message = "This is the account's address.";
            problems.add("input.newEmail", Rule::new(Unchanged, message));
        }
        self.check_current(&mut problems, "input.password", requester, password, from)
            .await?;
        let Some(new) = new else {
            return Err(Error::Invalid(problems));
        };
        self.limits.mail(&new.key, from)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        // A change of the password comes before, and is seen, or after, and cancels this one.
        let still = lock_user(&tx, user.id).await?;
        let same = still.filter(|still| still.hashed_password == user.hashed_password);
        let Some(user) = same else {
            tx.rollback().await?;
            return Err(Error::SessionEnded);
        };
        links::end_all(&tx, user.id).await?;
        let change = user::Entity::update_many()
            .col_expr(user::Column::UpdatedAt, Expr::value(now))
            .filter(user::Column::Id.eq(user.id));
        let change = if self.mail.is_some() {
            let kind = mail::Kind::VerifyEmail;
            let to = (&*new.text, &*user.locale);
            self.post(&tx, kind, Some(user.id), to, None).await?;
            self.notify(&tx, mail::Kind::EmailChangeAsked, &user)
                .await?;
            change.col_expr(user::Column::PendingEmail, Expr::value(new.text))
        } else {
            change
                .col_expr(user::Column::Email, Expr::value(new.text))
                .col_expr(user::Column::EmailKey, Expr::value(new.key))
                .col_expr(
                    user::Column::EmailVerifiedAt,
                    Expr::value(None::<chrono::DateTime<chrono::Utc>>),
                )
                .col_expr(user::Column::PendingEmail, Expr::value(None::<String>))
        };
        let changed = match change.exec_with_returning(&tx).await {
            Ok(mut users) => users.pop().ok_or(Error::SessionEnded)?,
            Err(error) => {
                tx.rollback().await?;
                return Err(taken("input.newEmail", error));
            }
        };
        self.commit_user(tx, changed.id).await?;
        self.wake_mail();
        Ok(changed)
    }

    /// # Errors
    ///
    /// [`Error::EmailNotVerified`] if asking needs a confirmed address, and the user's is not.
    pub fn may_ask(&self, user: &user::Model) -> Result<(), Error> {
        if self.requires_verified_email && user.email_verified_at.is_none() {
            return Err(Error::EmailNotVerified);
        }
        Ok(())
    }
}

fn taken(path: &'static str, error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            let mut problems = Problems::default();
            let message = "An account with this email address exists.";
            problems.add(path, Rule::new(Taken, message));
            Error::Taken(problems)
        }
        _ => error.into(),
    }
}

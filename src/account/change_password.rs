//! A new password.

use std::net::IpAddr;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{Accounts, Error, Requester, links, password::normal_form};
use crate::{
    entity::{mail, user},
    invalid::{
        FieldErrorCode::{Unchanged, WrongPassword},
        Problems, Rule,
    },
};

impl Accounts {
    /// Changes the password, and ends every other session and every link. Returns the user, and how
    /// many sessions ended.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`]; [`Error::Invalid`] if the new one fails its rules, or the current
    /// one is not right.
    pub async fn change_password(
        &self,
        requester: &Requester,
        current: String,
        new: String,
        from: IpAddr,
    ) -> Result<(user::Model, u64), Error> {
        let user = &requester.user;
        self.limits.password(&user.email_key, from)?;
        let mut problems = Problems::default();
        // An imported account's names may be longer than today's rules allow, never than the
        // columns.
        let names = [user.email.as_str(), user.username.as_str()];
        problems.note(
            "input.newPassword",
            self.passwords.check(&new, names).await?,
        );
        if normal_form(&new) == normal_form(&current) {
            let message = "The new password is the current one.";
            problems.add("input.newPassword", Rule::new(Unchanged, message));
        }
        let path = "input.currentPassword";
        self.check_current(&mut problems, path, requester, &current, from)
            .await?;

        let hashed_password = self.passwords.hash(&new).await?;
        let tx = self.db.begin().await?;
        let changed = user::Entity::update_many()
            .col_expr(user::Column::HashedPassword, Expr::value(hashed_password))
            .col_expr(user::Column::UpdatedAt, Expr::value(self.clock.now()))
            // The change may have been requested by a person who knew the earlier password.
            .col_expr(user::Column::PendingEmail, Expr::value(None::<String>))
            .filter(user::Column::Id.eq(requester.user.id))
            // Of two changes at once, both from this password, one is too late.
            .filter(user::Column::HashedPassword.eq(&requester.user.hashed_password))
            .exec_with_returning(&tx)
            .await?
            .pop();
        let Some(user) = changed else {
            return Err(Error::SessionEnded);
        };
        let kept = Some(requester.session.id);
        let revoked = self.revoke_all(&tx, user.id, kept).await?;
        links::end_all(&tx, user.id).await?;
        self.notify(&tx, mail::Kind::PasswordChanged, &user).await?;
        let committed = self.commit_user(tx, user.id).await;
        self.changed(committed, |session_id, owner| {
            owner == user.id && Some(session_id) != kept
        })?;
        self.wake_mail();
        Ok((user, revoked))
    }

    /// Adds to `problems` that the password is wrong, if it is, and fails if there are any. The
    /// try has been counted.
    pub(super) async fn check_current(
        &self,
        problems: &mut Problems,
        path: &'static str,
        requester: &Requester,
        password: &str,
        from: IpAddr,
    ) -> Result<(), Error> {
        let hash = Some(requester.user.hashed_password.clone());
        if self.passwords.verify(password, hash).await?.is_some() {
            self.limits
                .password_was_right(&requester.user.email_key, from);
        } else {
            let message = "This is not the account's password.";
            problems.add(path, Rule::new(WrongPassword, message));
        }
        if problems.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(std::mem::take(problems)))
        }
    }
}

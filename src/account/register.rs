//! Making an account.

use std::net::IpAddr;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, SqlErr};

use super::{Accounts, Error, name};
use crate::{entity::user, invalid::Problems};

impl Accounts {
    /// # Errors
    ///
    /// [`Error::RateLimited`]; [`Error::Invalid`] with all failing fields; [`Error::Taken`],
    /// decided by the database.
    pub async fn register(
        &self,
        email: &str,
        username: &str,
        password: String,
        from: IpAddr,
    ) -> Result<user::Model, Error> {
        self.limits.registration(from)?;
        let mut problems = Problems::default();
        let checked = self.passwords.check(&password, [email, username]).await?;
        let email = problems.note("input.email", name::email(email));
        let username = problems.note("input.username", name::username(username));
        problems.note("input.password", checked);
        let (Some(email), Some(username), true) = (email, username, problems.0.is_empty()) else {
            return Err(Error::Invalid(problems));
        };

        let hashed_password = self.passwords.hash(password).await?;
        let now = self.clock.now();
        let user = user::Model {
            id: self.clock.new_id(),
            email: email.text,
            email_key: email.key.clone(),
            username: username.text,
            username_key: username.key.clone(),
            hashed_password,
            is_active: true,
            created_at: now,
            updated_at: now,
        };
        // Returning nothing: where SQLite returns a row, reading stops there, before the statement
        // has committed, and nobody is told when that fails because the disk is full.
        let inserted = user::Entity::insert(user::ActiveModel::from(user.clone()).reset_all())
            .exec_without_returning(self.db.writes())
            .await;
        match inserted {
            Ok(_) => Ok(user),
            Err(error) => match error.sql_err() {
                Some(SqlErr::UniqueConstraintViolation(detail)) => {
                    Err(self.taken(&detail, &email.key, &username.key).await?)
                }
                _ => Err(error.into()),
            },
        }
    }

    /// The database names one constraint that failed; the user is told of both.
    async fn taken(
        &self,
        detail: &str,
        email_key: &str,
        username_key: &str,
    ) -> Result<Error, Error> {
        let has = |column: user::Column, key: &str| {
            user::Entity::find()
                .filter(column.eq(key))
                .count(self.reads())
        };
        let email =
            detail.contains("email_key") || has(user::Column::EmailKey, email_key).await? > 0;
        let username = detail.contains("username_key")
            || has(user::Column::UsernameKey, username_key).await? > 0;
        let mut problems = Problems::default();
        if email {
            problems.add(
                "input.email",
                "TAKEN",
                "An account with this email address exists.",
            );
        }
        if username {
            problems.add("input.username", "TAKEN", "This username is taken.");
        }
        Ok(Error::Taken(problems))
    }
}

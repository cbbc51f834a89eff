//! Making an account.

use std::net::IpAddr;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, SqlErr,
};

use super::{Accounts, Error, SignedIn, locale, name};
use crate::{
    entity::{mail, user},
    invalid::{FieldErrorCode::Taken, Problems, Rule},
};

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
        accept_language: Option<&str>,
        from: IpAddr,
    ) -> Result<user::Model, Error> {
        self.limits.registration(from)?;
        let user = self
            .new_user(email, username, password, accept_language)
            .await?;
        match self.store(&user).await {
            Ok(()) => {
                self.wake_mail();
                Ok(user)
            }
            Err(error) => Err(self.not_inserted(error, &user).await?),
        }
    }

    /// Makes an account and signs in with it, in one transaction. Counts as both.
    ///
    /// # Errors
    ///
    /// As [`Accounts::register`].
    pub async fn register_and_sign_in(
        &self,
        email: &str,
        username: &str,
        password: String,
        accept_language: Option<&str>,
        user_agent: Option<&str>,
        from: IpAddr,
    ) -> Result<SignedIn, Error> {
        self.limits.registration(from)?;
        self.limits.password(&name::email_key(email), from)?;
        let user = self
            .new_user(email, username, password, accept_language)
            .await?;
        let tx = self.db.begin().await?;
        if let Err(error) = insert(&tx, &user).await {
            // The names that are taken are read on another connection.
            tx.rollback().await?;
            return Err(self.not_inserted(error, &user).await?);
        }
        self.notify(&tx, mail::Kind::VerifyEmail, &user).await?;
        let (session, signed) = self.open_session(&tx, user.id, user_agent).await?;
        tx.commit().await?;
        self.wake_mail();
        self.limits.password_was_right(&user.email_key, from);
        Ok(SignedIn {
            user,
            session,
            signed,
        })
    }

    /// An account that keeps the rules, to be stored.
    async fn new_user(
        &self,
        email: &str,
        username: &str,
        password: String,
        accept_language: Option<&str>,
    ) -> Result<user::Model, Error> {
        let mut problems = Problems::default();
        let email = problems.note("input.email", name::email(email));
        let username = problems.note("input.username", name::username(username));
        // Names that fail their rules may be of any length, which the estimate's work grows with.
        let names = [&email, &username].map(|name| name.as_ref().map_or("", |name| &*name.text));
        problems.note(
            "input.password",
            self.passwords.check(&password, names).await?,
        );
        let (Some(email), Some(username), true) = (email, username, problems.0.is_empty()) else {
            return Err(Error::Invalid(problems));
        };

        let hashed_password = self.passwords.hash(&password).await?;
        let now = self.clock.now();
        Ok(user::Model {
            id: self.clock.new_id(),
            email: email.text,
            email_key: email.key,
            username: username.text,
            username_key: username.key,
            hashed_password,
            is_active: true,
            created_at: now,
            updated_at: now,
            locale: locale::of_header(accept_language),
            memory: true,
            email_verified_at: None,
            pending_email: None,
        })
    }

    /// With a link that confirms its address, where mail is set up.
    async fn store(&self, user: &user::Model) -> Result<(), DbErr> {
        if self.mail.is_none() {
            return insert(self.db.writes(), user).await;
        }
        let tx = self.db.begin().await?;
        if let Err(error) = insert(&tx, user).await {
            tx.rollback().await?;
            return Err(error);
        }
        self.notify(&tx, mail::Kind::VerifyEmail, user).await?;
        tx.commit().await
    }

    /// Why an account could not be stored.
    async fn not_inserted(&self, error: DbErr, user: &user::Model) -> Result<Error, Error> {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(detail)) => {
                self.taken(&detail, &user.email_key, &user.username_key)
                    .await
            }
            _ => Err(error.into()),
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
            let message = "An account with this email address exists.";
            problems.add("input.email", Rule::new(Taken, message));
        }
        if username {
            let message = "This username is taken.";
            problems.add("input.username", Rule::new(Taken, message));
        }
        Ok(Error::Taken(problems))
    }
}

/// Returning nothing: where SQLite returns a row, reading stops there, before the statement has
/// committed, and nobody is told when that fails because the disk is full.
async fn insert(db: &impl ConnectionTrait, user: &user::Model) -> Result<(), DbErr> {
    user::Entity::insert(user::ActiveModel::from(user.clone()).reset_all())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

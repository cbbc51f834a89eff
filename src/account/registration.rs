//! Making an account.

use sea_orm::{DatabaseTransaction, DbErr, SqlErr};
use uuid::Uuid;

use super::{
    AccountError, Accounts, Client, EMAIL_TAKEN, SignedIn, USERNAME_TAKEN,
    events::record,
    locale,
    name::{self, Name},
    users,
};
use crate::{
    entity::{account_event::EventKind, mail::MailKind, user},
    validation::{FieldErrorCode::Taken, ValidationErrors, Violation},
};

impl Accounts {
    /// # Errors
    ///
    /// [`AccountError::RateLimited`]; [`AccountError::Invalid`] with all failing fields;
    /// [`AccountError::Taken`], decided by the database.
    pub async fn register(
        &self,
        email: &str,
        username: &str,
        password: String,
        client: Client<'_>,
    ) -> Result<user::Model, AccountError> {
        self.rate_limits.registration(client.address)?;
        let user = self.new_user(email, username, &password, client).await?;
        self.store(&user, client).await?.commit().await?;
        self.outbox.wake();
        Ok(user)
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
        client: Client<'_>,
    ) -> Result<SignedIn, AccountError> {
        let from = client.address;
        self.rate_limits.registration(from)?;
        self.rate_limits.password(&name::email_key(email), from)?;
        let user = self.new_user(email, username, &password, client).await?;
        let signed_in = self.store_and_sign_in(user, client).await?;
        self.outbox.wake();
        let email_key = &signed_in.user.email_key;
        self.rate_limits.password_was_right(email_key, from);
        Ok(signed_in)
    }

    pub(super) async fn store_and_sign_in(
        &self,
        user: user::Model,
        client: Client<'_>,
    ) -> Result<SignedIn, AccountError> {
        let tx = self.store(&user, client).await?;
        let opened = self.sessions.open(&tx, user.id, client.user_agent).await?;
        tx.commit().await?;
        let (session, signed) = opened;
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
        password: &str,
        client: Client<'_>,
    ) -> Result<user::Model, AccountError> {
        let (email, username, hashed_password) = self.checked(email, username, password).await?;
        Ok(user::Model {
            locale: locale::of_header(client.accept_language),
            ..users::new(&self.clock, email, username, hashed_password)
        })
    }

    /// Names and a password's hash, if all three keep their rules.
    pub(super) async fn checked(
        &self,
        email: &str,
        username: &str,
        password: &str,
    ) -> Result<(Name, Name, String), AccountError> {
        let mut errors = ValidationErrors::default();
        let email = errors.check("input.email", name::email(email));
        let username = errors.check("input.username", name::username(username));
        // Names that fail their rules may be of any length, which the estimate's work grows with.
        let names = [&email, &username].map(|name| name.as_ref().map_or("", |name| &*name.text));
        let checked = self.passwords.check(password, names).await?;
        errors.check("input.password", checked);
        let (Some(email), Some(username), true) = (email, username, errors.0.is_empty()) else {
            return Err(AccountError::Invalid(errors));
        };
        let hashed_password = self.passwords.hash(password).await?;
        Ok((email, username, hashed_password))
    }

    /// Begins a transaction that stores an account, with a link that confirms its address where mail is set
    /// up.
    async fn store(
        &self,
        user: &user::Model,
        client: Client<'_>,
    ) -> Result<DatabaseTransaction, AccountError> {
        let tx = self.db.begin().await?;
        if let Err(error) = users::insert(&tx, user).await {
            // The names that are taken are read on another connection.
            tx.rollback().await?;
            let keys = (&*user.email_key, &*user.username_key);
            return Err(self.not_stored(error, user.id, keys).await?);
        }
        self.outbox.notify(&tx, MailKind::VerifyEmail, user).await?;
        let (kind, agent) = (EventKind::Registered, client.user_agent);
        record(&tx, &self.clock, user.id, kind, None, agent).await?;
        Ok(tx)
    }

    /// Why an account could not be stored under these keys. The database names one constraint that
    /// failed; the response names both.
    pub(super) async fn not_stored(
        &self,
        error: DbErr,
        id: Uuid,
        (email_key, username_key): (&str, &str),
    ) -> Result<AccountError, AccountError> {
        let Some(SqlErr::UniqueConstraintViolation(detail)) = error.sql_err() else {
            return Err(error.into());
        };
        let mut errors = ValidationErrors::default();
        for (name, column, key, path, message) in [
            (
                "email_key",
                user::Column::EmailKey,
                email_key,
                "input.email",
                EMAIL_TAKEN,
            ),
            (
                "username_key",
                user::Column::UsernameKey,
                username_key,
                "input.username",
                USERNAME_TAKEN,
            ),
        ] {
            if detail.contains(name) || users::is_taken(self.db.reads(), column, key, id).await? {
                errors.add(path, Violation::new(Taken, message));
            }
        }
        Ok(AccountError::Taken(errors))
    }
}

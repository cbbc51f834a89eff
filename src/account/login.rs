//! Signing in.

use super::{Accounts, Error, name};
use crate::entity::{session, user};

/// What a sign-in gives.
#[derive(Debug)]
pub struct SignedIn {
    pub user: user::Model,
    pub session: session::Model,
    pub token: String,
}

impl Accounts {
    /// # Errors
    ///
    /// [`Error::WrongCredentials`], the same and after the same work for an unknown email and
    /// for a wrong password; [`Error::Inactive`] only to who knows the password.
    pub async fn login(
        &self,
        email: &str,
        password: String,
        user_agent: Option<&str>,
    ) -> Result<SignedIn, Error> {
        use sea_orm::EntityTrait;
        let user = user::Entity::find_by_email_key(&name::email_key(email))
            .one(self.reads())
            .await?;
        let hash = user.as_ref().map(|user| user.hashed_password.clone());
        let right = self.passwords.verify(password, hash).await?;
        let Some(user) = user.filter(|_| right) else {
            return Err(Error::WrongCredentials);
        };
        // The hash took a while: the account may have been changed in the meantime.
        let tx = self.db.begin().await?;
        let still = user::Entity::find_by_id(user.id).one(&tx).await?;
        let Some(user) = still.filter(|still| still.hashed_password == user.hashed_password) else {
            return Err(Error::WrongCredentials);
        };
        if !user.is_active {
            return Err(Error::Inactive);
        }
        let (session, token) = self.open_session(&tx, user.id, user_agent).await?;
        tx.commit().await?;
        Ok(SignedIn {
            user,
            session,
            token,
        })
    }
}

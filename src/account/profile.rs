//! Changes to a profile that need no password.

use std::net::IpAddr;

use sea_orm::Set;

use super::{AccountError, Accounts, Requester, USERNAME_TAKEN, locale, name, users};
use crate::{entity::user, validation::ValidationErrors};

/// A change of a profile. Absent members stay.
#[derive(Debug, Default)]
pub struct ProfileChanges {
    pub username: Option<String>,
    pub locale: Option<String>,
    pub memory: Option<bool>,
}

impl Accounts {
    /// # Errors
    ///
    /// [`AccountError::Invalid`] with all failing fields; [`AccountError::Taken`], decided by the database;
    /// [`AccountError::RateLimited`], since a username answers whether another account has it.
    pub async fn update_profile(
        &self,
        requester: &Requester,
        changes: ProfileChanges,
        from: IpAddr,
    ) -> Result<user::Model, AccountError> {
        let id = requester.user.id;
        let mut errors = ValidationErrors::default();
        let username = changes.username.as_deref().map(name::username);
        let username = username.and_then(|name| errors.check("input.username", name));
        let locale = changes.locale.as_deref().map(locale::locale);
        let locale = locale.and_then(|tag| errors.check("input.locale", tag));
        errors.into_result().map_err(AccountError::Invalid)?;
        if username.is_none() && locale.is_none() && changes.memory.is_none() {
            return Ok(requester.user.clone());
        }
        let mut change = user::ActiveModel {
            updated_at: Set(self.clock.now()),
            ..Default::default()
        };
        if let Some(username) = username {
            if username.key != requester.user.username_key {
                self.rate_limits.registration(from)?;
            }
            change.username = Set(username.text);
            change.username_key = Set(username.key);
        }
        if let Some(locale) = locale {
            change.locale = Set(locale);
        }
        if let Some(memory) = changes.memory {
            change.memory = Set(memory);
        }
        let updated = users::update(self.db.writes(), id, change).await;
        self.sessions.forget_user(id);
        updated
            .map_err(|error| AccountError::not_stored(error, "input.username", USERNAME_TAKEN))?
            .ok_or(AccountError::SessionEnded)
    }
}

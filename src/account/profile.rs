//! Changes to a profile that need no password.

use std::net::IpAddr;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, SqlErr, sea_query::Expr};

use super::{Accounts, Error, Requester, locale, name};
use crate::{
    entity::user,
    invalid::{FieldErrorCode, Problems, Rule},
};

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
    /// [`Error::Invalid`] with all failing fields; [`Error::Taken`], decided by the database;
    /// [`Error::RateLimited`], since a username answers whether another account has it.
    pub async fn update_profile(
        &self,
        requester: &Requester,
        changes: ProfileChanges,
        from: IpAddr,
    ) -> Result<user::Model, Error> {
        let mut problems = Problems::default();
        let username = changes.username.as_deref();
        let username =
            username.and_then(|username| problems.note("input.username", name::username(username)));
        let locale = changes.locale.as_deref();
        let locale = locale.and_then(|tag| problems.note("input.locale", locale::locale(tag)));
        if !problems.0.is_empty() {
            return Err(Error::Invalid(problems));
        }
        if username.is_none() && locale.is_none() && changes.memory.is_none() {
            return Ok(requester.user.clone());
        }
        let mut update = user::Entity::update_many()
            .col_expr(user::Column::UpdatedAt, Expr::value(self.clock.now()))
            .filter(user::Column::Id.eq(requester.user.id));
        if let Some(username) = username {
            if username.key != requester.user.username_key {
                self.limits.registration(from)?;
            }
            update = update
                .col_expr(user::Column::Username, Expr::value(username.text))
                .col_expr(user::Column::UsernameKey, Expr::value(username.key));
        }
        if let Some(locale) = locale {
            update = update.col_expr(user::Column::Locale, Expr::value(locale));
        }
        if let Some(memory) = changes.memory {
            update = update.col_expr(user::Column::Memory, Expr::value(memory));
        }
        let updated = update.exec_with_returning(self.db.writes()).await;
        self.known.forget(|_, owner| owner == requester.user.id);
        match updated {
            Ok(mut users) => users.pop().ok_or(Error::SessionEnded),
            Err(error) => match error.sql_err() {
                Some(SqlErr::UniqueConstraintViolation(_)) => {
                    let mut problems = Problems::default();
                    let rule = Rule::new(FieldErrorCode::Taken, "This username is taken.");
                    problems.add("input.username", rule);
                    Err(Error::Taken(problems))
                }
                _ => Err(error.into()),
            },
        }
    }
}

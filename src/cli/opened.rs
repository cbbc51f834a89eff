//! A database as commands open it and people call it.

use sea_orm::DbErr;

use super::Error;
use crate::{
    account::operator::OperatorError,
    config::DatabaseSettings,
    db::{self, Database},
};

/// A database as a command uses it: its errors name it.
pub(super) struct Opened {
    pub name: String,
    pub database: Database,
    settings: DatabaseSettings,
}

pub(super) fn failed(settings: &DatabaseSettings, error: &DbErr) -> Error {
    Error::Database {
        name: settings.name(),
        why: db::explain(error, settings),
    }
}

impl Opened {
    pub async fn new(settings: &DatabaseSettings) -> Result<Self, Error> {
        match Database::connect(settings).await {
            Ok(database) => Ok(Self {
                name: settings.name(),
                database,
                settings: settings.clone(),
            }),
            Err(error) => Err(failed(settings, &error)),
        }
    }

    /// One that was there before.
    pub async fn existing(settings: &DatabaseSettings) -> Result<Self, Error> {
        match settings.sqlite_path() {
            Some(path) if !path.exists() => Err(Error::NoSuchDatabase(path.to_owned())),
            _ => Self::new(settings).await,
        }
    }

    /// One that was there before, with all tables.
    pub async fn migrated(settings: &DatabaseSettings) -> Result<Self, Error> {
        let opened = Self::existing(settings).await?;
        let steps = opened.named(opened.database.look_at_steps().await)?;
        match steps.missing.len() {
            0 => Ok(opened),
            behind => Err(Error::Behind(behind)),
        }
    }

    pub fn named<T>(&self, result: Result<T, DbErr>) -> Result<T, Error> {
        result.map_err(|error| self.failed(&error))
    }

    pub fn failed(&self, error: &DbErr) -> Error {
        failed(&self.settings, error)
    }

    /// The result of a change to an account, whose errors name both.
    pub fn changed<T>(&self, account: &str, changed: Result<T, OperatorError>) -> Result<T, Error> {
        changed.map_err(|error| match error {
            OperatorError::Database(error) => self.failed(&error),
            OperatorError::NoSuchUser => Error::NoSuchUser(account.to_owned()),
            error => Error::Operator(error),
        })
    }
}

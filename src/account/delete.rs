//! Leaving for good.

use std::net::IpAddr;

use sea_orm::EntityTrait;
use uuid::Uuid;

use super::{Accounts, Error, Requester, find_by_email};
use crate::{db::Database, entity::user, invalid::Problems, reading};

impl Accounts {
    /// Whether the password is the requester's, for what cannot be undone.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`]; [`Error::Invalid`] if it is not.
    pub async fn confirm(
        &self,
        requester: &Requester,
        password: String,
        from: IpAddr,
    ) -> Result<(), Error> {
        self.limits.password(&requester.user.email_key, from)?;
        self.check_current(
            &mut Problems::default(),
            "input.password",
            requester,
            &password,
            from,
        )
        .await
    }

    /// Deletes an account and all that hangs off it: sessions, readings, usage.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing is deleted.
    pub async fn delete(&self, user_id: Uuid) -> Result<(), Error> {
        let deleted = delete_user(&self.db, user_id).await;
        self.changed(deleted, |_, owner| owner == user_id)?;
        forget_deleted(&self.db).await;
        Ok(())
    }
}

/// For `mula user delete`. Returns whether there was such an account.
///
/// # Errors
///
/// If the database fails; then nothing is deleted.
pub async fn delete_by_email(db: &Database, email: &str) -> Result<bool, sea_orm::DbErr> {
    match find_by_email(db.reads(), email).await? {
        Some(user) => {
            reading::stop_writers_of(db, user.id).await?;
            delete_user(db, user.id).await?;
            forget_deleted(db).await;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// The account is deleted whether this succeeds or not; upkeep does it again.
async fn forget_deleted(db: &Database) {
    if let Err(error) = db.empty_log().await {
        tracing::warn!(%error, "SQLite log not emptied after a deletion");
    }
}

async fn delete_user(db: &Database, id: Uuid) -> Result<(), sea_orm::DbErr> {
    let tx = db.begin().await?;
    reading::settle_with_user(&tx, id).await?;
    // All that is the user's goes with the row, by foreign key.
    user::Entity::delete_by_id(id).exec(&tx).await?;
    tx.commit().await
}

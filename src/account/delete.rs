//! Leaving for good.

use std::net::IpAddr;

use sea_orm::{DatabaseTransaction, EntityTrait};
use uuid::Uuid;

use super::{Accounts, Error, Requester, find_by_email};
use crate::{
    db::Database,
    entity::{mail, user},
    invalid::Problems,
    reading,
};

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
    pub async fn delete(&self, user: &user::Model) -> Result<(), Error> {
        let deleted = self.delete_and_tell(user).await;
        self.changed(deleted, |_, owner| owner == user.id)?;
        self.wake_mail();
        forget_deleted(&self.db).await;
        Ok(())
    }

    async fn delete_and_tell(&self, user: &user::Model) -> Result<(), sea_orm::DbErr> {
        let tx = self.db.begin().await?;
        delete_user(&tx, user.id).await?;
        if self.mail.is_some() {
            let to = (&*user.email, &*user.locale);
            let kind = mail::Kind::AccountDeleted;
            self.post(&tx, kind, None, to, None).await?;
        }
        tx.commit().await
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
            let tx = db.begin().await?;
            delete_user(&tx, user.id).await?;
            tx.commit().await?;
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

async fn delete_user(tx: &DatabaseTransaction, id: Uuid) -> Result<(), sea_orm::DbErr> {
    reading::settle_with_user(tx, id).await?;
    // All that is the user's goes with the row, by foreign key.
    user::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

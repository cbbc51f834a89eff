//! Leaving for good.

use std::net::IpAddr;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{Accounts, Error, Requester, name};
use crate::{
    db::Database,
    entity::{generation, user},
    invalid::Problems,
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
            password,
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
        delete_user(&self.db, user_id).await?;
        self.ended(|_, owner| owner == user_id);
        Ok(())
    }
}

/// For `mula user delete`. Returns whether there was such an account.
///
/// # Errors
///
/// If the database fails; then nothing is deleted.
pub async fn delete_by_email(db: &Database, email: &str) -> Result<bool, sea_orm::DbErr> {
    let found = user::Entity::find_by_email_key(&name::email_key(email))
        .one(db.reads())
        .await?;
    match found {
        Some(user) => delete_user(db, user.id).await.map(|()| true),
        None => Ok(false),
    }
}

async fn delete_user(db: &Database, id: Uuid) -> Result<(), sea_orm::DbErr> {
    let tx = db.begin().await?;
    // First the answers that are being written, as whoever writes them does: in another order
    // each could come to wait for the other.
    generation::Entity::find()
        .filter(generation::Column::UserId.eq(id))
        .filter(generation::Column::CompletedAt.is_null())
        .lock_exclusive()
        .all(&tx)
        .await?;
    // All that is the user's goes with the row, by foreign key.
    user::Entity::delete_by_id(id).exec(&tx).await?;
    tx.commit().await
}

//! Deletion of accounts.

use uuid::Uuid;

use super::{AccountError, Accounts, users};
use crate::{
    db::Database,
    entity::{mail::MailKind, user},
};

impl Accounts {
    /// Deletes an account and all that hangs off it: sessions, readings, usage.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing is deleted.
    pub async fn delete(&self, user: &user::Model) -> Result<(), AccountError> {
        let deleted = self.delete_with_notice(user).await;
        self.sessions
            .changed(deleted, |_, owner: Uuid| owner == user.id)?;
        self.outbox.wake();
        overwrite_deleted(&self.db).await;
        Ok(())
    }

    async fn delete_with_notice(&self, user: &user::Model) -> Result<(), sea_orm::DbErr> {
        let tx = self.db.begin().await?;
        users::delete(&tx, user.id).await?;
        if self.outbox.is_on() {
            let (kind, to) = (MailKind::AccountDeleted, (&*user.email, &*user.locale));
            self.outbox.post(&tx, kind, None, to, None).await?;
        }
        tx.commit().await
    }
}

/// Empties SQLite's log. The account is deleted whether this succeeds or not; upkeep does it again.
pub(super) async fn overwrite_deleted(db: &Database) {
    if let Err(error) = db.empty_log().await {
        tracing::warn!(%error, "SQLite log not emptied after a deletion");
    }
}

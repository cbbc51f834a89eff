//! The lock that comes first in the order of [`super`]: the user's row.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use crate::entity::user;

/// Locks a user's row until the transaction ends: one user's questions, new answers and deletions
/// run one at a time. Returns whether there is such a user.
///
/// Foreign keys to the row still pass: a writer that enters a cost does not wait for it.
pub(super) async fn lock_user(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<bool, DbErr> {
    let found = user::Entity::find_by_id(user_id)
        .select_only()
        .column(user::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<Uuid>()
        .one(tx)
        .await?;
    Ok(found.is_some())
}

//! `users`: who may sign in.

use sea_orm::{QuerySelect, entity::prelude::*, sea_query::LockType};

/// An own limit that allows everything.
pub const NO_LIMIT: i8 = -1;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// As the user wrote it, trimmed and in NFKC.
    pub email: String,
    /// The canonical form, which is unique.
    #[sea_orm(unique)]
    pub email_key: String,
    pub username: String,
    #[sea_orm(unique)]
    pub username_key: String,
    /// bcrypt, in the `$2b$` form; empty for a guest.
    pub hashed_password: String,
    pub is_active: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// A BCP 47 language tag.
    pub locale: String,
    /// Whether a model may be given the user's earlier questions.
    pub memory: bool,
    /// When a link that was sent to the address was used; none if none was.
    pub email_verified_at: Option<DateTimeUtc>,
    /// The address that the account has once a link that was sent there is used.
    pub pending_email: Option<String>,
    /// Made without an address and a password; `email` is under `guest.invalid`.
    pub is_guest: bool,
    /// The user's own limit of readings a day, in place of the setting's; [`NO_LIMIT`] for none.
    pub readings_per_day: Option<i32>,
    /// The user's own limit of costs a month, in nano-dollars, likewise.
    pub cost_per_month: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::session::Entity")]
    Session,
    #[sea_orm(has_many = "super::reading::Entity")]
    Reading,
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

/// Locks a user's row until the transaction ends, so that what the user does there comes one after another.
/// Returns the row as it stands then; none if there is no such user.
///
/// # Errors
///
/// If the database fails.
pub async fn lock(tx: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id)
        // Not `FOR UPDATE`, for which whatever refers to the row would wait: a writer that enters a cost.
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await
}

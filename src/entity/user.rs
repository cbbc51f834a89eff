//! `users`: who may sign in.

use sea_orm::entity::prelude::*;

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
    /// bcrypt, in the `$2b$` form.
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

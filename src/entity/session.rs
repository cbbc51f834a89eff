//! `sessions`: what a token stands for. The token itself is never stored.

use sea_orm::{QueryOrder, entity::prelude::*};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    /// The `User-Agent` header of the sign-in, at most 255 characters.
    pub user_agent: Option<String>,
    pub expires_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    pub is_revoked: bool,
    /// To the minute; none before the first use that was written down.
    pub last_used_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id",
        on_delete = "Cascade"
    )]
    User,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The user's sessions that are neither revoked nor expired, newest first.
    #[must_use]
    pub fn find_live(user_id: Uuid, now: DateTimeUtc) -> Select<Self> {
        Self::find()
            .filter(Column::UserId.eq(user_id))
            .filter(Column::IsRevoked.eq(false))
            .filter(Column::ExpiresAt.gt(now))
            .order_by_desc(Column::Id)
    }
}

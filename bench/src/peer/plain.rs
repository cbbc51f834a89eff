//! By sea-orm: entities and finders, one query after the other.

use sea_orm::{
    ColumnTrait, Database, DatabaseConnection, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use crate::{Claims, Reading, User};

pub struct Store(DatabaseConnection);

impl Store {
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        Ok(Self(Database::connect(url).await?))
    }

    pub async fn user(&self, claims: Claims) -> Result<Option<User>, DbErr> {
        let found = session::Entity::find_by_id(claims.sid)
            .filter(session::Column::UserId.eq(claims.sub))
            .filter(session::Column::IsRevoked.eq(false))
            .filter(
                Expr::col((session::Entity, session::Column::ExpiresAt))
                    .gt(Expr::current_timestamp()),
            )
            .find_also_related(user::Entity)
            .one(&self.0)
            .await?;
        let user = found
            .and_then(|(_, user)| user)
            .filter(|user| user.is_active);
        Ok(user.map(|user| User {
            id: user.id,
            email: user.email,
            username: user.username,
            is_active: user.is_active,
            created_at: user.created_at,
        }))
    }

    pub async fn page(
        &self,
        claims: Claims,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Option<Vec<Reading>>, DbErr> {
        if self.user(claims).await?.is_none() {
            return Ok(None);
        }
        let mut query = reading::Entity::find()
            .filter(reading::Column::UserId.eq(claims.sub))
            .order_by_desc(reading::Column::Id)
            .limit(u64::from(limit));
        if let Some(after) = after {
            query = query.filter(reading::Column::Id.lt(after));
        }
        let readings = query.all(&self.0).await?;
        let reading = |reading: reading::Model| Reading {
            id: reading.id,
            advisor: reading.advisor,
            question: reading.question,
            status: reading.status,
            response: reading.response,
            created_at: reading.created_at,
            rest: None,
        };
        Ok(Some(readings.into_iter().map(reading).collect()))
    }
}

mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub email: String,
        pub username: String,
        pub is_active: bool,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub expires_at: DateTimeUtc,
        pub is_revoked: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id"
        )]
        User,
    }

    impl Related<super::user::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::User.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod reading {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "readings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub advisor: String,
        pub question: String,
        pub status: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub response: Option<String>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

//! `readings`: a question, and the answer as it stands.

use sea_orm::{DeriveActiveEnum, DerivePartialModel, EnumIter, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::Sources;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "readings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub advisor: Advisor,
    pub question: String,
    /// SHA-256, in hexadecimal, of all that decides the answer.
    pub cache_key: String,
    /// The generation that writes, or wrote, `response`.
    pub generation_id: Uuid,
    pub status: Status,
    /// Null until the answer has ended: until then it is in the generation's chunks.
    #[sea_orm(column_type = "Text", nullable)]
    pub response: Option<String>,
    pub engine: Engine,
    pub model: Option<String>,
    pub sources: Sources,
    pub tokens_used: i32,
    /// Nano-dollars.
    pub cost: i64,
    /// Whether tokens or cost are our own estimate.
    pub is_estimated: bool,
    pub is_cached: bool,
    pub failure_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub failure_message: Option<String>,
    pub created_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
}

/// What a list shows of a reading: reading all of it costs as much again.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct Summary {
    pub id: Uuid,
    pub user_id: Uuid,
    pub advisor: Advisor,
    pub question: String,
    pub generation_id: Uuid,
    pub status: Status,
    pub response: Option<String>,
    pub created_at: DateTimeUtc,
}

impl From<Summary> for Model {
    /// What a summary has not is as in a reading that nothing has been done for yet.
    fn from(summary: Summary) -> Self {
        Self {
            id: summary.id,
            user_id: summary.user_id,
            advisor: summary.advisor,
            question: summary.question,
            cache_key: String::new(),
            generation_id: summary.generation_id,
            status: summary.status,
            response: summary.response,
            engine: Engine::Embedded,
            model: None,
            sources: Sources::default(),
            tokens_used: 0,
            cost: 0,
            is_estimated: false,
            is_cached: false,
            failure_code: None,
            failure_message: None,
            created_at: summary.created_at,
            completed_at: None,
        }
    }
}

/// The voices.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum Advisor {
    Legba,
    Oshun,
    Shango,
    Yemaya,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum Status {
    /// Stored, and waiting for a writer.
    Pending,
    Writing,
    Completed,
    Cancelled,
    Failed,
}

impl Status {
    /// Whether nothing more will be written.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Writing)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum Engine {
    Embedded,
    Model,
    Care,
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
    #[sea_orm(has_many = "super::generation::Entity")]
    Generation,
    /// The generation that writes, or wrote, the answer as it stands.
    #[sea_orm(
        belongs_to = "super::generation::Entity",
        from = "Column::GenerationId",
        to = "super::generation::Column::Id"
    )]
    Current,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl Related<super::generation::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Generation.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The user's readings, in no order.
    #[must_use]
    pub fn find_owned(user_id: Uuid) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user_id))
    }
}

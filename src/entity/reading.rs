//! `readings`: a question, and the answer as it stands.

use sea_orm::{DeriveActiveEnum, DerivePartialModel, EnumIter, Iterable, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::Sources;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
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
    pub care: Care,
    pub model: Option<String>,
    pub sources: Sources,
    pub tokens_used: i32,
    /// Nano-dollars.
    pub cost: i64,
    /// Whether tokens or cost are our own estimate.
    pub is_estimated: bool,
    pub is_cached: bool,
    /// Whether the answer ended at a limit.
    pub is_truncated: bool,
    pub failure_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub failure_message: Option<String>,
    pub created_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
    pub is_favourite: bool,
    /// The user's own.
    #[sea_orm(column_type = "Text", nullable)]
    pub note: Option<String>,
    /// The present generation's.
    pub rating: Option<Rating>,
    /// The reading that the question goes on with. It may have been deleted.
    pub in_reply_to: Option<Uuid>,
    /// Whether search knows its words.
    pub is_indexed: bool,
    /// Shows the reading to everyone with the link. Expired tokens stay.
    pub share_token: Option<String>,
    /// When it was made.
    pub shared_at: Option<DateTimeUtc>,
    /// None: never.
    pub share_expires_at: Option<DateTimeUtc>,
}

impl Model {
    /// Bytes of the answer's text and the note.
    #[must_use]
    pub fn text_len(&self) -> usize {
        let texts = [&self.response, &self.note];
        texts.into_iter().flatten().map(String::len).sum()
    }
}

/// The columns of a reading that a list shows: reading all of them costs as much again.
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
    /// Fields that a summary lacks are as in a new reading.
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
            care: Care::None,
            model: None,
            sources: Sources::default(),
            tokens_used: 0,
            cost: 0,
            is_estimated: false,
            is_cached: false,
            is_truncated: false,
            failure_code: None,
            failure_message: None,
            created_at: summary.created_at,
            completed_at: None,
            is_favourite: false,
            note: None,
            rating: None,
            in_reply_to: None,
            is_indexed: false,
            share_token: None,
            shared_at: None,
            share_expires_at: None,
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

/// How an answer was handled with regard to the asker's safety.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum Care {
    #[default]
    None,
    /// Probably serious: the answer begins with where to find help.
    Soft,
    /// The fixed reply.
    Crisis,
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

/// A user's judgement of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum Rating {
    Helpful,
    NotHelpful,
}

/// Why an answer failed, as `failure_code` names it: a text, since rows of other versions may have
/// codes that this one does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum FailureCode {
    Interrupted,
    ProviderUnavailable,
    ProviderBusy,
    ProviderTimeout,
    ProviderRejected,
    ProviderMisconfigured,
    ProviderCut,
    ProviderMalformed,
    ProviderFailed,
    ContentFiltered,
    ContextTooLong,
    TokenLimit,
}

impl FailureCode {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "INTERRUPTED",
            Self::ProviderUnavailable => "PROVIDER_UNAVAILABLE",
            Self::ProviderBusy => "PROVIDER_BUSY",
            Self::ProviderTimeout => "PROVIDER_TIMEOUT",
            Self::ProviderRejected => "PROVIDER_REJECTED",
            Self::ProviderMisconfigured => "PROVIDER_MISCONFIGURED",
            Self::ProviderCut => "PROVIDER_CUT",
            Self::ProviderMalformed => "PROVIDER_MALFORMED",
            Self::ProviderFailed => "PROVIDER_FAILED",
            Self::ContentFiltered => "CONTENT_FILTERED",
            Self::ContextTooLong => "CONTEXT_TOO_LONG",
            Self::TokenLimit => "TOKEN_LIMIT",
        }
    }

    /// The code of a row. One that this version does not have is a failure of the provider.
    #[must_use]
    pub fn of(stored: &str) -> Self {
        let known = Self::iter().find(|code| code.as_str() == stored);
        known.unwrap_or(Self::ProviderFailed)
    }
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

    /// A user's reading.
    #[must_use]
    pub fn find_one(user_id: Uuid, id: Uuid) -> Select<Self> {
        Self::find_owned(user_id).filter(Column::Id.eq(id))
    }
}

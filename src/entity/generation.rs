//! `generations`: the writing of one answer, held by a lease.

use sea_orm::entity::prelude::*;

use super::{
    PieceEnds, Sources,
    reading::{Engine, Rating, Status},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
#[sea_orm(table_name = "generations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub reading_id: Uuid,
    /// The reading's owner, here too so that unfinished ones can be counted by index.
    pub user_id: Uuid,
    pub status: Status,
    /// How many of the four lobes of the obi cast fell open.
    pub cast_open: i16,
    /// The instance that writes, while it does.
    pub owner: Option<Uuid>,
    /// How many times it was claimed: every write carries it, so that a writer that lost its
    /// lease can change nothing.
    pub epoch: i32,
    pub lease_expires_at: Option<DateTimeUtc>,
    pub cancel_requested: bool,
    /// When a provider was asked: from then on it may have to be paid, and is not asked again.
    pub sent_at: Option<DateTimeUtc>,
    /// Nano-dollars held back from the budgets until it has ended.
    pub reserved: i64,
    /// From where the provider's response can be taken up again: its name, and the last of its
    /// events that is in the chunks.
    pub provider_response_id: Option<String>,
    pub provider_sequence: Option<i64>,
    /// How many chunks there are.
    pub last_sequence: i32,
    /// Set at the end, when the chunks go.
    pub piece_ends: PieceEnds,
    /// The text, once a later generation took this one's place in the reading.
    #[sea_orm(column_type = "Text", nullable)]
    pub response: Option<String>,
    pub engine: Engine,
    pub model: Option<String>,
    pub sources: Sources,
    pub tokens_used: i32,
    /// Those of them that the provider had in its cache, and those that were thinking.
    pub cached_tokens: i32,
    pub reasoning_tokens: i32,
    /// Nano-dollars.
    pub cost: i64,
    /// Whether tokens or cost are our own estimate.
    pub is_estimated: bool,
    /// Whether it ended at a limit.
    pub is_truncated: bool,
    /// Whether the model thinks, and has not written a word yet.
    pub is_thinking: bool,
    pub failure_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub failure_message: Option<String>,
    pub created_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
    pub rating: Option<Rating>,
    #[sea_orm(column_type = "Text", nullable)]
    pub rating_reason: Option<String>,
    /// Of the engine that writes, or wrote, the text.
    pub prompt_version: Option<String>,
}

impl Model {
    /// The number of the last piece; 0 before the first.
    #[must_use]
    pub fn last_piece(&self) -> i32 {
        if self.completed_at.is_none() {
            self.last_sequence
        } else {
            i32::try_from(self.piece_ends.0.len()).unwrap_or(i32::MAX)
        }
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::reading::Entity",
        from = "Column::ReadingId",
        to = "super::reading::Column::Id",
        on_delete = "Cascade"
    )]
    Reading,
}

impl Related<super::reading::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Reading.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

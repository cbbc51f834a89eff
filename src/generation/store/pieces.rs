//! The stored text of an answer that is being written, in pieces.

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::chunk::{self, Column};

/// A generation's pieces with a higher number, in order.
pub async fn pieces_after(
    db: &impl ConnectionTrait,
    generation_id: Uuid,
    after: i32,
) -> Result<Vec<chunk::Model>, DbErr> {
    chunk::Entity::find()
        .filter(Column::GenerationId.eq(generation_id))
        .filter(Column::Sequence.gt(after))
        .order_by_asc(Column::Sequence)
        .all(db)
        .await
}

/// The text of a generation as far as it is stored, and where its pieces end.
pub async fn stored_text(
    db: &impl ConnectionTrait,
    generation_id: Uuid,
) -> Result<(String, Vec<usize>), DbErr> {
    let (mut text, mut piece_ends) = (String::new(), Vec::new());
    for piece in pieces_after(db, generation_id, 0).await? {
        text.push_str(&piece.text);
        piece_ends.push(text.len());
    }
    Ok((text, piece_ends))
}

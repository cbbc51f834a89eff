//! An answer as far as it is written: the text, and the number of its last piece. Both are of one
//! moment, so that a follower who has them resumes after that number.

use sea_orm::EntityTrait;

use super::{Error, Readings, follow::text_of};
use crate::entity::{generation, reading};

/// An answer that is being written.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// None before the first piece.
    pub text: Option<String>,
    /// The last piece; 0 before the first.
    pub sequence: i32,
}

impl Readings {
    /// How far a reading's answer is that had not ended when the reading was read.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn progress(&self, reading: &reading::Model) -> Result<Progress, Error> {
        let db = self.0.db.reads();
        let chunks = self.chunks_after(db, reading.generation_id, 0).await?;
        if let Some(last) = chunks.last() {
            return Ok(Progress {
                sequence: last.sequence,
                text: Some(chunks.into_iter().map(|chunk| chunk.text).collect()),
            });
        }
        // Not begun; or ended since, and then the chunks are gone.
        let found = generation::Entity::find_by_id(reading.generation_id)
            .find_also_related(reading::Entity)
            .one(db)
            .await?;
        let Some((generation, Some(reading))) = found else {
            return Ok(Progress::default());
        };
        if generation.completed_at.is_none() {
            return Ok(Progress::default());
        }
        Ok(Progress {
            text: text_of(&generation, &reading).map(str::to_owned),
            sequence: generation.last_piece(),
        })
    }
}

//! An answer as far as it is written: the text, and the number of its last piece. Both are of one
//! moment, so that a follower who has them resumes after that number.

use super::{Error, Generations, follower::text_of, store};
use crate::entity::reading;

/// An answer that is being written.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// None before the first piece.
    pub text: Option<String>,
    /// The last piece; 0 before the first.
    pub sequence: i32,
}

impl Generations {
    /// How far a reading's answer is that had not ended when the reading was read.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn progress(&self, reading: &reading::Model) -> Result<Progress, Error> {
        let db = self.db.reads();
        let pieces = store::pieces_after(db, reading.generation_id, 0).await?;
        if let Some(last) = pieces.last() {
            return Ok(Progress {
                sequence: last.sequence,
                text: Some(pieces.into_iter().map(|piece| piece.text).collect()),
            });
        }
        // Not begun; or ended since, and then the chunks are gone.
        match store::find(db, reading.generation_id).await? {
            Some((generation, reading)) if generation.completed_at.is_some() => Ok(Progress {
                text: text_of(&generation, &reading).map(str::to_owned),
                sequence: generation.last_piece(),
            }),
            _ => Ok(Progress::default()),
        }
    }
}

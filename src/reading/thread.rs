//! The conversation before a reading: the readings it replies to, one after the other.

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};
use uuid::Uuid;

use crate::{
    advisor::{History, Thread, Turn, engine::Asked, obi::Cast},
    entity::{generation, reading},
};

/// The conversation that ends with a user's reading. One that was deleted ends it earlier.
pub(super) async fn before(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    reading_id: Option<Uuid>,
) -> Result<Thread, DbErr> {
    let mut thread = Thread::default();
    let mut next = reading_id;
    while let Some(id) = next {
        if thread.0.len() == Thread::TURNS {
            break;
        }
        let found = reading::Entity::find_owned(user_id)
            .filter(reading::Column::Id.eq(id))
            .one(db)
            .await?;
        let Some(reading) = found else { break };
        next = reading.in_reply_to;
        let sources = reading.sources.0.into_iter();
        thread.0.push(Turn {
            advisor: reading.advisor,
            question: reading.question,
            answer: reading.response.unwrap_or_default(),
            sources: sources.map(|source| source.title).collect(),
            care: reading.care,
        });
    }
    Ok(thread)
}

/// The input of a generation's engine.
pub(super) async fn asked(
    db: &impl ConnectionTrait,
    generation: &generation::Model,
    reading: &reading::Model,
) -> Result<Asked, DbErr> {
    let cast = Cast::stored(generation.cast_open)
        .ok_or_else(|| DbErr::Custom("a cast that cannot fall".to_owned()))?;
    Ok(Asked {
        advisor: reading.advisor,
        question: reading.question.clone(),
        cast,
        history: History::default(),
        thread: before(db, reading.user_id, reading.in_reply_to).await?,
    })
}

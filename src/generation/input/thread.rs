//! The conversation before a reading: the readings it replies to, one after the other.

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::{
    advisor::{Thread, Turn},
    entity::reading,
};

/// The conversation that ends with a user's reading. One that was deleted ends it earlier.
pub async fn thread(
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
        let found = reading::Entity::find_one(user_id, id).one(db).await?;
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

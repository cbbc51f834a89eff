//! The input of an answer's engine beside its question, from the user's other readings.

mod history;
mod memory;
mod thread;

use sea_orm::{ConnectionTrait, DbErr};

pub use self::{history::history, memory::memory, thread::thread};
use crate::{
    advisor::{Advisors, History, engine::EngineInput, obi::Cast},
    entity::{generation, reading},
};

/// The input of a stored generation's engine, but for the history.
pub async fn asked(
    db: &impl ConnectionTrait,
    advisors: &Advisors,
    generation: &generation::Model,
    reading: &reading::Model,
) -> Result<EngineInput, DbErr> {
    let cast = Cast::stored(generation.cast_open)
        .ok_or_else(|| DbErr::Custom("a cast that cannot fall".to_owned()))?;
    let thread = thread(db, reading.user_id, reading.in_reply_to).await?;
    let told = (reading.question.as_str(), &thread);
    let count = advisors.memory();
    let memory = memory(db, reading.user_id, Some(reading.id), told, count).await?;
    Ok(EngineInput {
        advisor: reading.advisor,
        question: reading.question.clone(),
        cast,
        history: History::default(),
        thread,
        memory,
    })
}

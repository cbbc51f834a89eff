//! Readings: questions with their answers, and all that their users do with them.
//!
//! A question is committed before anything else happens, with its answer if that takes no writing; the rest is
//! [`crate::generation`]'s, as is the order of locks.

mod ask;
mod delete;
mod find;
mod generations;
mod idempotency;
mod keep;
mod key;
mod list;
mod page;
mod prepare;
mod regenerate;
mod replica;
mod search;
mod share;
mod slice;
mod store;
mod submit;
mod worth;

use std::sync::Arc;

use sea_orm::DbErr;

pub use self::{
    ask::Ask,
    generations::GENERATIONS,
    keep::{Changes, Member, NOTE_MAX, REASON_MAX},
    list::listed,
    search::SEARCH_MAX,
    share::{Share, is_token},
    slice::{Filter, Page, Slice, Texts},
    worth::{Told, Worth, told, worth},
};
use crate::{
    advisor::Advisors,
    clock::Clock,
    config::{InputLimits, WritingSettings},
    db::Database,
    generation::{self, Generations},
    metrics::Metrics,
    validation::ValidationErrors,
};

/// Unfinished readings a user may have: one being written and one on its way.
const UNFINISHED_PER_USER: usize = 2;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("some fields are invalid")]
    Invalid(ValidationErrors),
    #[error("the idempotency key was used for another question")]
    KeyReused,
    #[error("the user has no such reading")]
    NotFound,
    #[error("the reading is still being written")]
    Unfinished,
    #[error("the service shares no readings")]
    SharingOff,
    #[error("the reading has no answer that can be shared")]
    NotShareable,
    #[error("the reading that is replied to is still being written")]
    UnfinishedParent,
    #[error("the user has {UNFINISHED_PER_USER} unfinished readings")]
    TooManyUnfinished,
    #[error("the user is gone")]
    NoSuchUser,
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Generation(#[from] generation::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Error {
    /// The limit that refused what was asked for, by its name in the log.
    #[must_use]
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::TooManyUnfinished => Some("unfinished_readings"),
            _ => None,
        }
    }
}

/// Everything that can be done with readings, but for the writing of their answers.
#[derive(Clone)]
pub struct Readings {
    settings: WritingSettings,
    limits: InputLimits,
    db: Database,
    clock: Clock,
    advisors: Arc<Advisors>,
    metrics: Metrics,
    generations: Arc<Generations>,
}

impl Readings {
    #[must_use]
    pub fn new(
        settings: WritingSettings,
        limits: InputLimits,
        db: Database,
        clock: Clock,
        advisors: Arc<Advisors>,
        metrics: Metrics,
        generations: Arc<Generations>,
    ) -> Self {
        Self {
            settings,
            limits,
            db,
            clock,
            advisors,
            metrics,
            generations,
        }
    }
}

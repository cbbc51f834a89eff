//! Favourites, notes and ratings of readings.
//!
//! A rating is the generation's: a new answer has none, and the earlier one still counts.

use sea_orm::EntityTrait;
use uuid::Uuid;

use super::{Error, Readings, store};
use crate::{
    entity::{
        generation,
        reading::{self, Rating},
    },
    request_context,
    validation::{
        FieldErrorCode::{InvalidCharacters, Missing, TooLong},
        ValidationErrors, Violation,
    },
};

/// Characters of a note, at most.
pub const NOTE_MAX: usize = 2000;

/// Characters of the reason for a rating, at most.
pub const REASON_MAX: usize = 500;

/// A member of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Member<T> {
    /// It stays as it is.
    #[default]
    Kept,
    /// It gets this value, or none.
    Set(Option<T>),
}

/// The members of a reading that its user changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub is_favourite: Member<bool>,
    pub note: Member<String>,
    pub rating: Member<Rating>,
    pub rating_reason: Member<String>,
}

impl<T> Member<T> {
    fn or(self, kept: Option<T>) -> Option<T> {
        match self {
            Self::Kept => kept,
            Self::Set(value) => value,
        }
    }
}

impl Member<String> {
    /// Without spaces around it. An empty text is none.
    fn text(self, what: &str, most: usize) -> Result<Self, Violation> {
        let Self::Set(Some(text)) = self else {
            return Ok(self);
        };
        let text = text.trim();
        if text.chars().count() > most {
            let message = format!("A {what} has at most {most} characters.");
            return Err(Violation::within(TooLong, 0..=most, message));
        }
        if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            let message = format!("A {what} cannot hold control characters.");
            return Err(Violation::new(InvalidCharacters, message));
        }
        Ok(Self::Set((!text.is_empty()).then(|| text.to_owned())))
    }
}

impl Readings {
    /// Changes what the user keeps with a reading, and returns it as it is then.
    ///
    /// # Errors
    ///
    /// If a member fails its rule, the user has no such reading, or its answer is to be rated and is
    /// still being written; then nothing has changed.
    pub async fn update(
        &self,
        user_id: Uuid,
        id: Uuid,
        changes: Changes,
    ) -> Result<reading::Model, Error> {
        request_context::record_reading(id);
        let mut errors = ValidationErrors::default();
        let note = errors.check("input.note", changes.note.text("note", NOTE_MAX));
        let reason = changes.rating_reason.text("reason", REASON_MAX);
        let reason = errors.check("input.ratingReason", reason);
        let (Some(note), Some(reason)) = (note, reason) else {
            return Err(Error::Invalid(errors));
        };
        let (tx, reading) = self.lock_reading(user_id, id).await?;
        let generation = generation::Entity::find_by_id(reading.generation_id)
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;

        let (rating, reason) = rated(changes.rating, reason, &generation)?;
        let is_rated = (rating, &reason) != (generation.rating, &generation.rating_reason);
        if is_rated && !reading.status.is_final() {
            return Err(Error::Unfinished);
        }
        let kept = reading::Model {
            is_favourite: changes
                .is_favourite
                .or(Some(reading.is_favourite))
                .unwrap_or_default(),
            note: note.or(reading.note.clone()),
            rating,
            ..reading.clone()
        };
        if is_rated {
            store::set_rating(&tx, generation.id, rating, reason).await?;
        } else if kept == reading {
            return Ok(reading);
        }
        store::set_kept(&tx, &kept).await?;
        self.commit_change(tx, &kept).await?;
        if let Some(rating) = rating.filter(|_| Some(rating) != Some(generation.rating)) {
            self.metrics.count_rated(rating, kept.advisor, &generation);
        }
        Ok(kept)
    }
}

/// The rating and its reason after a change.
fn rated(
    rating: Member<Rating>,
    reason: Member<String>,
    generation: &generation::Model,
) -> Result<(Option<Rating>, Option<String>), Error> {
    let rating = rating.or(generation.rating);
    if rating.is_none() && matches!(reason, Member::Set(Some(_))) {
        let violation = Violation::new(Missing, "A reason belongs to a rating: give both.");
        let errors = ValidationErrors::one("input.rating", violation);
        return Err(Error::Invalid(errors));
    }
    let reason = rating.and_then(|_| reason.or(generation.rating_reason.clone()));
    Ok((rating, reason))
}

//! Favourites, notes and ratings of readings.
//!
//! A rating is the generation's: a new answer has none, and the earlier one still counts.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{Error, Readings, events::Change, lock::lock_user, news::News};
use crate::{
    entity::{
        generation,
        reading::{self, Rating},
    },
    invalid::{
        FieldErrorCode::{InvalidCharacters, Missing, TooLong},
        Problems, Rule,
    },
    request,
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
    fn text(self, what: &str, most: usize) -> Result<Self, Rule> {
        let Self::Set(Some(text)) = self else {
            return Ok(self);
        };
        let text = text.trim();
        if text.chars().count() > most {
            let message = format!("A {what} has at most {most} characters.");
            return Err(Rule::within(TooLong, 0..=most, message));
        }
        if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            let message = format!("A {what} cannot hold control characters.");
            return Err(Rule::new(InvalidCharacters, message));
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
        request::note_reading(id);
        let mut problems = Problems::default();
        let note = problems.note("input.note", changes.note.text("note", NOTE_MAX));
        let reason = changes.rating_reason.text("reason", REASON_MAX);
        let reason = problems.note("input.ratingReason", reason);
        let (Some(note), Some(reason)) = (note, reason) else {
            return Err(Error::Invalid(problems));
        };
        let tx = self.0.db.begin().await?;
        if !lock_user(&tx, user_id).await? {
            return Err(Error::NoSuchUser);
        }
        let reading = reading::Entity::find_owned(user_id)
            .filter(reading::Column::Id.eq(id))
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        let generation = generation::Entity::find_by_id(reading.generation_id)
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;

        let rating = changes.rating.or(generation.rating);
        if rating.is_none() && matches!(reason, Member::Set(Some(_))) {
            let rule = Rule::new(Missing, "A reason belongs to a rating: give both.");
            problems.add("input.rating", rule);
            return Err(Error::Invalid(problems));
        }
        let reason = rating.and_then(|_| reason.or(generation.rating_reason.clone()));
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
        if kept == reading && !is_rated {
            return Ok(reading);
        }
        if is_rated {
            generation::Entity::update_many()
                .col_expr(generation::Column::Rating, Expr::value(rating))
                .col_expr(generation::Column::RatingReason, Expr::value(reason))
                .filter(generation::Column::Id.eq(generation.id))
                .exec(&tx)
                .await?;
        }
        reading::Entity::update_many()
            .col_expr(reading::Column::IsFavourite, Expr::value(kept.is_favourite))
            .col_expr(reading::Column::Note, Expr::value(kept.note.clone()))
            .col_expr(reading::Column::Rating, Expr::value(kept.rating))
            .filter(reading::Column::Id.eq(id))
            .exec(&tx)
            .await?;
        self.count_change(&tx, user_id).await?;
        self.notify_of(&tx, (user_id, id), News::Written, Change::Changed)
            .await?;
        tx.commit().await?;
        self.publish(user_id, id, Change::Changed);
        if let Some(rating) = rating.filter(|_| Some(rating) != Some(generation.rating)) {
            self.0
                .metrics
                .count_rated(rating, kept.advisor, &generation);
        }
        Ok(kept)
    }
}

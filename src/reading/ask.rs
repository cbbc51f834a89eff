//! Asking: a question is checked, stored, and answered.

use uuid::Uuid;

use super::{Error, Readings, idempotency::check_key, key, prepare::Submission};
use crate::{
    entity::reading::{self, Advisor},
    validation::{
        FieldErrorCode::{InvalidCharacters, TooLong, TooShort},
        ValidationErrors, Violation,
    },
};

/// A user's question.
#[derive(Clone, Debug)]
pub struct Ask {
    pub advisor: Advisor,
    pub question: String,
    /// The same key from the same user gives the same reading.
    pub idempotency_key: Option<String>,
    /// A finished reading of the same user that the question goes on with.
    pub in_reply_to: Option<Uuid>,
    /// The key of a guest's address, for a question of a guest's.
    pub guest_network: Option<String>,
}

impl Readings {
    /// Stores the question and has it answered; returns the reading as it stands then.
    ///
    /// # Errors
    ///
    /// If the input fails its rules, the key was used for another question, or a limit is
    /// reached; then nothing is stored.
    pub async fn ask(&self, user_id: Uuid, ask: Ask) -> Result<reading::Model, Error> {
        let question = ask.question.trim();
        let mut errors = ValidationErrors::default();
        errors.check("input.question", self.check_question(question));
        let checked = check_key(ask.idempotency_key.as_deref());
        errors.check("input.idempotencyKey", checked);
        errors.into_result().map_err(Error::Invalid)?;
        self.submit(Submission {
            user_id,
            guest_network: ask.guest_network,
            idempotency_key: ask.idempotency_key,
            request: key::request(ask.advisor, question, ask.in_reply_to),
            advisor: ask.advisor,
            question: question.to_owned(),
            in_reply_to: ask.in_reply_to,
            again: None,
        })
        .await
    }

    fn check_question(&self, question: &str) -> Result<(), Violation> {
        let (min, max) = (self.limits.question_min, self.limits.question_max);
        let length = question.chars().count();
        if length < min {
            Err(Violation::within(
                TooShort,
                min..=max,
                format!("A question has at least {min} characters."),
            ))
        } else if length > max {
            Err(Violation::within(
                TooLong,
                min..=max,
                format!("A question has at most {max} characters."),
            ))
        } else if question.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            Err(Violation::new(
                InvalidCharacters,
                "A question cannot hold control characters.",
            ))
        } else {
            Ok(())
        }
    }
}

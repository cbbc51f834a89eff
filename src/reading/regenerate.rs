//! A new answer to the same question, past the cache. The earlier one is kept with its
//! generation.

use uuid::Uuid;

use super::{Error, Readings, idempotency::check_key, prepare::Submission};
use crate::{digest, entity::reading, request_context, validation::ValidationErrors};

impl Readings {
    /// `guest_network` is as in [`super::Ask`].
    ///
    /// # Errors
    ///
    /// If the user has no such reading, it is still being written, or a limit is reached; then
    /// nothing has changed.
    pub async fn regenerate(
        &self,
        user_id: Uuid,
        id: Uuid,
        idempotency_key: Option<String>,
        guest_network: Option<String>,
    ) -> Result<reading::Model, Error> {
        check_key(idempotency_key.as_deref()).map_err(|violation| {
            Error::Invalid(ValidationErrors::one("input.idempotencyKey", violation))
        })?;
        request_context::record_reading(id);
        let earlier = self.generations.find_reading(user_id, id).await?;
        let earlier = earlier.ok_or(Error::NotFound)?;
        self.submit(Submission {
            user_id,
            guest_network,
            idempotency_key,
            request: digest::hash_parts(["regenerate", &id.to_string()]),
            advisor: earlier.advisor,
            question: earlier.question.clone(),
            in_reply_to: earlier.in_reply_to,
            again: Some(earlier),
        })
        .await
    }
}

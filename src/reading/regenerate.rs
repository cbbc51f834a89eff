//! A new answer to the same question, past the cache. The earlier one is kept with its
//! generation.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{Error, Readings, UNFINISHED_PER_USER};
use crate::{
    advisor::obi::Cast,
    digest,
    entity::{
        Sources, generation,
        reading::{self, Engine, Status},
    },
    invalid::Problems,
};

impl Readings {
    /// # Errors
    ///
    /// If the user has no such reading, it is still being written, or a limit is reached; then
    /// nothing has changed.
    pub async fn regenerate(
        &self,
        user_id: Uuid,
        id: Uuid,
        idempotency_key: Option<String>,
    ) -> Result<reading::Model, Error> {
        let mut problems = Problems::default();
        problems.note(
            "input.idempotencyKey",
            super::ask::check_key(idempotency_key.as_deref()),
        );
        if !problems.0.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let request = digest::hex(["regenerate", &id.to_string()]);
        // A new answer has a cast of its own.
        let cast = Cast::draw()?;
        let tx = self.0.db.begin().await?;
        self.lock_user(&tx, user_id).await?;
        if let Some(known) = self
            .asked_before(&tx, user_id, idempotency_key.as_deref(), &request)
            .await?
        {
            return Ok(known);
        }
        let earlier = reading::Entity::find_owned(user_id)
            .filter(reading::Column::Id.eq(id))
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        if !earlier.status.is_final() {
            return Err(Error::Unfinished);
        }
        // Before every limit, as when it is asked.
        let care = self.0.advisors.care(&earlier.question);
        if care.is_none() {
            if self.unfinished(&tx, user_id).await?.len() >= UNFINISHED_PER_USER {
                return Err(Error::TooManyUnfinished);
            }
            self.reserve(&tx, user_id).await?;
        }

        generation::Entity::update_many()
            .col_expr(generation::Column::Response, Expr::value(earlier.response))
            .filter(generation::Column::Id.eq(earlier.generation_id))
            .exec(&tx)
            .await?;
        let permit = if care.is_none() {
            self.free_writer()
        } else {
            None
        };
        let now = self.0.clock.now();
        let reading = reading::Model {
            generation_id: self.0.clock.new_id(),
            status: match (&care, &permit) {
                (Some(_), _) => Status::Completed,
                (None, Some(_)) => Status::Writing,
                (None, None) => Status::Pending,
            },
            engine: if care.is_some() {
                Engine::Care
            } else {
                Engine::Embedded
            },
            model: None,
            completed_at: care.as_ref().map(|_| now),
            sources: Sources(
                care.as_ref()
                    .map(|care| care.sources.clone())
                    .unwrap_or_default(),
            ),
            response: care.map(|care| care.text),
            tokens_used: 0,
            cost: 0,
            is_cached: false,
            failure_code: None,
            failure_message: None,
            ..earlier
        };
        reading::Entity::update(reading::ActiveModel::from(reading.clone()).reset_all())
            .exec(&tx)
            .await?;
        self.insert_generation(&tx, &reading, cast, permit.is_some())
            .await?;
        self.remember(&tx, user_id, idempotency_key, request, reading.id)
            .await?;
        self.notify(&tx, reading.id).await?;
        tx.commit().await?;
        self.hand_to_writer(&reading, permit);
        Ok(reading)
    }
}

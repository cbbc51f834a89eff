//! A new answer to the same question, past the cache. The earlier one is kept with its
//! generation.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{Error, Readings, UNFINISHED_PER_USER, ask::with_writer};
use crate::{
    advisor::{engine::Asked, obi::Cast},
    digest,
    entity::{
        generation,
        reading::{self, Engine},
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
            super::idempotency::check_key(idempotency_key.as_deref()),
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
        let asked = Asked {
            advisor: earlier.advisor,
            question: earlier.question,
            cast,
        };
        let reading = reading::Model {
            id: earlier.id,
            created_at: earlier.created_at,
            ..self.new_reading(user_id, &asked)
        };
        let care = self.0.advisors.care(&asked.question);
        let (reading, permit, reserved) = if let Some(reply) = care {
            (self.answered(reading, Engine::Care, reply), None, 0)
        } else {
            if self.unfinished(&tx, user_id).await?.len() >= UNFINISHED_PER_USER {
                return Err(Error::TooManyUnfinished);
            }
            self.count_reading(&tx, user_id).await?;
            if let Some(answer) = self.answer_at_once(&asked) {
                (self.answered(reading, Engine::Embedded, answer), None, 0)
            } else {
                let reserved = self.reserve(&tx, user_id, &asked).await?;
                let permit = self.free_writer();
                (with_writer(reading, permit.as_ref()), permit, reserved)
            }
        };

        generation::Entity::update_many()
            .col_expr(generation::Column::Response, Expr::value(earlier.response))
            .filter(generation::Column::Id.eq(earlier.generation_id))
            .exec(&tx)
            .await?;
        reading::Entity::update(reading::ActiveModel::from(reading.clone()).reset_all())
            .exec(&tx)
            .await?;
        self.insert_generation(&tx, &reading, cast, permit.is_some(), reserved)
            .await?;
        self.remember(&tx, user_id, idempotency_key, request, reading.id)
            .await?;
        self.count_change(&tx, user_id).await?;
        self.notify(&tx, reading.id).await?;
        tx.commit().await?;
        self.hand_to_writer(&reading, permit);
        Ok(reading)
    }
}

//! A new answer to the same question, past the cache. The earlier one is kept with its
//! generation.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{
    Error, Readings, UNFINISHED_PER_USER, ask::with_writer, events::Change, history,
    lock::lock_user, news::News, thread,
};
use crate::{
    advisor::{History, engine::Asked, obi::Cast},
    digest,
    entity::{
        generation,
        reading::{self, Engine},
    },
    invalid::Problems,
    request,
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
        request::note_reading(id);
        let request = digest::hex(["regenerate", &id.to_string()]);
        // A new answer has a cast of its own.
        let cast = Cast::draw()?;
        let tx = self.0.db.begin().await?;
        if !lock_user(&tx, user_id).await? {
            return Err(Error::NoSuchUser);
        }
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
        // The reply is fixed: another would be the same, and no quota bounds how many there are.
        if earlier.engine == Engine::Care {
            return Ok(earlier);
        }
        let asked = Asked {
            advisor: earlier.advisor,
            question: earlier.question.clone(),
            cast,
            history: History::default(),
            thread: thread::before(&tx, user_id, earlier.in_reply_to).await?,
        };
        let reading = reading::Model {
            id: earlier.id,
            created_at: earlier.created_at,
            is_favourite: earlier.is_favourite,
            note: earlier.note.clone(),
            ..self.new_reading(user_id, &asked, earlier.in_reply_to)
        };
        let care = self.0.advisors.care_to(&asked);
        let (reading, permit, reserved) = if let Some(reply) = care {
            (self.answered(reading, Engine::Care, reply), None, 0)
        } else {
            if self.unfinished(&tx, user_id).await?.len() >= UNFINISHED_PER_USER {
                return Err(Error::TooManyUnfinished);
            }
            self.count_reading(&tx, user_id).await?;
            if self.answers_at_once() {
                let ids = (reading.id, reading.generation_id);
                let mut history = history::before(&tx, user_id, ids, self.0.clock.now()).await?;
                let titles = earlier.sources.0.iter().map(|source| source.title.as_str());
                history.add(earlier.response.as_deref().unwrap_or_default(), titles);
                let answer = self.answer_after(&asked, history);
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
        let news = News::of_new(reading.status);
        self.notify_of(&tx, (user_id, reading.id), news, Change::Changed)
            .await?;
        tx.commit().await?;
        self.publish(user_id, reading.id, Change::Changed);
        request::note_generation(reading.generation_id);
        self.hand_to_writer(&reading, permit);
        Ok(reading)
    }
}

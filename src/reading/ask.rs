//! Asking: the question is stored, then answered.

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{Error, Readings, UNFINISHED_PER_USER, write::Lease};
use crate::{
    advisor::{Answer, obi::Cast},
    digest,
    entity::{
        PieceEnds, Sources, generation, idempotency_key,
        reading::{self, Advisor, Engine, Status},
        user,
    },
    invalid::{Problems, Rule},
};

/// Characters of an idempotency key, at most.
const KEY_MAX: usize = 255;

/// What a user asks.
#[derive(Clone, Debug)]
pub struct Ask {
    pub advisor: Advisor,
    pub question: String,
    /// The same key from the same user gives the same reading.
    pub idempotency_key: Option<String>,
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
        let mut problems = Problems::default();
        problems.note("input.question", self.check_question(question));
        problems.note(
            "input.idempotencyKey",
            check_key(ask.idempotency_key.as_deref()),
        );
        if !problems.0.is_empty() {
            return Err(Error::Invalid(problems));
        }

        let cast = Cast::draw()?;
        let request = digest::hex(["ask", advisor_name(ask.advisor), question]);
        let tx = self.0.db.begin().await?;
        self.lock_user(&tx, user_id).await?;
        if let Some(known) = self
            .asked_before(&tx, user_id, ask.idempotency_key.as_deref(), &request)
            .await?
        {
            return Ok(known);
        }
        // Before every limit: who asks for help is not told to come back later.
        if let Some(care) = self.0.advisors.care(question) {
            let reading = self
                .insert_care(&tx, user_id, &ask, question, care, cast)
                .await?;
            self.remember(&tx, user_id, ask.idempotency_key, request, reading.id)
                .await?;
            tx.commit().await?;
            return Ok(reading);
        }
        let unfinished = self.unfinished(&tx, user_id).await?;

        let (reading, permit) = self
            .answer_or_queue(&tx, user_id, &ask, question, cast, &unfinished)
            .await?;
        self.remember(&tx, user_id, ask.idempotency_key, request, reading.id)
            .await?;
        if reading.status == Status::Pending {
            self.notify(&tx, reading.id).await?;
        }
        tx.commit().await?;
        self.hand_to_writer(&reading, permit);
        Ok(reading)
    }

    /// One at a time for a user: what follows looks before it writes.
    pub(super) async fn lock_user(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
    ) -> Result<(), Error> {
        user::Entity::find_by_id(user_id)
            .select_only()
            .column(user::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .into_tuple::<Uuid>()
            .one(tx)
            .await?
            .map(|_| ())
            .ok_or(Error::NoSuchUser)
    }

    /// The reading an idempotency key stands for, if it was used before.
    pub(super) async fn asked_before(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        key: Option<&str>,
        request: &str,
    ) -> Result<Option<reading::Model>, Error> {
        let Some(key) = key else { return Ok(None) };
        let known = idempotency_key::Entity::find_by_id((user_id, key.to_owned()))
            .one(tx)
            .await?;
        let Some(known) = known else { return Ok(None) };
        if known.request != request {
            return Err(Error::KeyReused);
        }
        Ok(reading::Entity::find_by_id(known.reading_id)
            .one(tx)
            .await?)
    }

    pub(super) async fn remember(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        key: Option<String>,
        request: String,
        reading_id: Uuid,
    ) -> Result<(), Error> {
        if let Some(key) = key {
            let known = idempotency_key::Model {
                user_id,
                key,
                request,
                reading_id,
            };
            idempotency_key::Entity::insert(idempotency_key::ActiveModel::from(known).reset_all())
                .exec_without_returning(tx)
                .await?;
        }
        Ok(())
    }

    /// The user's readings that are not over.
    pub(super) async fn unfinished(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
    ) -> Result<Vec<Uuid>, Error> {
        Ok(generation::Entity::find()
            .filter(generation::Column::UserId.eq(user_id))
            .filter(generation::Column::CompletedAt.is_null())
            .select_only()
            .column(generation::Column::ReadingId)
            .into_tuple::<Uuid>()
            .all(tx)
            .await?)
    }

    /// Starts what was stored as this instance's, once that is committed.
    pub(super) fn hand_to_writer(
        &self,
        reading: &reading::Model,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        if let Some(permit) = permit {
            let lease = Lease {
                generation_id: reading.generation_id,
                reading_id: reading.id,
                epoch: 1,
            };
            self.spawn_writer(lease, permit);
        }
    }

    /// What the cache holds, or what is already being written, or a new reading.
    async fn answer_or_queue(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        ask: &Ask,
        question: &str,
        cast: Cast,
        unfinished: &[Uuid],
    ) -> Result<(reading::Model, Option<OwnedSemaphorePermit>), Error> {
        let cache_key = digest::hex([
            advisor_name(ask.advisor),
            &normalised(question),
            self.0.advisors.version(),
        ]);
        let same = || {
            reading::Entity::find_owned(user_id)
                .filter(reading::Column::CacheKey.eq(&cache_key))
                .order_by_desc(reading::Column::Id)
        };
        let mut cached = None;
        if !self.0.settings.cache_lifetime.is_zero() {
            if !unfinished.is_empty() {
                // One flight at a time: who asks again what is being written joins it.
                let flight = same()
                    .filter(reading::Column::Id.is_in(unfinished.iter().copied()))
                    .one(tx)
                    .await?;
                if let Some(flight) = flight {
                    return Ok((flight, None));
                }
            }
            let oldest = self.0.clock.now() - self.0.settings.cache_lifetime;
            cached = same()
                .filter(reading::Column::Status.eq(Status::Completed))
                .filter(reading::Column::IsCached.eq(false))
                .filter(reading::Column::CompletedAt.gt(oldest))
                .one(tx)
                .await?;
        }
        if cached.is_none() && unfinished.len() >= UNFINISHED_PER_USER {
            return Err(Error::TooManyUnfinished);
        }
        self.reserve(tx, user_id).await?;

        let now = self.0.clock.now();
        let permit = if cached.is_none() {
            self.free_writer()
        } else {
            None
        };
        let reading = reading::Model {
            id: self.0.clock.new_id(),
            user_id,
            advisor: ask.advisor,
            question: question.to_owned(),
            cache_key,
            generation_id: self.0.clock.new_id(),
            status: match (&cached, &permit) {
                (Some(_), _) => Status::Completed,
                (None, Some(_)) => Status::Writing,
                (None, None) => Status::Pending,
            },
            engine: Engine::Embedded,
            model: cached.as_ref().and_then(|earlier| earlier.model.clone()),
            sources: cached
                .as_ref()
                .map(|earlier| earlier.sources.clone())
                .unwrap_or_default(),
            tokens_used: 0,
            cost: 0,
            is_cached: cached.is_some(),
            failure_code: None,
            failure_message: None,
            created_at: now,
            completed_at: cached.as_ref().map(|_| now),
            response: cached.and_then(|earlier| earlier.response),
        };
        reading::Entity::insert(reading::ActiveModel::from(reading.clone()).reset_all())
            .exec_without_returning(tx)
            .await?;
        self.insert_generation(tx, &reading, cast, permit.is_some())
            .await?;
        Ok((reading, permit))
    }

    /// A reading that was whole before it was written.
    async fn insert_care(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        ask: &Ask,
        question: &str,
        care: Answer,
        cast: Cast,
    ) -> Result<reading::Model, Error> {
        let now = self.0.clock.now();
        let id = self.0.clock.new_id();
        let reading = reading::Model {
            id,
            user_id,
            advisor: ask.advisor,
            question: question.to_owned(),
            // Never found again: were the patterns to change, the cache would give it in an
            // advisor's name.
            cache_key: digest::hex(["care", &id.to_string()]),
            generation_id: self.0.clock.new_id(),
            status: Status::Completed,
            response: Some(care.text),
            engine: Engine::Care,
            model: None,
            sources: Sources(care.sources),
            tokens_used: 0,
            cost: 0,
            is_cached: false,
            failure_code: None,
            failure_message: None,
            created_at: now,
            completed_at: Some(now),
        };
        reading::Entity::insert(reading::ActiveModel::from(reading.clone()).reset_all())
            .exec_without_returning(tx)
            .await?;
        self.insert_generation(tx, &reading, cast, false).await?;
        Ok(reading)
    }

    /// The reading's generation, which is this instance's already if `claimed`.
    pub(super) async fn insert_generation(
        &self,
        tx: &DatabaseTransaction,
        reading: &reading::Model,
        cast: Cast,
        claimed: bool,
    ) -> Result<(), Error> {
        let now = self.0.clock.now();
        let generation = generation::Model {
            id: reading.generation_id,
            reading_id: reading.id,
            user_id: reading.user_id,
            status: reading.status,
            cast_open: i16::from(cast.open()),
            owner: claimed.then_some(self.0.instance),
            epoch: i32::from(claimed),
            lease_expires_at: claimed.then(|| now + self.0.settings.lease),
            cancel_requested: false,
            last_sequence: 0,
            piece_ends: PieceEnds(reading.response.iter().map(String::len).collect()),
            response: None,
            engine: reading.engine,
            model: reading.model.clone(),
            sources: reading.sources.clone(),
            tokens_used: 0,
            cost: 0,
            failure_code: None,
            failure_message: None,
            created_at: now,
            completed_at: reading.completed_at,
        };
        generation::Entity::insert(generation::ActiveModel::from(generation).reset_all())
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// The reading once it has ended, or as it stands after the settings' `ask_wait`.
    ///
    /// # Errors
    ///
    /// If it was deleted meanwhile, or the database fails.
    pub async fn wait(&self, reading: reading::Model) -> Result<reading::Model, Error> {
        self.wait_for(reading, self.0.settings.ask_wait).await
    }

    pub(super) async fn wait_for(
        &self,
        reading: reading::Model,
        patience: Duration,
    ) -> Result<reading::Model, Error> {
        let (user_id, id) = (reading.user_id, reading.id);
        let deadline = Instant::now() + patience;
        let mut ticks = self.0.wake.subscribe(id);
        let mut reading = reading;
        while !reading.status.is_final() {
            reading = self.find(user_id, id).await?.ok_or(Error::NotFound)?;
            if reading.status.is_final() {
                break;
            }
            tokio::select! {
                _ = ticks.changed() => {}
                () = tokio::time::sleep_until(deadline) => break,
                // Nothing more will come here.
                () = self.0.hand_over.cancelled() => break,
            }
        }
        Ok(reading)
    }

    fn check_question(&self, question: &str) -> Result<(), Rule> {
        let (min, max) = (self.0.limits.question_min, self.0.limits.question_max);
        let length = question.chars().count();
        if length < min {
            Err(Rule::new(
                "TOO_SHORT",
                format!("A question has at least {min} characters."),
            ))
        } else if length > max {
            Err(Rule::new(
                "TOO_LONG",
                format!("A question has at most {max} characters."),
            ))
        } else if question.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            Err(Rule::new(
                "INVALID_CHARACTERS",
                "A question cannot hold control characters.",
            ))
        } else {
            Ok(())
        }
    }
}

pub(super) fn check_key(key: Option<&str>) -> Result<(), Rule> {
    match key {
        Some(key)
            if key.is_empty()
                || key.len() > KEY_MAX
                || !key.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            Err(Rule::new(
                "INVALID_KEY",
                format!(
                    "An idempotency key is made of 1 to {KEY_MAX} printable ASCII characters, without spaces."
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// As it is stored.
fn advisor_name(advisor: Advisor) -> &'static str {
    match advisor {
        Advisor::Legba => "LEGBA",
        Advisor::Oshun => "OSHUN",
        Advisor::Shango => "SHANGO",
        Advisor::Yemaya => "YEMAYA",
    }
}

/// One form for what is one question: case, spaces and closing marks do not make it another.
fn normalised(question: &str) -> String {
    let folded = question.nfkc().collect::<String>().to_lowercase();
    let words: Vec<_> = folded.split_whitespace().collect();
    words
        .join(" ")
        .trim_end_matches(|c: char| c.is_ascii_punctuation() || c == '…')
        .to_owned()
}

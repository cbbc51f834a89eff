//! Asking: the question is stored, then answered.

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::LockType,
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{
    Error, Readings, UNFINISHED_PER_USER, draft::pieces, idempotency::check_key, lease::Lease,
};
use crate::{
    advisor::{Answer, engine::Asked, obi::Cast},
    digest,
    entity::{
        PieceEnds, Sources, generation,
        reading::{self, Advisor, Engine, Status},
        user,
    },
    invalid::{Problems, Rule},
};

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

        let asked = Asked {
            advisor: ask.advisor,
            question: question.to_owned(),
            cast: Cast::draw()?,
        };
        let request = digest::hex(["ask", advisor_name(ask.advisor), question]);
        let tx = self.0.db.begin().await?;
        self.lock_user(&tx, user_id).await?;
        if let Some(known) = self
            .asked_before(&tx, user_id, ask.idempotency_key.as_deref(), &request)
            .await?
        {
            return Ok(known);
        }
        let (reading, permit) = match self.0.advisors.care(question) {
            // Before any limit: whoever needs help is not told to come back tomorrow.
            Some(reply) => {
                let reading = self.answered(self.new_reading(user_id, &asked), Engine::Care, reply);
                self.insert(&tx, &reading, asked.cast, false, 0).await?;
                (reading, None)
            }
            None => self.answer_or_queue(&tx, user_id, &asked).await?,
        };
        self.remember(&tx, user_id, ask.idempotency_key, request, reading.id)
            .await?;
        if reading.status == Status::Pending {
            self.notify(&tx, reading.id).await?;
        }
        self.count_change(&tx, user_id).await?;
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

    /// The user's readings that are not over.
    pub(super) async fn unfinished(
        &self,
        db: &impl ConnectionTrait,
        user_id: Uuid,
    ) -> Result<Vec<Uuid>, Error> {
        Ok(generation::Entity::find()
            .filter(generation::Column::UserId.eq(user_id))
            .filter(generation::Column::CompletedAt.is_null())
            .select_only()
            .column(generation::Column::ReadingId)
            .into_tuple::<Uuid>()
            .all(db)
            .await?)
    }

    /// Starts what was stored as this instance's, once that is committed; or says that it has ended
    /// already.
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
        } else if reading.status.is_final() && !reading.is_cached {
            let metrics = &self.0.metrics;
            metrics.count_ended(reading.status, reading.engine, 0, 0);
        }
    }

    /// What the cache holds, or what is already being written, or a new reading.
    async fn answer_or_queue(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        asked: &Asked,
    ) -> Result<(reading::Model, Option<OwnedSemaphorePermit>), Error> {
        let reading = self.new_reading(user_id, asked);
        let unfinished = self.unfinished(tx, user_id).await?;
        let same = || {
            reading::Entity::find_owned(user_id)
                .filter(reading::Column::CacheKey.eq(&reading.cache_key))
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
                // What another engine wrote in its place is not worth keeping.
                .filter(reading::Column::Engine.eq(reading.engine))
                .filter(reading::Column::IsCached.eq(false))
                .filter(reading::Column::CompletedAt.gt(oldest))
                .one(tx)
                .await?;
        }
        if let Some(earlier) = cached {
            self.count_reading(tx, user_id).await?;
            let reading = reading::Model {
                status: Status::Completed,
                response: earlier.response,
                model: earlier.model,
                sources: earlier.sources,
                is_cached: true,
                completed_at: Some(reading.created_at),
                ..reading
            };
            self.insert(tx, &reading, asked.cast, false, 0).await?;
            return Ok((reading, None));
        }
        if unfinished.len() >= UNFINISHED_PER_USER {
            return Err(Error::TooManyUnfinished);
        }
        self.count_reading(tx, user_id).await?;
        if let Some(answer) = self.answer_at_once(asked) {
            let reading = self.answered(reading, Engine::Embedded, answer);
            self.insert(tx, &reading, asked.cast, false, 0).await?;
            return Ok((reading, None));
        }
        let reserved = self.reserve(tx, user_id, asked).await?;
        let permit = self.free_writer();
        let reading = with_writer(reading, permit.as_ref());
        self.insert(tx, &reading, asked.cast, permit.is_some(), reserved)
            .await?;
        Ok((reading, permit))
    }

    /// The answer, if it need not be written: the built-in engine has all of it in less time than
    /// storing that somebody writes it would take.
    pub(super) fn answer_at_once(&self, asked: &Asked) -> Option<Answer> {
        let at_once = self.0.advisors.engine() == Engine::Embedded
            && self.0.settings.embedded_pause.is_zero();
        at_once.then(|| self.0.advisors.answer(asked, false))
    }

    /// A reading that nobody has to write: its answer is there.
    pub(super) fn answered(
        &self,
        reading: reading::Model,
        engine: Engine,
        answer: Answer,
    ) -> reading::Model {
        reading::Model {
            status: Status::Completed,
            response: Some(answer.text),
            engine,
            sources: Sources(answer.sources),
            completed_at: Some(self.0.clock.now()),
            ..reading
        }
    }

    /// A reading that nothing has been done for yet.
    pub(super) fn new_reading(&self, user_id: Uuid, asked: &Asked) -> reading::Model {
        reading::Model {
            id: self.0.clock.new_id(),
            user_id,
            advisor: asked.advisor,
            question: asked.question.clone(),
            cache_key: digest::hex([
                advisor_name(asked.advisor),
                &normalised(&asked.question),
                self.0.advisors.version(),
            ]),
            generation_id: self.0.clock.new_id(),
            status: Status::Pending,
            engine: self.0.advisors.engine(),
            model: None,
            sources: Sources::default(),
            tokens_used: 0,
            cost: 0,
            is_estimated: false,
            is_cached: false,
            failure_code: None,
            failure_message: None,
            created_at: self.0.clock.now(),
            completed_at: None,
            response: None,
        }
    }

    async fn insert(
        &self,
        tx: &DatabaseTransaction,
        reading: &reading::Model,
        cast: Cast,
        claimed: bool,
        reserved: i64,
    ) -> Result<(), Error> {
        reading::Entity::insert(reading::ActiveModel::from(reading.clone()).reset_all())
            .exec_without_returning(tx)
            .await?;
        self.insert_generation(tx, reading, cast, claimed, reserved)
            .await
    }

    /// The reading's generation, which is this instance's already if `claimed`. `reserved` is in
    /// nano-dollars.
    pub(super) async fn insert_generation(
        &self,
        tx: &DatabaseTransaction,
        reading: &reading::Model,
        cast: Cast,
        claimed: bool,
        reserved: i64,
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
            sent_at: None,
            reserved,
            provider_response_id: None,
            provider_sequence: None,
            last_sequence: 0,
            piece_ends: PieceEnds(reading.response.as_deref().map(pieces).unwrap_or_default()),
            response: None,
            engine: reading.engine,
            model: reading.model.clone(),
            sources: reading.sources.clone(),
            tokens_used: 0,
            cost: 0,
            is_estimated: false,
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
    /// If it was deleted meanwhile.
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
            match self.find_now(user_id, id).await {
                Ok(found) => reading = found.ok_or(Error::NotFound)?,
                // It is asked, and whoever hears otherwise would ask again: once the database is
                // back there is a tick.
                Err(error) => tracing::debug!(%error, "could not look at what is awaited"),
            }
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

/// A reading that is to be written: at once by this instance, if it has a writer free.
pub(super) fn with_writer(
    reading: reading::Model,
    permit: Option<&OwnedSemaphorePermit>,
) -> reading::Model {
    let status = match permit {
        Some(_) => Status::Writing,
        None => Status::Pending,
    };
    reading::Model { status, ..reading }
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

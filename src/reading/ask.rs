//! Asking: the question is stored, then answered.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, Iterable,
    QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{
    Error, Readings, UNFINISHED_PER_USER, claim::note, draft::pieces, events::Change, history,
    idempotency::check_key, key, lock::lock_user, news::News, thread,
};
use crate::{
    advisor::{Answer, History, Thread, engine::Asked, obi::Cast},
    entity::{
        PieceEnds, Sources, generation,
        reading::{self, Advisor, Engine, Status},
    },
    invalid::{
        FieldErrorCode::{InvalidCharacters, TooLong, TooShort},
        Problems, Rule,
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

        let mut asked = Asked {
            advisor: ask.advisor,
            question: question.to_owned(),
            cast: Cast::draw()?,
            history: History::default(),
            thread: Thread::default(),
        };
        let request = key::request(ask.advisor, question, ask.in_reply_to);
        let tx = self.0.db.begin().await?;
        if !lock_user(&tx, user_id).await? {
            return Err(Error::NoSuchUser);
        }
        if let Some(known) = self
            .asked_before(&tx, user_id, ask.idempotency_key.as_deref(), &request)
            .await?
        {
            note(&known);
            return Ok(known);
        }
        asked.thread = self.thread_of(&tx, user_id, ask.in_reply_to).await?;
        let new = self.new_reading(user_id, &asked, ask.in_reply_to);
        let id = new.id;
        let (reading, permit) = match self.0.advisors.care_to(&asked) {
            // Before any limit: whoever needs help is not told to come back tomorrow.
            Some(reply) => {
                if let Some(earlier) = self.replied_often(&tx, user_id, &reply).await? {
                    note(&earlier);
                    return Ok(earlier);
                }
                let reading = self.answered(new, Engine::Care, reply);
                self.insert(&tx, &reading, asked.cast, false, 0).await?;
                (reading, None)
            }
            None => self.answer_or_queue(&tx, new, &asked).await?,
        };
        self.remember(&tx, user_id, ask.idempotency_key, request, reading.id)
            .await?;
        self.count_change(&tx, user_id).await?;
        tx.commit().await?;
        if reading.id == id {
            self.publish(user_id, id, Change::Asked);
        }
        note(&reading);
        self.hand_to_writer(&reading, permit);
        Ok(reading)
    }

    /// The conversation that ends with a finished reading of the user's.
    async fn thread_of(
        &self,
        tx: &DatabaseTransaction,
        user_id: Uuid,
        in_reply_to: Option<Uuid>,
    ) -> Result<Thread, Error> {
        if let Some(id) = in_reply_to {
            let parent = reading::Entity::find_owned(user_id)
                .filter(reading::Column::Id.eq(id))
                .one(tx)
                .await?;
            if !parent.ok_or(Error::NotFound)?.status.is_final() {
                return Err(Error::UnfinishedParent);
            }
        }
        Ok(thread::before(tx, user_id, in_reply_to).await?)
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

    /// A cached answer, an answer that is already being written, or a new reading.
    async fn answer_or_queue(
        &self,
        tx: &DatabaseTransaction,
        reading: reading::Model,
        asked: &Asked,
    ) -> Result<(reading::Model, Option<OwnedSemaphorePermit>), Error> {
        let user_id = reading.user_id;
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
                .filter(reading::Column::IsTruncated.eq(false))
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
        if self.answers_at_once() {
            let ids = (reading.id, reading.generation_id);
            let history = history::before(tx, user_id, ids, self.0.clock.now()).await?;
            let answer = self.answer_after(asked, history);
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

    /// Whether an answer need not be written: the built-in engine composes it in less time than
    /// storing that somebody writes it would take.
    pub(super) fn answers_at_once(&self) -> bool {
        self.0.advisors.engine() == Engine::Embedded && self.0.settings.embedded_pause.is_zero()
    }

    /// The built-in engine's answer for somebody who has read this.
    pub(super) fn answer_after(&self, asked: &Asked, history: History) -> Answer {
        let asked = Asked {
            history,
            ..asked.clone()
        };
        self.0.advisors.answer(&asked, false)
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
    pub(super) fn new_reading(
        &self,
        user_id: Uuid,
        asked: &Asked,
        in_reply_to: Option<Uuid>,
    ) -> reading::Model {
        reading::Model {
            id: self.0.clock.new_id(),
            user_id,
            advisor: asked.advisor,
            question: asked.question.clone(),
            cache_key: key::cache_key(asked, in_reply_to, self.0.advisors.version()),
            generation_id: self.0.clock.new_id(),
            status: Status::Pending,
            engine: self.0.advisors.engine(),
            care: self.0.advisors.approach_to(asked).care,
            model: None,
            sources: Sources::default(),
            tokens_used: 0,
            cost: 0,
            is_estimated: false,
            is_cached: false,
            is_truncated: false,
            failure_code: None,
            failure_message: None,
            created_at: self.0.clock.now(),
            completed_at: None,
            response: None,
            is_favourite: false,
            note: None,
            rating: None,
            in_reply_to,
            is_indexed: false,
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
        let news = News::of_new(reading.status);
        let ids = (reading.user_id, reading.id);
        self.notify_of(tx, ids, news, Change::Asked).await?;
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
            lease_expires_at: None,
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
            cached_tokens: 0,
            reasoning_tokens: 0,
            cost: 0,
            is_estimated: false,
            is_truncated: false,
            is_thinking: false,
            failure_code: None,
            failure_message: None,
            created_at: now,
            completed_at: reading.completed_at,
            rating: None,
            rating_reason: None,
            prompt_version: self.0.advisors.prompt_version(reading.engine),
        };
        let row = generation::ActiveModel::from(generation).reset_all();
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for column in generation::Column::iter() {
            columns.push(column);
            values.push(match (column, row.get(column).into_value()) {
                // A value is by this machine's clock.
                (generation::Column::LeaseExpiresAt, _) if claimed => self.lease_end(),
                (_, value) => Expr::value(value.expect("all columns are set")),
            });
        }
        let mut insert = Query::insert();
        insert
            .into_table(generation::Entity)
            .columns(columns)
            .values_panic(values);
        tx.execute(&insert).await?;
        Ok(())
    }

    fn check_question(&self, question: &str) -> Result<(), Rule> {
        let (min, max) = (self.0.limits.question_min, self.0.limits.question_max);
        let length = question.chars().count();
        if length < min {
            Err(Rule::within(
                TooShort,
                min..=max,
                format!("A question has at least {min} characters."),
            ))
        } else if length > max {
            Err(Rule::within(
                TooLong,
                min..=max,
                format!("A question has at most {max} characters."),
            ))
        } else if question.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            Err(Rule::new(
                InvalidCharacters,
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

//! From a question to its answer, for `askAdvisor` and `regenerateReading` alike.

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{
    Error, Readings, UNFINISHED_PER_USER,
    idempotency::{asked_before, remember},
    prepare::{Prepared, Source, Submission},
    store,
};
use crate::{
    advisor::Answer,
    entity::{
        Sources,
        reading::{self, Engine, Status},
        user,
    },
    generation::{self, Change, News},
    request_context,
};

/// An answer that is stored with its question, or is to be written.
struct Admitted {
    reading: reading::Model,
    /// Of the writer that begins at once.
    permit: Option<OwnedSemaphorePermit>,
    /// Nano-dollars.
    reserved: i64,
}

impl Readings {
    /// Stores the request and has it answered; returns the reading as it stands then.
    pub(super) async fn submit(&self, submission: Submission) -> Result<reading::Model, Error> {
        let prepared = self.prepare(&submission).await?;
        let (user_id, generations) = (submission.user_id, &self.generations);
        let tx = self.db.begin().await?;
        let user = user::lock(&tx, user_id).await?.ok_or(Error::NoSuchUser)?;
        if let Some(known) = asked_before(&tx, &submission).await? {
            note(&known);
            return Ok(known);
        }
        let earlier = match &submission.again {
            Some(again) => Some(finished(&tx, user_id, again.id).await?),
            None => None,
        };
        // What was prepared takes up an answer that was finished by then.
        if earlier.is_none()
            && store::parent(&tx, user_id, submission.in_reply_to).await? != prepared.parent
        {
            return Err(Error::UnfinishedParent);
        }
        if let Some(reply) = self
            .fixed_reply(&tx, earlier.as_ref(), &prepared, user_id)
            .await?
        {
            note(&reply);
            return Ok(reply);
        }
        let new = self.new_reading(&submission, &prepared, earlier.as_ref());
        let (generation_id, cast) = (new.generation_id, prepared.cast);
        let admitted = self
            .admit(&tx, &user, &submission, prepared.source, new)
            .await?;
        let Admitted {
            reading,
            permit,
            reserved,
        } = admitted;
        let change = match earlier {
            _ if reading.generation_id != generation_id => None,
            Some(_) => Some(Change::Changed),
            None => Some(Change::Asked),
        };
        if change.is_some() {
            store::insert(&tx, &reading, earlier).await?;
            generations
                .insert(&tx, &reading, cast, permit.is_some(), reserved)
                .await?;
        }
        remember(&tx, submission, reading.id, self.clock.now()).await?;
        if let Some(change) = change {
            let (ids, news) = ((user_id, reading.id), News::of_new(reading.status));
            generations.announce(&tx, ids, news, change).await?;
        }
        tx.commit().await?;
        if let Some(change) = change {
            generations.publish(user_id, reading.id, change);
        }
        note(&reading);
        generations.hand_to_writer(&reading, permit);
        Ok(reading)
    }

    /// A reading that has the fixed reply and is returned as it is: that of an answer that would only be the
    /// same again, or the last of many. No quota bounds how many there are.
    async fn fixed_reply(
        &self,
        tx: &DatabaseTransaction,
        earlier: Option<&reading::Model>,
        prepared: &Prepared,
        user_id: Uuid,
    ) -> Result<Option<reading::Model>, Error> {
        match (earlier, &prepared.source) {
            (Some(earlier), _) => Ok((earlier.engine == Engine::Care).then(|| earlier.clone())),
            (None, Source::Answer(Engine::Care, reply)) => {
                Ok(store::replied_often(tx, user_id, &reply.text, self.clock.now()).await?)
            }
            (None, _) => Ok(None),
        }
    }

    /// The new reading with its answer or its place among the writers, or an earlier one that answers the same,
    /// as the user's limits allow.
    async fn admit(
        &self,
        tx: &DatabaseTransaction,
        user: &user::Model,
        submission: &Submission,
        source: Source,
        new: reading::Model,
    ) -> Result<Admitted, Error> {
        let whole = |reading| Admitted {
            reading,
            permit: None,
            reserved: 0,
        };
        let now = self.clock.now();
        // Before any limit: a cry for help is never answered by one.
        let source = match source {
            Source::Answer(engine @ Engine::Care, reply) => {
                return Ok(whole(answered(new, engine, reply, now)));
            }
            source => source,
        };
        let unfinished = generation::unfinished_of(tx, new.user_id).await?;
        let mut cached = None;
        if submission.again.is_none() && !self.settings.cache_lifetime.is_zero() {
            // One flight at a time: who asks again what is being written joins it.
            if let Some(flight) = store::in_flight(tx, &new, &unfinished).await? {
                return Ok(whole(flight));
            }
            let oldest = now - self.settings.cache_lifetime;
            cached = store::cached(tx, &new, oldest).await?;
        }
        if cached.is_none() && unfinished.len() >= UNFINISHED_PER_USER {
            return Err(Error::TooManyUnfinished);
        }
        let network = submission.guest_network.as_deref();
        let generations = &self.generations;
        generations.count_reading(tx, user, network).await?;
        if let Some(earlier) = cached {
            return Ok(whole(reading::Model {
                status: Status::Completed,
                response: earlier.response,
                model: earlier.model,
                sources: earlier.sources,
                is_cached: true,
                completed_at: Some(new.created_at),
                ..new
            }));
        }
        let most = match source {
            Source::Answer(engine, answer) => return Ok(whole(answered(new, engine, answer, now))),
            Source::Writer(most) => most,
        };
        if let Some(most) = most {
            generations.reserve(tx, user, most).await?;
        }
        let permit = generations.free_writer();
        let status = match permit {
            Some(_) => Status::Writing,
            None => Status::Pending,
        };
        Ok(Admitted {
            reading: reading::Model { status, ..new },
            permit,
            reserved: most.unwrap_or_default(),
        })
    }
}

/// The reading to answer again, which has to be finished.
async fn finished(
    tx: &DatabaseTransaction,
    user_id: Uuid,
    id: Uuid,
) -> Result<reading::Model, Error> {
    let found = store::owned(tx, user_id, id).await?;
    if found.status.is_final() {
        Ok(found)
    } else {
        Err(Error::Unfinished)
    }
}

/// A reading with its answer, which needs no writer.
fn answered(
    reading: reading::Model,
    engine: Engine,
    answer: Answer,
    now: DateTime<Utc>,
) -> reading::Model {
    reading::Model {
        status: Status::Completed,
        response: Some(answer.text),
        engine,
        sources: Sources(answer.sources),
        completed_at: Some(now),
        ..reading
    }
}

/// For the log line of the request.
fn note(reading: &reading::Model) {
    request_context::record_reading(reading.id);
    request_context::record_generation(reading.generation_id);
}

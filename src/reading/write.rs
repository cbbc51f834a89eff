//! Writing an answer: who holds the lease has an engine write, stores what it tells, and ends
//! the generation. A database that is away for a moment stops no engine: what it wrote is kept
//! here until it can be stored. What can never be stored ends the generation at once.

use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Error, Readings,
    draft::Draft,
    end::Ending,
    history,
    lease::Lease,
    retry::{RETRIES, RETRY_PAUSE},
    thread,
};
use crate::{
    advisor::{
        History,
        engine::{Asked, Event, Failure, Usage},
        model::Model,
    },
    entity::{
        generation,
        reading::{self, Engine, Status},
    },
    request::Answer,
    spans::{self, Span},
};

/// How far an engine may be ahead of its writer, in events.
const AHEAD: usize = 16;

/// A writer of one generation.
struct Writer<'a> {
    readings: &'a Readings,
    lease: Lease,
    generation: generation::Model,
    asked: Asked,
    cancelled: CancellationToken,
}

/// How an engine's writing came to an end.
enum End {
    Whole,
    Failed(Failure),
    Cancelled,
    /// This instance is about to stop.
    HandOver,
    /// The lease is lost: it is another's, or nobody's, to end.
    Lost,
    /// It can never be stored.
    Unstorable(Error),
}

impl Readings {
    /// A place among this instance's writers, if one is free and we are not stopping.
    pub(super) fn free_writer(&self) -> Option<OwnedSemaphorePermit> {
        if self.0.stopping.is_cancelled() {
            return None;
        }
        self.0.writers.clone().try_acquire_owned().ok()
    }

    pub(super) fn spawn_writer(&self, lease: Lease, answer: Answer, permit: OwnedSemaphorePermit) {
        let this = self.clone();
        let cancelled = this.0.writing.begin(lease);
        let writing = async move {
            let held = this.0.writing.until_dropped(lease);
            let written = this.retry(lease, || this.write(lease, &cancelled)).await;
            if let Err(error) = written {
                this.give_up(lease, None, error).await;
            }
            this.0.unstored.over(lease.generation_id);
            drop(held);
            drop(permit);
            this.0.wake.tick(lease.reading_id);
            // There is a writer free for the next one.
            this.0.wanted.queued.notify_one();
        };
        let writing = Box::pin(writing);
        let writing = async move { Span::generation().around(writing).await };
        self.0
            .tasks
            .spawn(spans::carry(Arc::new(answer).scope(writing)));
    }

    /// Ends a generation that is written here and can never be written to its end.
    async fn give_up(&self, lease: Lease, usage: Option<Usage>, error: Error) {
        let cause = error.to_string();
        let abandoned = self.abandon(lease.generation_id, self.held(lease), usage, error);
        if let Err(error) = abandoned.await {
            tracing::error!(%error, cause, "an answer can neither be written nor ended");
        }
    }

    /// Writes the rest of the answer, from where it is stored.
    async fn write(&self, lease: Lease, cancelled: &CancellationToken) -> Result<(), Error> {
        let found = generation::Entity::find_by_id(lease.generation_id)
            .filter(generation::Column::CompletedAt.is_null())
            .find_also_related(reading::Entity)
            .one(self.0.db.reads());
        let found = self.0.db.unless_away(found).await?;
        let Some((generation, Some(reading))) = found else {
            // Ended or deleted meanwhile.
            return Ok(());
        };
        if generation.cancel_requested {
            cancelled.cancel();
        }
        let draft = self.draft(self.0.db.reads(), &generation);
        let mut draft = self.0.db.unless_away(draft).await?;
        let asked = thread::asked(self.0.db.reads(), &generation, &reading);
        let asked = self.0.db.unless_away(asked).await?;
        let writer = Writer {
            readings: self,
            lease,
            asked,
            generation,
            cancelled: cancelled.clone(),
        };
        match self.0.advisors.model() {
            Some(model) if writer.generation.engine == Engine::Model => {
                writer.with_model(model, draft).await;
            }
            _ => {
                let fell_back = writer.generation.sent_at.is_some();
                let end = writer.with_library(&mut draft, fell_back).await;
                writer.finish(end, Engine::Embedded, draft).await;
            }
        }
        Ok(())
    }
}

impl Writer<'_> {
    async fn with_model(&self, model: &Model, mut draft: Draft) {
        let Self {
            readings, lease, ..
        } = self;
        if self.generation.sent_at.is_none() {
            // Once a provider may have been asked, it is not asked again.
            match readings.retry(*lease, || readings.mark_sent(*lease)).await {
                Ok(Some(true)) => {}
                Ok(Some(false) | None) => return,
                Err(error) => return readings.give_up(*lease, None, error).await,
            }
        }
        let prompt = readings.0.advisors.prompt(&self.asked);
        let begun = draft.begun();
        let (out, told) = mpsc::channel(AHEAD);
        let engine = async move { model.write(&prompt, begun, &out).await };
        let end = self.run(&mut draft, engine, told).await;
        if let End::Failed(failure) = end
            && draft.is_empty()
            && model.has_fallback()
        {
            tracing::warn!(%failure, "the built-in advisor answers in the model's place");
            let spent = readings.spent(Engine::Model, &self.asked, &draft, Some(failure));
            draft.usage = Some(spent);
            let fallen_back = readings.retry(*lease, || readings.fall_back(*lease, spent));
            match fallen_back.await {
                Ok(Some(true)) => {
                    let end = self.with_library(&mut draft, true).await;
                    self.finish(end, Engine::Embedded, draft).await;
                }
                Ok(Some(false) | None) => {}
                Err(error) => readings.give_up(*lease, Some(spent), error).await,
            }
            return;
        }
        // Whatever ends it, the provider goes on until told otherwise.
        let to_stop = match end {
            End::Whole if !draft.is_truncated => None,
            End::HandOver => None,
            End::Lost if self.is_taken_over().await => None,
            End::Whole | End::Failed(_) | End::Cancelled | End::Lost | End::Unstorable(_) => {
                draft.position.clone()
            }
        };
        self.finish(end, Engine::Model, draft).await;
        if let Some(position) = to_stop {
            model.cancel(&position).await;
        }
    }

    async fn with_library(&self, draft: &mut Draft, fell_back: bool) -> End {
        let advisors = &self.readings.0.advisors;
        let asked = Asked {
            history: self.history().await,
            ..self.asked.clone()
        };
        let pause = self.readings.0.settings.embedded_pause;
        let begun = draft.begun();
        let (out, told) = mpsc::channel(AHEAD);
        let engine = async move { advisors.write(&asked, fell_back, begun, pause, &out).await };
        self.run(draft, engine, told).await
    }

    /// The user's recent readings. An answer does not wait for a database that is away.
    async fn history(&self) -> History {
        let (db, of) = (&self.readings.0.db, &self.generation);
        let ids = (of.reading_id, of.id);
        let read = history::before(db.reads(), of.user_id, ids, of.created_at);
        db.unless_away(read).await.unwrap_or_default()
    }

    /// Has an engine write, and stores what it tells, until it closes the channel. Dropping the
    /// engine's future stops it.
    async fn run(
        &self,
        draft: &mut Draft,
        engine: impl Future<Output = Result<(), Failure>>,
        mut told: mpsc::Receiver<Event>,
    ) -> End {
        let heartbeat = self.readings.heartbeat();
        tokio::pin!(engine);
        let mut result = None;
        let mut not_before = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = self.cancelled.cancelled() => return End::Cancelled,
                () = self.readings.0.hand_over.cancelled() => return End::HandOver,
                () = tokio::time::sleep_until(draft.due(heartbeat).max(not_before)) => {
                    let unstored = &self.readings.0.unstored;
                    match self.readings.flush(self.lease, draft).await {
                        Ok(true) => unstored.over(self.lease.generation_id),
                        Ok(false) => return End::Lost,
                        Err(error) if error.is_lasting() => return End::Unstorable(error),
                        Err(error) => {
                            unstored.failed(self.lease.generation_id, &error);
                            not_before = Instant::now() + RETRY_PAUSE;
                        }
                    }
                }
                done = &mut engine, if result.is_none() => result = Some(done),
                event = told.recv() => match (event, &result) {
                    (Some(event), _) => draft.take(event),
                    (None, Some(Ok(()))) => return End::Whole,
                    (None, Some(Err(failure))) => return End::Failed(*failure),
                    // It closed the channel a moment before its last step.
                    (None, None) => {}
                },
            }
        }
    }

    /// Ends the generation, or hands it over.
    async fn finish(&self, end: End, engine: Engine, mut draft: Draft) {
        let Self {
            readings,
            lease,
            generation,
            ..
        } = self;
        let provider_failure = match end {
            End::Failed(failure) => Some(failure),
            _ => None,
        };
        let (status, failure) = match end {
            End::Whole => (Status::Completed, None),
            End::Cancelled => (Status::Cancelled, None),
            End::Failed(failure) => (Status::Failed, Some(failure)),
            End::HandOver if engine == Engine::Embedded || readings.can_resume(&draft) => {
                // If it cannot even be handed over now, its lease runs out.
                if let Err(error) = readings.release(*lease, &mut draft).await {
                    tracing::warn!(%error, "could not hand over an answer; it is found by its lease");
                }
                return;
            }
            End::HandOver => (Status::Failed, Some(Failure::Interrupted)),
            End::Lost => return,
            End::Unstorable(error) => {
                let usage = readings.spent(engine, &self.asked, &draft, None);
                return readings.give_up(*lease, Some(usage), error).await;
            }
        };
        let certain = self.is_certain(&mut draft).await;
        let usage = readings.spent(engine, &self.asked, &draft, provider_failure);
        let ended = match certain {
            Ok(false) => return,
            Ok(true) => {
                let outcome = Arc::new(draft.ended(status, engine, usage, failure));
                let ending = Ending::of(generation);
                readings
                    .retry(*lease, || readings.end(*lease, ending, outcome.clone()))
                    .await
            }
            Err(error) => Err(error),
        };
        match ended {
            Ok(Some(())) => {}
            Ok(None) => {
                tracing::error!("the database did not come back: an answer could not be stored");
            }
            Err(error) => readings.give_up(*lease, Some(usage), error).await,
        }
    }

    /// Finds out what is stored of a draft whose last piece is in doubt: followers may have it, and
    /// what comes is to go on from there. Returns whether there is anything left to end.
    async fn is_certain(&self, draft: &mut Draft) -> Result<bool, Error> {
        let Self {
            readings, lease, ..
        } = self;
        for _ in 0..RETRIES {
            if !draft.in_doubt {
                return Ok(true);
            }
            match readings.flush(*lease, draft).await {
                Ok(held) => return Ok(held),
                Err(error) if error.is_lasting() => return Err(error),
                Err(error) => readings.0.unstored.failed(lease.generation_id, &error),
            }
            let pause = tokio::time::sleep(RETRY_PAUSE);
            if readings
                .0
                .hand_over
                .run_until_cancelled(pause)
                .await
                .is_none()
            {
                break;
            }
        }
        Ok(false)
    }

    /// Whether the lease was lost to another writer, rather than with the reading itself.
    async fn is_taken_over(&self) -> bool {
        let found = generation::Entity::find_by_id(self.lease.generation_id)
            .one(self.readings.0.db.reads())
            .await;
        !matches!(found, Ok(None))
    }
}

impl Readings {
    /// Whether another writer could take an answer up where this draft ends.
    pub(super) fn can_resume(&self, draft: &Draft) -> bool {
        draft.position.is_some() && self.0.advisors.model().is_some_and(Model::can_resume)
    }
}

//! Writing an answer: the holder of the lease has an engine write, stores its text, and ends the
//! generation. A database that is away for a moment stops no engine: what it wrote is kept
//! here until it can be stored. What can never be stored ends the generation at once.

mod flush;

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Error, Generations,
    buffer::AnswerBuffer,
    input,
    retry::RETRY_PAUSE,
    store::{self, Ending, Lease},
};
use crate::{
    advisor::{
        History,
        engine::{EngineEvent, EngineInput, Failure, TokenUsage},
        model::LanguageModel,
    },
    entity::{
        generation,
        reading::{Engine, Status},
    },
    request_context::AnswerContext,
    spans::{self, Span},
};

/// How far an engine may be ahead of its writer, in events.
const AHEAD: usize = 16;

/// A writer of one generation.
struct Writer {
    generations: Arc<Generations>,
    lease: Lease,
    generation: generation::Model,
    asked: EngineInput,
    cancelled: CancellationToken,
}

/// How an engine's writing came to an end.
enum Exit {
    Completed,
    Failed(Failure),
    Cancelled,
    /// This instance is about to stop.
    HandOver,
    /// The lease is lost.
    Lost,
    /// It can never be stored.
    Unstorable(Error),
}

impl Generations {
    pub(super) fn spawn_writer(
        self: &Arc<Self>,
        lease: Lease,
        answer: AnswerContext,
        permit: OwnedSemaphorePermit,
    ) {
        let this = self.clone();
        let cancelled = this.active.begin(lease);
        let writing = async move {
            let held = this.active.until_dropped(lease);
            let written = this
                .retry_until_handover(lease, || this.write(lease, &cancelled))
                .await;
            if let Err(error) = written {
                this.give_up(lease, None, error).await;
            }
            this.unstored.over(lease.generation_id);
            drop(held);
            drop(permit);
            this.notifier.wake(lease.reading_id);
            // There is a writer free for the next one.
            this.any_queued.notify_one();
        };
        let writing = Box::pin(writing);
        let writing = async move { Span::generation().around(writing).await };
        self.tasks
            .spawn(spans::propagate(Arc::new(answer).scope(writing)));
    }

    /// Ends a generation that is written here and can never be written to its end.
    async fn give_up(self: &Arc<Self>, lease: Lease, usage: Option<TokenUsage>, error: Error) {
        let cause = error.to_string();
        let abandoned = self.abandon(lease.generation_id, lease.held(), usage, error);
        if let Err(error) = abandoned.await {
            tracing::error!(%error, cause, "an answer can neither be written nor ended");
        }
    }

    /// Writes the rest of the answer, from where it is stored.
    async fn write(
        self: &Arc<Self>,
        lease: Lease,
        cancelled: &CancellationToken,
    ) -> Result<(), Error> {
        let db = self.db.reads();
        let found = store::find(db, lease.generation_id).await?;
        let found = found.filter(|(one, _)| one.completed_at.is_none());
        let Some((generation, reading)) = found else {
            // Ended or deleted meanwhile.
            return Ok(());
        };
        if generation.cancel_requested {
            cancelled.cancel();
        }
        let mut buffer = AnswerBuffer::load(db, &generation).await?;
        let asked = input::asked(db, &self.advisors, &generation, &reading).await?;
        let writer = Writer {
            generations: self.clone(),
            lease,
            asked,
            generation,
            cancelled: cancelled.clone(),
        };
        match self.advisors.model() {
            Some(model) if writer.generation.engine == Engine::Model => {
                writer.with_model(model, buffer).await;
            }
            _ => {
                let fell_back = writer.generation.sent_at.is_some();
                let exit = writer.with_library(&mut buffer, fell_back).await;
                writer.finish(exit, Engine::Embedded, buffer).await;
            }
        }
        Ok(())
    }
}

impl Writer {
    /// Whether another writer could take the answer up where this one's buffer ends.
    fn can_resume(&self, engine: Engine, buffer: &AnswerBuffer) -> bool {
        let model = self.generations.advisors.model();
        engine == Engine::Embedded
            || buffer.position.is_some() && model.is_some_and(LanguageModel::can_resume)
    }

    async fn with_model(&self, model: &LanguageModel, mut buffer: AnswerBuffer) {
        let (generations, lease) = (&self.generations, self.lease);
        if self.generation.sent_at.is_none() {
            // Once a provider may have been asked, it is not asked again.
            match generations
                .retry_until_handover(lease, || self.mark_sent())
                .await
            {
                Ok(Some(true)) => {}
                Ok(Some(false) | None) => return,
                Err(error) => return generations.give_up(lease, None, error).await,
            }
        }
        let prompt = generations.advisors.prompt(&self.asked);
        let begun = buffer.begun();
        let (out, events) = mpsc::channel(AHEAD);
        let engine = async move { model.write(&prompt, begun, &out).await };
        let exit = self.run(&mut buffer, engine, events).await;
        if let Exit::Failed(failure) = exit
            && buffer.is_empty()
            && model.has_fallback()
        {
            tracing::warn!(%failure, "the built-in advisor answers in the model's place");
            let spent = generations.spent(Engine::Model, &self.asked, &buffer, Some(failure));
            buffer.usage = Some(spent);
            let fallen_back = generations.retry_until_handover(lease, || self.fall_back(spent));
            match fallen_back.await {
                Ok(Some(true)) => {
                    let exit = self.with_library(&mut buffer, true).await;
                    self.finish(exit, Engine::Embedded, buffer).await;
                }
                Ok(Some(false) | None) => {}
                Err(error) => generations.give_up(lease, Some(spent), error).await,
            }
            return;
        }
        // The provider goes on until it is cancelled, whatever ended this.
        let to_stop = match exit {
            Exit::Completed if !buffer.is_truncated => None,
            Exit::HandOver => None,
            Exit::Lost if self.is_taken_over().await => None,
            Exit::Completed
            | Exit::Failed(_)
            | Exit::Cancelled
            | Exit::Lost
            | Exit::Unstorable(_) => buffer.position.clone(),
        };
        self.finish(exit, Engine::Model, buffer).await;
        if let Some(position) = to_stop {
            model.cancel(&position).await;
        }
    }

    async fn with_library(&self, buffer: &mut AnswerBuffer, fell_back: bool) -> Exit {
        let advisors = &self.generations.advisors;
        let asked = EngineInput {
            history: self.history().await,
            ..self.asked.clone()
        };
        let pause = self.generations.settings.embedded_pause;
        let begun = buffer.begun();
        let (out, events) = mpsc::channel(AHEAD);
        let engine = async move { advisors.write(&asked, fell_back, begun, pause, &out).await };
        self.run(buffer, engine, events).await
    }

    /// The user's recent generations. An answer does not wait for a database that is away.
    async fn history(&self) -> History {
        let (db, of) = (self.generations.db.reads(), &self.generation);
        let ids = (of.reading_id, of.id);
        let read = input::history(db, of.user_id, ids, of.created_at);
        read.await.unwrap_or_default()
    }

    /// Has an engine write, and stores its events, until it closes the channel. Dropping the
    /// engine's future stops it.
    async fn run(
        &self,
        buffer: &mut AnswerBuffer,
        engine: impl Future<Output = Result<(), Failure>>,
        mut events: mpsc::Receiver<EngineEvent>,
    ) -> Exit {
        let heartbeat = self.generations.heartbeat();
        tokio::pin!(engine);
        let mut result = None;
        let mut not_before = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = self.cancelled.cancelled() => return Exit::Cancelled,
                () = self.generations.hand_over.cancelled() => return Exit::HandOver,
                () = tokio::time::sleep_until(buffer.due(heartbeat).max(not_before)) => {
                    let unstored = &self.generations.unstored;
                    match self.flush(buffer).await {
                        Ok(true) => unstored.over(self.lease.generation_id),
                        Ok(false) => return Exit::Lost,
                        Err(error) if error.is_lasting() => return Exit::Unstorable(error),
                        Err(error) => {
                            unstored.failed(self.lease.generation_id, &error);
                            not_before = Instant::now() + RETRY_PAUSE;
                        }
                    }
                }
                done = &mut engine, if result.is_none() => result = Some(done),
                event = events.recv() => match (event, &result) {
                    (Some(event), _) => buffer.take(event),
                    (None, Some(Ok(()))) => return Exit::Completed,
                    (None, Some(Err(failure))) => return Exit::Failed(*failure),
                    // It closed the channel a moment before its last step.
                    (None, None) => {}
                },
            }
        }
    }

    /// Ends the generation, or hands it over.
    async fn finish(&self, exit: Exit, engine: Engine, mut buffer: AnswerBuffer) {
        let (generations, lease) = (&self.generations, self.lease);
        let provider_failure = match exit {
            Exit::Failed(failure) => Some(failure),
            _ => None,
        };
        let (status, failure) = match exit {
            Exit::Completed => (Status::Completed, None),
            Exit::Cancelled => (Status::Cancelled, None),
            Exit::Failed(failure) => (Status::Failed, Some(failure)),
            Exit::HandOver if self.can_resume(engine, &buffer) => {
                // If it cannot even be handed over now, its lease runs out.
                if let Err(error) = self.release(&mut buffer).await {
                    tracing::warn!(%error, "could not hand over an answer; it is found by its lease");
                }
                return;
            }
            Exit::HandOver => (Status::Failed, Some(Failure::Interrupted)),
            Exit::Lost => return,
            Exit::Unstorable(error) => {
                let usage = generations.spent(engine, &self.asked, &buffer, None);
                return generations.give_up(lease, Some(usage), error).await;
            }
        };
        let certain = self.is_certain(&mut buffer).await;
        let usage = generations.spent(engine, &self.asked, &buffer, provider_failure);
        let ended = match certain {
            Ok(false) => return,
            Ok(true) => {
                let outcome = Arc::new(buffer.ended(status, engine, usage, failure));
                let ending = Ending::of(&self.generation);
                generations
                    .retry_until_handover(lease, || generations.end(lease, ending, outcome.clone()))
                    .await
            }
            Err(error) => Err(error),
        };
        match ended {
            Ok(Some(())) => {}
            Ok(None) => {
                tracing::error!("the database did not come back: an answer could not be stored");
            }
            Err(error) => generations.give_up(lease, Some(usage), error).await,
        }
    }

    /// Whether the lease was lost to another writer, rather than with the reading itself.
    async fn is_taken_over(&self) -> bool {
        let db = self.generations.db.reads();
        let found = store::find(db, self.lease.generation_id).await;
        !matches!(found, Ok(None))
    }
}

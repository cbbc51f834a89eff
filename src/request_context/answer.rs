//! The answer that a task works on, and the ids that its log lines, Sentry events and spans carry.

use std::sync::Arc;

use futures_util::future::Either;
use uuid::Uuid;

use super::RequestContext;

tokio::task_local! {
    static CURRENT: Arc<AnswerContext>;
}

/// An answer that is written, or ended.
#[derive(Debug)]
pub struct AnswerContext {
    /// Of the request that asked for it; None where that came to another instance, or before a restart.
    pub request_id: Option<Arc<str>>,
    pub user: Uuid,
    pub reading: Uuid,
    pub generation: Uuid,
}

impl AnswerContext {
    /// Has a future work on it.
    pub fn scope<F: Future>(self: Arc<Self>, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }
}

/// Has a future work on the calling task's answer, if it has one.
pub(super) fn propagate<F: Future>(future: F) -> impl Future<Output = F::Output> {
    match CURRENT.try_with(Arc::clone) {
        Ok(answer) => Either::Left(CURRENT.scope(answer, future)),
        Err(_) => Either::Right(future),
    }
}

/// The answer that the calling task works on.
#[derive(Default)]
pub struct TaskContext {
    request: Option<Arc<RequestContext>>,
    answer: Option<Arc<AnswerContext>>,
}

impl TaskContext {
    #[must_use]
    pub fn current() -> Self {
        Self {
            request: super::current(),
            answer: CURRENT.try_with(Arc::clone).ok(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.request.is_none() && self.answer.is_none()
    }

    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let of_answer = self.answer.as_ref().and_then(|it| it.request_id.as_deref());
        of_answer.or_else(|| self.request.as_ref().map(|request| request.id()))
    }

    /// The other ids, each by its name in a log line.
    #[must_use]
    pub fn ids(&self) -> [(&'static str, Option<Uuid>); 3] {
        let of = |answer: fn(&AnswerContext) -> Uuid,
                  request: fn(&RequestContext) -> Option<Uuid>| {
            let answer = self.answer.as_deref().map(answer);
            answer.or_else(|| request(self.request.as_deref()?))
        };
        [
            ("user", of(|it| it.user, RequestContext::user)),
            ("reading", of(|it| it.reading, |it| it.reading.get())),
            (
                "generation",
                of(|it| it.generation, |it| it.generation.get()),
            ),
        ]
    }
}

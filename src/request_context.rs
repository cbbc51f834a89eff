//! The context of a request while it is processed: for its log line, its metrics and its trace. It
//! is task-local.
//!
//! An answer is written after its request is over, by another task or another instance: that task
//! carries an [`AnswerContext`].

mod answer;

use std::{
    borrow::Cow,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use futures_util::future::Either;
use uuid::Uuid;

pub use answer::{AnswerContext, TaskContext};

tokio::task_local! {
    static CURRENT: Arc<RequestContext>;
}

/// The recorded facts of a request. Each is recorded once; later values do not change it.
#[derive(Debug, Default)]
pub struct RequestContext {
    id: String,
    operation: OnceLock<Operation>,
    name: OnceLock<String>,
    user: OnceLock<Uuid>,
    account: OnceLock<Uuid>,
    limit: OnceLock<&'static str>,
    reading: Subject,
    generation: Subject,
    answered: AtomicBool,
    error: OnceLock<Cow<'static, str>>,
    round_trips: AtomicU32,
}

/// The object that a request is about; none where there are several.
#[derive(Debug, Default)]
struct Subject {
    first: OnceLock<Uuid>,
    has_others: AtomicBool,
}

impl Subject {
    fn record(&self, id: Uuid) {
        if *self.first.get_or_init(|| id) != id {
            self.has_others.store(true, Ordering::Relaxed);
        }
    }

    fn get(&self) -> Option<Uuid> {
        let has_others = self.has_others.load(Ordering::Relaxed);
        self.first.get().copied().filter(|_| !has_others)
    }
}

/// An operation, in names of the schema alone: there are only so many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The field at its root; `several`, or `introspection`.
    pub field: String,
    /// `query`, `mutation` or `subscription`.
    pub kind: &'static str,
}

impl Operation {
    /// Whether it is answered for as long as the client likes.
    #[must_use]
    pub fn is_subscription(&self) -> bool {
        self.kind == "subscription"
    }
}

impl RequestContext {
    /// With the id that its answer and all its log lines carry.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self {
            id,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Has a future note what it finds out here.
    pub fn scope<F: Future>(
        self: &Arc<Self>,
        future: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), future)
    }

    /// The same for what is no future.
    pub fn sync_scope<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// None if the request was refused before that was clear.
    #[must_use]
    pub fn operation(&self) -> Option<&Operation> {
        self.operation.get()
    }

    /// The client's name of the operation, as it was sent.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.get().map(String::as_str)
    }

    #[must_use]
    pub fn user(&self) -> Option<Uuid> {
        self.user.get().copied()
    }

    /// The account that a failed sign-in was for.
    #[must_use]
    pub fn account(&self) -> Option<Uuid> {
        self.account.get().copied()
    }

    /// The limit that refused the request, or a part of it.
    #[must_use]
    pub fn limit(&self) -> Option<&'static str> {
        self.limit.get().copied()
    }

    /// The code of the first error, or `OK`; none for what is no GraphQL request, or has no answer
    /// yet.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let ok = || self.answered.load(Ordering::Relaxed).then_some("OK");
        self.error.get().map(AsRef::as_ref).or_else(ok)
    }

    /// How many times the database was asked: statements, and two for each transaction, which
    /// begins and ends.
    #[must_use]
    pub fn round_trips(&self) -> u32 {
        self.round_trips.load(Ordering::Relaxed)
    }
}

/// The request that the calling task works for, for a task that is to work for it too.
#[must_use]
pub fn current() -> Option<Arc<RequestContext>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Has a future, in whatever task, work for the calling task's request and answer, if it has any.
pub fn propagate<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let future = answer::propagate(future);
    match current() {
        Some(request) => Either::Left(CURRENT.scope(request, future)),
        None => Either::Right(future),
    }
}

/// Does nothing in a task that works for no request.
fn record(what: impl FnOnce(&RequestContext)) {
    let _ = CURRENT.try_with(|request| what(request));
}

pub fn record_operation(operation: impl FnOnce() -> Option<Operation>) {
    record(|request| {
        if let Some(operation) = operation() {
            let _ = request.operation.set(operation);
        }
    });
}

pub fn record_name(name: &str) {
    record(|request| {
        let _ = request.name.set(name.to_owned());
    });
}

pub fn record_user(user: Uuid) {
    record(|request| {
        let _ = request.user.set(user);
    });
}

/// The account that a sign-in is for, before it is known to be its owner's.
pub fn record_account(account: Uuid) {
    record(|request| {
        let _ = request.account.set(account);
    });
}

pub fn record_limit(limit: &'static str) {
    record(|request| {
        let _ = request.limit.set(limit);
    });
}

pub fn record_reading(reading: Uuid) {
    record(|request| request.reading.record(reading));
}

pub fn record_generation(generation: Uuid) {
    record(|request| request.generation.record(generation));
}

pub fn record_answer() {
    record(|request| request.answered.store(true, Ordering::Relaxed));
}

pub fn record_error(code: impl Into<Cow<'static, str>>) {
    record(|request| {
        let _ = request.error.set(code.into());
    });
}

pub fn record_round_trips(number: u32) {
    record(|request| {
        request.round_trips.fetch_add(number, Ordering::Relaxed);
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::{
        RequestContext, TaskContext, propagate, record_answer, record_error, record_reading,
        record_round_trips,
    };

    #[tokio::test]
    async fn a_task_notes_what_it_does_for_its_request() {
        let request = Arc::new(RequestContext::default());
        request
            .scope(async {
                record_round_trips(1);
                let other = propagate(async { record_round_trips(2) });
                tokio::spawn(other).await.unwrap();
            })
            .await;
        record_round_trips(4);
        assert_eq!(request.round_trips(), 3);
        assert_eq!(request.code(), None);
    }

    #[test]
    fn a_request_about_several_readings_is_about_none() {
        let request = Arc::new(RequestContext::new("r".to_owned()));
        request.sync_scope(|| {
            let reading = || TaskContext::current().ids()[1].1;
            assert_eq!(reading(), None);
            for _ in 0..2 {
                record_reading(Uuid::from_u128(1));
                assert_eq!(reading(), Some(Uuid::from_u128(1)));
            }
            record_reading(Uuid::from_u128(2));
            assert_eq!(reading(), None);
        });
    }

    #[test]
    fn the_first_error_is_what_became_of_it() {
        let request = Arc::new(RequestContext::default());
        request.sync_scope(record_answer);
        assert_eq!(request.code(), Some("OK"));
        request.sync_scope(|| record_error("NOT_FOUND"));
        request.sync_scope(|| record_error("CONFLICT"));
        assert_eq!(request.code(), Some("NOT_FOUND"));
    }
}

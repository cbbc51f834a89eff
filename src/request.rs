//! What is found out about a request while it is answered, wherever in the house that is: for its
//! log line, its metrics and its trace. A task carries it; nobody passes it on.
//!
//! May use: nothing of ours.

use std::{
    borrow::Cow,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use futures_util::future::Either;
use uuid::Uuid;

tokio::task_local! {
    static CURRENT: Arc<Request>;
}

/// What is known of a request. Each is noted once; what comes later does not change it.
#[derive(Debug, Default)]
pub struct Request {
    id: String,
    operation: OnceLock<Operation>,
    name: OnceLock<String>,
    user: OnceLock<Uuid>,
    answered: AtomicBool,
    error: OnceLock<Cow<'static, str>>,
    round_trips: AtomicU32,
}

/// What is asked for, in names of the schema alone: there are only so many.
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

impl Request {
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

    /// What the client calls the operation, as it was sent.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.get().map(String::as_str)
    }

    #[must_use]
    pub fn user(&self) -> Option<Uuid> {
        self.user.get().copied()
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
pub fn current() -> Option<Arc<Request>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Has a future, in whatever task, work for the calling task's request, if there is one.
pub fn carry<F: Future>(
    request: Option<Arc<Request>>,
    future: F,
) -> impl Future<Output = F::Output> {
    match request {
        Some(request) => Either::Left(CURRENT.scope(request, future)),
        None => Either::Right(future),
    }
}

/// Does nothing in a task that works for no request.
fn note(what: impl FnOnce(&Request)) {
    let _ = CURRENT.try_with(|request| what(request));
}

pub fn note_operation(operation: impl FnOnce() -> Option<Operation>) {
    note(|request| {
        if let Some(operation) = operation() {
            let _ = request.operation.set(operation);
        }
    });
}

pub fn note_name(name: &str) {
    note(|request| {
        let _ = request.name.set(name.to_owned());
    });
}

pub fn note_user(user: Uuid) {
    note(|request| {
        let _ = request.user.set(user);
    });
}

pub fn note_answer() {
    note(|request| request.answered.store(true, Ordering::Relaxed));
}

pub fn note_error(code: impl Into<Cow<'static, str>>) {
    note(|request| {
        let _ = request.error.set(code.into());
    });
}

pub fn note_round_trips(number: u32) {
    note(|request| {
        request.round_trips.fetch_add(number, Ordering::Relaxed);
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Request, carry, current, note_answer, note_error, note_round_trips};

    #[tokio::test]
    async fn a_task_notes_what_it_does_for_its_request() {
        let request = Arc::new(Request::default());
        request
            .scope(async {
                note_round_trips(1);
                let other = carry(current(), async { note_round_trips(2) });
                tokio::spawn(other).await.unwrap();
            })
            .await;
        note_round_trips(4);
        assert_eq!(request.round_trips(), 3);
        assert_eq!(request.code(), None);
    }

    #[test]
    fn the_first_error_is_what_became_of_it() {
        let request = Arc::new(Request::default());
        request.sync_scope(note_answer);
        assert_eq!(request.code(), Some("OK"));
        request.sync_scope(|| note_error("NOT_FOUND"));
        request.sync_scope(|| note_error("CONFLICT"));
        assert_eq!(request.code(), Some("NOT_FOUND"));
    }
}

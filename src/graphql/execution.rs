//! How an operation is executed: first checked, then executed, with errors for clients.

use std::{panic::AssertUnwindSafe, sync::Arc, task::Poll};

use async_graphql::{Request, Response, Value, indexmap::IndexMap, parser::types::OperationType};
use futures_util::{FutureExt, Stream, StreamExt};

use super::{
    ApiError, Caller, ErrorCode, Schema, budget::Budget, null_propagation, order, rules,
    selection::Operation, turn::Turn, unfit, validated::Admitted,
};
use crate::{account::AccountError, spans::Span};

/// An operation that was checked and may be executed.
pub struct Prepared {
    schema: Schema,
    request: Request,
    admitted: Admitted,
    request_id: String,
    budget: Arc<Budget>,
    turn: Arc<Turn>,
    span: Span,
}

/// Checks all that is to be checked before an operation is executed; with `queries_only`, as for
/// GET, that it changes nothing.
///
/// # Errors
///
/// The answer that says why it is not executed.
pub async fn prepare(
    schema: &Schema,
    request: Request,
    caller: Caller,
    queries_only: bool,
) -> Result<Prepared, Box<Response>> {
    let request_id = caller.request_id.clone();
    let budget = caller.budget.clone();
    let turn = caller.turn.clone();
    let mut request = request.data(caller);
    let span = Span::operation();
    let admitting = AssertUnwindSafe(schema.admit(&mut request, queries_only)).catch_unwind();
    let refused = match span.within(admitting).await {
        Ok(Ok(admitted)) => {
            return Ok(Prepared {
                schema: schema.clone(),
                request,
                admitted,
                request_id,
                budget,
                turn,
                span,
            });
        }
        Ok(Err(errors)) => Response::from_errors(errors),
        Err(panic) => rules::broken_off(&*panic),
    };
    let refused = rules::finish(refused, &request_id);
    span.describe();
    Err(Box::new(refused))
}

impl Prepared {
    /// None if it is not clear which operation is meant: then its answer says so.
    #[must_use]
    pub fn operation_type(&self) -> Option<OperationType> {
        self.admitted.operation().map(|operation| operation.ty)
    }

    /// Whether it resolves so many values, or executes so many statements, that others would wait
    /// for it.
    #[must_use]
    pub fn is_expensive(&self) -> bool {
        self.admitted.is_expensive
    }

    /// Executes a query or mutation.
    ///
    /// Every error in the answer has a code, and says only what is meant for clients. A panic is an
    /// error like any other of our side: what it would leave half changed is dropped with it.
    pub async fn execute(self) -> Response {
        let Self {
            schema,
            request,
            admitted,
            request_id,
            budget,
            turn,
            span,
        } = self;
        let execution = async {
            let mut executing = Box::pin(turn.time(schema.executing.execute(request)));
            // Fields none of which waits are resolved in order.
            let (response, in_order) = match futures_util::poll!(executing.as_mut()) {
                Poll::Ready(response) => (response, true),
                Poll::Pending => (executing.await, false),
            };
            let response = within(&budget, response).await;
            complete(response, in_order, &admitted, &schema)
        };
        let response = span
            .within(AssertUnwindSafe(execution).catch_unwind())
            .await;
        let response = finish(response, &request_id);
        span.describe();
        response
    }

    /// Executes a subscription, which answers more than once. Otherwise as [`Prepared::execute`].
    pub fn subscribe(self) -> impl Stream<Item = Response> + Send + Unpin {
        let Self {
            schema,
            request,
            admitted,
            request_id,
            budget,
            turn: _,
            span,
        } = self;
        let responses = schema.executing.execute_stream(request);
        let responses = responses
            .then(move |response| {
                let budget = budget.clone();
                async move { within(&budget, response).await }
            })
            .map(move |response| complete(response, false, &admitted, &schema));
        // Boxed, it is let go of when it is done, and a stream may last for days.
        let responses = AssertUnwindSafe(responses.boxed()).catch_unwind();
        span.within(responses).map(move |response| {
            let response = finish(response, &request_id);
            span.describe();
            response
        })
    }
}

/// The answer to an operation that cannot be answered by a fault of ours.
#[must_use]
pub fn fault(message: &str, request_id: &str) -> Response {
    let error = ApiError::new(ErrorCode::InternalServerError, message);
    rules::finish(Response::from_errors(vec![error.into()]), request_id)
}

/// The last answer of an operation whose session ends while it runs.
#[must_use]
pub fn session_ended(request_id: &str) -> Response {
    let error = ApiError::from(AccountError::SessionEnded);
    rules::finish(Response::from_errors(vec![error.into()]), request_id)
}

/// The last answer of a stream whose token expires while its session goes on.
#[must_use]
pub fn token_expired(request_id: &str) -> Response {
    let error = ApiError::token_expired();
    rules::finish(Response::from_errors(vec![error.into()]), request_id)
}

/// The answer to an operation past the limit of running operations.
#[must_use]
pub fn too_many_at_once(limit: usize, request_id: &str) -> Response {
    let message = format!(
        "You have {limit} operations running, which is the limit. Wait for one of them to end."
    );
    let error = ApiError::new(ErrorCode::Overloaded, message).with("retryAfter", 1);
    rules::finish(Response::from_errors(vec![error.into()]), request_id)
}

/// The answer to an expensive operation that others did not leave a turn in time.
#[must_use]
pub fn no_turn(request_id: &str) -> Response {
    let error = ApiError::new(
        ErrorCode::Overloaded,
        "Too many large operations are running. Ask for smaller pages, or try again.",
    )
    .with("retryAfter", 5);
    rules::finish(Response::from_errors(vec![error.into()]), request_id)
}

/// The response, or an error in its place if it would hold too much; the next has the whole budget
/// again.
async fn within(budget: &Budget, response: Response) -> Response {
    let Some(error) = budget.error() else {
        budget.renew().await;
        return response;
    };
    budget.renew().await;
    Response::from_errors(vec![error.into()])
}

/// With null where a field failed, and every field in its place.
fn complete(
    mut response: Response,
    in_order: bool,
    admitted: &Admitted,
    schema: &Schema,
) -> Response {
    // All of its fields were skipped.
    if response.errors.is_empty() && response.data == Value::Null {
        response.data = Value::Object(IndexMap::default());
    }
    if let Some(definition) = admitted.operation() {
        let operation = Operation {
            document: admitted.document(),
            definition,
            variables: &admitted.conditions,
            registry: &schema.env.registry,
        };
        if !response.errors.is_empty() {
            unfit::name_arguments(&mut response, admitted.document());
            null_propagation::propagate(&mut response, operation);
        }
        if !in_order {
            order::restore(&mut response.data, operation);
        }
    }
    response
}

fn finish(response: std::thread::Result<Response>, request_id: &str) -> Response {
    let response = response.unwrap_or_else(|panic| rules::broken_off(&*panic));
    rules::finish(response, request_id)
}

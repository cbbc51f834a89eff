//! The schema: one file an operation or type.
//!
//! May use: `account`, `reading`, `advisor`. A resolver checks who asks, calls one of them, and
//! turns what comes back into a type; their errors become the contract's codes in `error`.

mod bounds;
mod caller;
mod checked;
mod connection;
mod documents;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod id;
mod mutation;
mod nulls;
mod query;
mod root;
mod rules;
mod scalar;
mod subscription;
mod types;

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, Response, SDLExportOptions};
use futures_util::{FutureExt, Stream, StreamExt, stream};

use crate::{account::Accounts, advisor::Advisors, config::Limits, reading::Readings, spans::Span};
pub use caller::Caller;
use checked::Admitted;
pub use checked::Schema;
pub use documents::{Documents, Error as DocumentError, Name as DocumentName, Unusable};
pub use error::{ApiError, Code};
use root::Root;

/// The library's schema of our types.
type Types =
    async_graphql::Schema<Root<query::Query>, Root<mutation::Mutation>, subscription::Subscription>;

type Builder = async_graphql::SchemaBuilder<
    Root<query::Query>,
    Root<mutation::Mutation>,
    subscription::Subscription,
>;

/// What resolvers call.
#[derive(Clone)]
pub struct Services {
    pub accounts: Accounts,
    pub readings: Readings,
    pub advisors: Arc<Advisors>,
    pub limits: Limits,
}

/// Executes a query or mutation; with `queries_only`, as for GET, no mutation.
///
/// Every error in the answer has a code, and says only what is meant for clients. A panic is an
/// error like any other of our side: what it would leave half changed is dropped with it.
pub async fn execute(
    schema: &Schema,
    request: Request,
    caller: Caller,
    queries_only: bool,
) -> Response {
    let request_id = caller.request_id.clone();
    let execution = async {
        let mut request = request.data(caller);
        match schema.admit(&mut request, queries_only).await {
            Ok(admitted) => {
                let response = schema.executing.execute(request).await;
                with_nulls(response, &admitted, schema)
            }
            Err(errors) => Response::from_errors(errors),
        }
    };
    let span = Span::operation();
    let response = span
        .within(AssertUnwindSafe(execution).catch_unwind())
        .await;
    let response = finish(response, &request_id);
    span.describe();
    response
}

/// Executes any operation; a subscription answers more than once. Otherwise as [`execute`].
pub fn execute_stream(
    schema: &Schema,
    request: Request,
    caller: Caller,
    queries_only: bool,
) -> impl Stream<Item = Response> + Send + Unpin + use<> {
    let request_id = caller.request_id.clone();
    let schema = schema.clone();
    let execution = async move {
        let mut request = request.data(caller);
        match schema.admit(&mut request, queries_only).await {
            Ok(admitted) => {
                let responses = schema.executing.execute_stream(request);
                responses
                    .map(move |response| with_nulls(response, &admitted, &schema))
                    .boxed()
            }
            Err(errors) => stream::iter([Response::from_errors(errors)]).boxed(),
        }
    };
    // Boxed, it is let go of when it is done, and a stream may last for days.
    let responses = Box::pin(execution).flatten_stream();
    let span = Span::operation();
    span.within(AssertUnwindSafe(responses).catch_unwind())
        .map(move |response| {
            let response = finish(response, &request_id);
            span.describe();
            response
        })
}

fn with_nulls(mut response: Response, admitted: &Admitted, schema: &Schema) -> Response {
    if !response.errors.is_empty()
        && let Some(operation) = admitted.operation()
    {
        let registry = &schema.env.registry;
        nulls::put(&mut response, admitted.document(), operation, registry);
    }
    response
}

fn finish(response: std::thread::Result<Response>, request_id: &str) -> Response {
    let response = response.unwrap_or_else(|panic| rules::broken_off(&*panic));
    rules::finish(response, request_id)
}

/// The schema in its definition language: what `schema.graphql` holds.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .prefer_single_line_descriptions()
        .use_space_ident()
        .include_specified_by();
    builder().finish().sdl_with_options(options)
}

fn builder() -> Builder {
    async_graphql::Schema::build(
        Root(query::Query::default()),
        Root(mutation::Mutation::default()),
        subscription::Subscription,
    )
    .override_output_type_description::<connection::ReadingConnection>(
        "A page of readings, newest first.",
    )
}

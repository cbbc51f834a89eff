//! The schema: one file an operation or type.
//!
//! May use: `account`, `reading`, `advisor`. A resolver checks who asks, calls one of them, and
//! turns what comes back into a type; their errors become the contract's codes in `error`.

mod bounds;
mod caller;
mod connection;
mod documents;
mod error;
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
use futures_util::{FutureExt, Stream, StreamExt};

use crate::{account::Accounts, advisor::Advisors, config::Limits, reading::Readings, spans::Span};
pub use caller::Caller;
pub use documents::{Documents, Error as DocumentError, Name as DocumentName, Unusable};
pub use error::{ApiError, Code};
use root::Root;

/// The whole API.
pub type Schema =
    async_graphql::Schema<Root<query::Query>, Root<mutation::Mutation>, subscription::Subscription>;

/// What resolvers call.
#[derive(Clone)]
pub struct Services {
    pub accounts: Accounts,
    pub readings: Readings,
    pub advisors: Arc<Advisors>,
    pub limits: Limits,
}

/// The schema, ready to execute. Without `introspection` nobody is told of it, nor are errors of
/// names it could have been.
#[must_use]
pub fn build(services: Services, introspection: bool) -> Schema {
    let rules = rules::Rules {
        limits: services.limits,
        introspection,
    };
    let mut builder = builder().extension(rules).extension(nulls::Nulls);
    if !introspection {
        builder = builder.disable_introspection().disable_suggestions();
    }
    builder.data(services).finish()
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
    let request = prepare(request, queries_only).data(caller);
    let span = Span::operation();
    let response = span
        .within(AssertUnwindSafe(schema.execute(request)).catch_unwind())
        .await;
    let response = rules::finish(
        response.unwrap_or_else(|panic| rules::broken_off(&*panic)),
        &request_id,
    );
    span.describe();
    response
}

/// Executes any operation; a subscription answers more than once. Otherwise as [`execute`].
pub fn execute_stream(
    schema: &Schema,
    request: Request,
    caller: Caller,
    queries_only: bool,
) -> impl Stream<Item = Response> + Send + use<> {
    let request_id = caller.request_id.clone();
    let request = prepare(request, queries_only).data(caller);
    let span = Span::operation();
    span.within(AssertUnwindSafe(schema.execute_stream(request)).catch_unwind())
        .map(move |response| {
            let response = rules::finish(
                response.unwrap_or_else(|panic| rules::broken_off(&*panic)),
                &request_id,
            );
            span.describe();
            response
        })
}

fn prepare(request: Request, queries_only: bool) -> Request {
    let name = request.operation_name.clone();
    request.data(rules::Chosen { name, queries_only })
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

fn builder() -> async_graphql::SchemaBuilder<
    Root<query::Query>,
    Root<mutation::Mutation>,
    subscription::Subscription,
> {
    async_graphql::Schema::build(
        Root(query::Query::default()),
        Root(mutation::Mutation::default()),
        subscription::Subscription,
    )
    .override_output_type_description::<connection::ReadingConnection>(
        "A page of readings, newest first.",
    )
}

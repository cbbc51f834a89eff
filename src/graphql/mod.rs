//! The schema: one file an operation or type.
//!
//! A resolver checks the caller, calls `account`, `reading` or `advisor`, and turns the result into
//! a type; their errors become codes in `error`.

mod budget;
mod byte_lru;
mod caller;
mod connection;
mod documents;
mod error;
mod execution;
#[cfg(fuzzing)]
pub mod fuzzing;
mod id;
mod limits;
mod mutation;
mod null_propagation;
mod nullability;
mod order;
mod query;
mod root;
mod rules;
mod scalar;
mod selection;
mod subscription;
mod turn;
mod types;
mod unfit;
mod validated;

use std::sync::Arc;

use async_graphql::{
    SDLExportOptions,
    parser::types::{TypeKind, TypeSystemDefinition},
};

use crate::{
    account::Accounts, advisor::Advisors, config::InputLimits, generation::Generations,
    reading::Readings,
};
pub use caller::{Caller, CookieChange, SessionCookie};
pub use documents::{DocumentError, DocumentName, Documents, Unusable};
pub use error::{ApiError, ErrorCode, ErrorReason, FieldErrorCode, ReadingFailureCode};
pub use execution::{
    Prepared, fault, no_turn, prepare, session_ended, token_expired, too_many_at_once,
};
use nullability::semantic_non_null;
use root::Root;
pub use validated::Schema;

/// The library's schema of our types.
type Types =
    async_graphql::Schema<Root<query::Query>, Root<mutation::Mutation>, subscription::Subscription>;

type Builder = async_graphql::SchemaBuilder<
    Root<query::Query>,
    Root<mutation::Mutation>,
    subscription::Subscription,
>;

/// The services that resolvers call.
#[derive(Clone)]
pub struct Services {
    pub accounts: Accounts,
    pub readings: Readings,
    pub generations: Arc<Generations>,
    pub advisors: Arc<Advisors>,
    pub limits: InputLimits,
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

/// The fields at the root, by which requests are counted.
#[must_use]
pub fn operations() -> Vec<String> {
    let schema = async_graphql::parser::parse_schema(sdl());
    let mut names = Vec::new();
    for definition in schema.into_iter().flat_map(|schema| schema.definitions) {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let is_root = ["Query", "Mutation", "Subscription"]
            .iter()
            .any(|root| definition.node.name.node == *root);
        if let (true, TypeKind::Object(object)) = (is_root, &definition.node.kind) {
            let fields = object.fields.iter();
            names.extend(fields.map(|field| field.node.name.node.to_string()));
        }
    }
    names
}

fn builder() -> Builder {
    async_graphql::Schema::build(
        Root(query::Query::default()),
        Root(mutation::Mutation::default()),
        subscription::Subscription::default(),
    )
    .register_output_type::<error::ErrorExtensions>()
    .override_output_type_description::<connection::ReadingConnection>(
        "A page of readings, newest first.",
    )
    .override_output_type_description::<connection::AccountEventConnection>(
        "A page of events, newest first.",
    )
}

//! The form of `extensions`, as a type of the schema. No field has it, since errors are no data: it is
//! there for clients, which generate their types from it and from the enums it refers to.

use async_graphql::SimpleObject;

use super::{ErrorCode, ErrorReason, FieldErrorCode};
use crate::graphql::{
    limits::{Price, Prices},
    scalar::DateTime,
};

// The library leaves types that nothing refers to out of introspection, but not those with a key.
/// The `extensions` of an error. No field has this type: it is here for generators of code.
#[derive(SimpleObject)]
#[graphql(unresolvable = "code")]
pub(in crate::graphql) struct ErrorExtensions {
    /// The kind of the error.
    code: ErrorCode,
    /// Its cause, more finely.
    reason: Option<ErrorReason>,
    /// All arguments that fail their rules, with `BAD_USER_INPUT` and `CONFLICT`.
    fields: Option<Vec<FieldError>>,
    /// The limit, with `QUERY_TOO_COMPLEX`.
    limit: Option<i32>,
    /// The value past the limit, with `QUERY_TOO_COMPLEX`.
    actual: Option<i32>,
    /// Seconds until another attempt, with `RATE_LIMITED` and `OVERLOADED`.
    retry_after: Option<i32>,
    /// The time from which on there is room again, with `QUOTA_EXCEEDED`.
    resets_at: Option<DateTime>,
    /// The request's id in the service's log, with `INTERNAL_SERVER_ERROR`.
    request_id: Option<String>,
}

/// An argument that fails its rule. No field has this type: it is here for generators of code.
#[derive(SimpleObject)]
struct FieldError {
    /// Its place in the arguments, such as `input.email`.
    path: String,
    /// The rule.
    code: FieldErrorCode,
    /// The rule, for people.
    message: String,
    /// The numbers of the rule.
    params: FieldErrorParams,
}

/// The numbers of a rule. Both are absent where the rule has none.
#[derive(SimpleObject)]
struct FieldErrorParams {
    /// The smallest length or value.
    min: Option<i32>,
    /// The greatest length or value.
    max: Option<i32>,
}

impl ErrorExtensions {
    pub(in crate::graphql) const PRICES: Prices = &[("fields", Price::list(1))];
}

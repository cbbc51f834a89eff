//! The one boundary where errors become the contract's codes. What is not for clients is
//! logged here, under the request's id, and masked.

use async_graphql::{ErrorExtensionValues, Value};

use crate::{account, invalid::Problems, reading};

/// `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    GraphqlParseFailed,
    GraphqlValidationFailed,
    OperationResolutionFailure,
    QueryTooComplex,
    BadUserInput,
    Conflict,
    Unauthenticated,
    Forbidden,
    NotFound,
    RateLimited,
    QuotaExceeded,
    Overloaded,
    InternalServerError,
    BadRequest,
}

impl Code {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::OperationResolutionFailure => "OPERATION_RESOLUTION_FAILURE",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::RateLimited => "RATE_LIMITED",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::Overloaded => "OVERLOADED",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
            Self::BadRequest => "BAD_REQUEST",
        }
    }
}

/// An error as clients see it.
///
/// Not `Display`, on purpose: async-graphql shows clients whatever is `Display`, and so would
/// a driver's error be shown that slipped through a `?`.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: Code,
    message: String,
    extensions: Vec<(&'static str, Value)>,
}

impl ApiError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            extensions: Vec::new(),
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.extensions.push((name, value.into()));
        self
    }

    pub(super) fn fields(code: Code, message: &str, problems: &Problems) -> Self {
        let fields = problems.0.iter().map(|problem| {
            Value::from_json(serde_json::json!({
                "path": problem.path,
                "code": problem.code,
                "message": problem.message,
            }))
            .expect("three strings are a GraphQL value")
        });
        Self::new(code, message).with("fields", Value::List(fields.collect()))
    }

    /// One failing argument.
    pub(super) fn argument(
        path: &'static str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let mut problems = Problems::default();
        problems.add(path, code, message);
        Self::fields(Code::BadUserInput, "An argument is not right.", &problems)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("You have no such {what}."))
    }

    fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "a request failed by a fault of ours");
        Self::new(Code::InternalServerError, super::rules::MASKED)
    }

    fn database(error: &sea_orm::DbErr) -> Self {
        use sea_orm::{ConnAcquireErr, DbErr};
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => {
                tracing::warn!("no database connection was free in time");
                Self::new(
                    Code::Overloaded,
                    "The service is busy. Try again in a moment.",
                )
                .with("retryAfter", 1)
            }
            // None of its connections could be had.
            DbErr::Conn(error) => {
                tracing::warn!(%error, "the database is away");
                Self::new(
                    Code::Overloaded,
                    "The service's database does not answer. Try again in a moment.",
                )
                .with("retryAfter", 5)
            }
            _ => Self::internal(error),
        }
    }

    pub(super) fn set(&self, extensions: &mut ErrorExtensionValues) {
        extensions.set("code", self.code.as_str());
        for (name, value) in &self.extensions {
            extensions.set(*name, value.clone());
        }
    }

    pub(super) fn into_server_error(
        self,
        at: Vec<async_graphql::Pos>,
    ) -> async_graphql::ServerError {
        let mut error = async_graphql::ServerError::new(&self.message, None);
        self.set(error.extensions.get_or_insert_default());
        error.locations = at;
        error
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let mut shown = Self::new(&error.message);
        error.set(shown.extensions.get_or_insert_default());
        shown
    }
}

impl From<account::RateLimited> for ApiError {
    fn from(refused: account::RateLimited) -> Self {
        let seconds = refused.retry_after;
        Self::new(
            Code::RateLimited,
            format!("Too many tries. Nothing was done; try again in {seconds} seconds."),
        )
        .with("retryAfter", seconds)
    }
}

impl From<&account::Error> for ApiError {
    fn from(error: &account::Error) -> Self {
        use account::Error;
        match error {
            Error::Invalid(problems) => {
                Self::fields(Code::BadUserInput, "Some fields are not right.", problems)
            }
            Error::Taken(problems) => {
                Self::fields(Code::Conflict, "Such an account exists.", problems)
            }
            Error::WrongCredentials => Self::new(Code::Unauthenticated, "Wrong email or password."),
            Error::NotSignedIn(account::token::Error::Missing) => Self::new(
                Code::Unauthenticated,
                "Sign in first, and send the token as: Authorization: Bearer <token>.",
            ),
            Error::NotSignedIn(account::token::Error::Invalid) => Self::new(
                Code::Unauthenticated,
                "The token is not one of ours. Sign in again.",
            ),
            Error::NotSignedIn(account::token::Error::Expired) | Error::SessionEnded => Self::new(
                Code::Unauthenticated,
                "The session has ended. Sign in again.",
            ),
            Error::Inactive => Self::new(Code::Forbidden, "This account is inactive."),
            Error::NoSuchSession => Self::not_found("session"),
            Error::RateLimited(refused) => Self::from(*refused),
            Error::Overloaded(_) => Self::new(
                Code::Overloaded,
                "Too many people are signing in. Nothing was done; try again.",
            )
            .with("retryAfter", 5),
            Error::Database(error) => Self::database(error),
        }
    }
}

impl From<account::Error> for ApiError {
    fn from(error: account::Error) -> Self {
        Self::from(&error)
    }
}

impl From<reading::Error> for ApiError {
    fn from(error: reading::Error) -> Self {
        use reading::{Budget, Error};
        match error {
            Error::Invalid(problems) => {
                Self::fields(Code::BadUserInput, "Some fields are not right.", &problems)
            }
            Error::KeyReused => {
                let mut problems = Problems::default();
                problems.add(
                    "input.idempotencyKey",
                    "REUSED",
                    "This key was used for another question.",
                );
                Self::fields(
                    Code::Conflict,
                    "The idempotency key was used for another question.",
                    &problems,
                )
            }
            Error::NotFound => Self::not_found("reading"),
            Error::Unfinished => {
                let mut problems = Problems::default();
                problems.add(
                    "input.id",
                    "UNFINISHED",
                    "Its answer is still being written: wait, or cancel it.",
                );
                Self::fields(
                    Code::Conflict,
                    "The reading is still being written.",
                    &problems,
                )
            }
            Error::TooManyUnfinished => Self::new(
                Code::RateLimited,
                "Two of your readings are still being written. Wait for one of them.",
            )
            .with("retryAfter", 5),
            Error::QuotaExceeded { resets_at } => Self::new(
                Code::QuotaExceeded,
                "You have had today's readings. Come back tomorrow.",
            )
            .with("resetsAt", super::scalar::rfc3339(resets_at)),
            Error::BudgetExceeded { whose, resets_at } => Self::new(
                Code::QuotaExceeded,
                match whose {
                    Budget::User => "Your budget for this month is used up.",
                    Budget::Service => "The service's budget for this month is used up.",
                },
            )
            .with("resetsAt", super::scalar::rfc3339(resets_at)),
            // Deleted between the guard and the resolver.
            Error::NoSuchUser => Self::from(account::Error::SessionEnded),
            Error::Randomness(error) => Self::internal(&error),
            Error::Database(error) => Self::database(&error),
        }
    }
}

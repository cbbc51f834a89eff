//! The one boundary where errors become the contract's codes. What is not for clients is
//! logged here, under the request's id, and masked.

mod codes;
mod shape;

use async_graphql::{ErrorExtensionValues, Value};

use crate::{
    account::{self, AccountError, TokenError, password::PasswordError},
    db, generation, reading, request_context,
    validation::{
        FieldErrorCode::{NotShareable, Reused, Unfinished},
        ValidationErrors, Violation,
    },
};
pub use codes::{ErrorCode, ErrorReason, FieldErrorCode, ReadingFailureCode};
pub(super) use shape::ErrorExtensions;

/// An error as clients see it.
///
/// Not `Display`, on purpose: async-graphql shows clients whatever is `Display`, and so would
/// a driver's error be shown that slipped through a `?`.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    extensions: Vec<(&'static str, Value)>,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            extensions: Vec::new(),
        }
    }

    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// An error of the reason's code.
    fn because(reason: ErrorReason, message: impl Into<String>) -> Self {
        Self::new(reason.code(), message).with("reason", reason.as_str())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.extensions.push((name, value.into()));
        self
    }

    pub(super) fn fields(
        code: ErrorCode,
        message: impl Into<String>,
        errors: &ValidationErrors,
    ) -> Self {
        let fields = errors.0.iter().map(|error| {
            let Violation {
                code,
                bounds,
                message,
            } = &error.violation;
            let params = bounds
                .as_ref()
                .map(|bounds| serde_json::json!({ "min": bounds.start(), "max": bounds.end() }));
            Value::from_json(serde_json::json!({
                "path": error.path,
                "code": FieldErrorCode::from(*code).as_str(),
                "message": message,
                "params": params.unwrap_or_else(|| serde_json::json!({})),
            }))
            .expect("strings and numbers are a GraphQL value")
        });
        Self::new(code, message).with("fields", Value::List(fields.collect()))
    }

    /// One failing argument.
    pub(super) fn argument(path: &'static str, violation: Violation) -> Self {
        let errors = ValidationErrors::one(path, violation);
        Self::fields(ErrorCode::BadUserInput, "An argument is invalid.", &errors)
    }

    /// A conflict with a state that a field of the input names.
    fn conflict(path: &'static str, violation: Violation, message: &str) -> Self {
        let errors = ValidationErrors::one(path, violation);
        Self::fields(ErrorCode::Conflict, message, &errors)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("You have no such {what}."))
    }

    /// Of a session that can be extended.
    pub(super) fn token_expired() -> Self {
        let message = "The access token has expired. Get another one with extendSession.";
        Self::because(ErrorReason::TokenExpired, message)
    }

    fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "a request failed by a fault of ours");
        Self::new(ErrorCode::InternalServerError, super::rules::MASKED)
    }

    fn database(error: &sea_orm::DbErr) -> Self {
        use sea_orm::{ConnAcquireErr, DbErr, SqlErr};
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => {
                tracing::warn!("no database connection was free in time");
                Self::new(
                    ErrorCode::Overloaded,
                    "The service is busy. Try again in a moment.",
                )
                .with("retryAfter", 1)
            }
            // None of its connections could be had.
            DbErr::Conn(error) => {
                tracing::warn!(%error, "the database is away");
                Self::new(
                    ErrorCode::Overloaded,
                    "The service's database does not answer. Try again in a moment.",
                )
                .with("retryAfter", 5)
            }
            error if db::is_conflict(error) => {
                tracing::warn!(%error, "a transaction lost against another one");
                Self::new(
                    ErrorCode::Overloaded,
                    "The service is busy. Try again in a moment.",
                )
                .with("retryAfter", 1)
            }
            // The account was deleted between the guard and the statement.
            error
                if matches!(
                    error.sql_err(),
                    Some(SqlErr::ForeignKeyConstraintViolation(_))
                ) =>
            {
                Self::from(AccountError::SessionEnded)
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
        request_context::record_limit(refused.limit);
        let seconds = refused.retry_after;
        Self::because(
            ErrorReason::TooManyAttempts,
            format!("Too many tries. Nothing was done; try again in {seconds} seconds."),
        )
        .with("retryAfter", seconds)
    }
}

impl From<&AccountError> for ApiError {
    fn from(error: &AccountError) -> Self {
        match error {
            AccountError::Invalid(errors) => {
                Self::fields(ErrorCode::BadUserInput, "Some fields are invalid.", errors)
            }
            AccountError::Taken(errors) => {
                Self::fields(ErrorCode::Conflict, "Such an account exists.", errors)
            }
            AccountError::WrongCredentials => {
                Self::because(ErrorReason::WrongCredentials, "Wrong email or password.")
            }
            AccountError::NotSignedIn(TokenError::Missing) => Self::because(
                ErrorReason::NoToken,
                "Sign in first, and send the token as: Authorization: Bearer <token>.",
            ),
            AccountError::NotSignedIn(TokenError::Invalid) => Self::because(
                ErrorReason::InvalidToken,
                "Invalid access token. Sign in again.",
            ),
            AccountError::NotSignedIn(TokenError::Expired(_)) => Self::token_expired(),
            AccountError::SessionEnded => Self::because(
                ErrorReason::SessionEnded,
                "The session has ended. Sign in again.",
            ),
            AccountError::Inactive => {
                Self::because(ErrorReason::AccountInactive, "This account is inactive.")
            }
            AccountError::NoSuchSession => Self::not_found("session"),
            AccountError::EmailNotVerified => Self::because(
                ErrorReason::EmailNotVerified,
                "Confirm your email address first, by the link in the message that was sent there.",
            ),
            AccountError::NoMail => Self::because(
                ErrorReason::NoMail,
                "This service sends no mail. Ask its operator for a link.",
            ),
            AccountError::NoGuests => Self::because(
                ErrorReason::NoGuests,
                "This service takes no guests. Sign in or register.",
            ),
            AccountError::Guest => Self::because(
                ErrorReason::Guest,
                "A guest has no email address and no password. Claim the account first.",
            ),
            AccountError::NotAGuest => Self::because(
                ErrorReason::NotAGuest,
                "This account has an email address and a password already.",
            ),
            AccountError::Randomness(error) => Self::internal(error),
            AccountError::RateLimited(refused) => Self::from(*refused),
            AccountError::Password(error @ PasswordError::Panicked) => Self::internal(error),
            AccountError::Password(PasswordError::Busy) => Self::new(
                ErrorCode::Overloaded,
                "Too many people are signing in. Nothing was done; try again.",
            )
            .with("retryAfter", 5),
            AccountError::Database(error) => Self::database(error),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        Self::from(&error)
    }
}

impl From<generation::Error> for ApiError {
    fn from(error: generation::Error) -> Self {
        use generation::{Budget, Error};
        if let Some(limit) = error.limit() {
            request_context::record_limit(limit);
        }
        match error {
            Error::NotFound => Self::not_found("reading"),
            Error::QuotaExceeded { resets_at } => Self::because(
                ErrorReason::Day,
                "The daily limit of readings is reached. It resets at midnight UTC.",
            )
            .with("resetsAt", super::scalar::rfc3339(resets_at)),
            Error::BudgetExceeded { whose, resets_at } => match whose {
                Budget::User => Self::because(
                    ErrorReason::UserMonth,
                    "Your budget for this month is used up.",
                ),
                Budget::Service => Self::because(
                    ErrorReason::ServiceMonth,
                    "The service's budget for this month is used up.",
                ),
            }
            .with("resetsAt", super::scalar::rfc3339(resets_at)),
            Error::EventsMissed => Self::new(
                ErrorCode::Overloaded,
                "Some events may have been missed. Subscribe again, then fetch the readings.",
            )
            .with("retryAfter", 1),
            Error::Database(error) => Self::database(&error),
        }
    }
}

impl From<reading::Error> for ApiError {
    fn from(error: reading::Error) -> Self {
        use reading::Error;
        if let Some(limit) = error.limit() {
            request_context::record_limit(limit);
        }
        match error {
            Error::Invalid(errors) => {
                Self::fields(ErrorCode::BadUserInput, "Some fields are invalid.", &errors)
            }
            Error::KeyReused => Self::conflict(
                "input.idempotencyKey",
                Violation::new(Reused, "This key was used for another question."),
                "The idempotency key was used for another question.",
            ),
            Error::Generation(error) => Self::from(error),
            Error::NotFound => Self::not_found("reading"),
            Error::Unfinished | Error::UnfinishedParent => {
                let path = match error {
                    Error::UnfinishedParent => "input.inReplyTo",
                    _ => "input.id",
                };
                let message = "Its answer is still being written: wait, or cancel it.";
                let violation = Violation::new(Unfinished, message);
                Self::conflict(path, violation, "The reading is still being written.")
            }
            Error::SharingOff => {
                Self::because(ErrorReason::SharingOff, "This service shares no readings.")
            }
            Error::NotShareable => {
                let message = "Only a complete answer can be shared, and no reply that says where to find help.";
                let violation = Violation::new(NotShareable, message);
                Self::conflict("input.id", violation, "The reading cannot be shared.")
            }
            Error::TooManyUnfinished => Self::because(
                ErrorReason::UnfinishedReadings,
                "Two of your readings are still being written. Wait for one of them.",
            )
            .with("retryAfter", 5),
            // Deleted between the guard and the resolver.
            Error::NoSuchUser => Self::from(AccountError::SessionEnded),
            Error::Randomness(error) => Self::internal(&error),
            Error::Database(error) => Self::database(&error),
        }
    }
}

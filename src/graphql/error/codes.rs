//! The codes of errors, as enums of the schema. They are the one source of these names: clients
//! generate types from them, and `docs/errors.md` lists them.

use async_graphql::{Enum, resolver_utils::EnumType};

use crate::{entity::reading, validation};

/// The kind of an error, in `extensions.code`.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The document has no operation of the given name, or several operations and no name is given.
    OperationResolutionFailure,
    /// The HTTP request, or the message on a WebSocket, is not a GraphQL request.
    BadRequest,
    /// The operation is past a limit of size, depth, aliases, fragments or complexity. Also holds
    /// `limit` and `actual`.
    QueryTooComplex,
    /// No document is stored under the given hash or id. The same request with its text in `query`
    /// stores it.
    PersistedQueryNotFound,
    /// Automatic persisted queries are not supported. This version always supports them.
    PersistedQueryNotSupported,
    /// Arguments fail their rules. Also holds `fields`: all of them.
    BadUserInput,
    /// The request contradicts what is stored. Also holds `fields`.
    Conflict,
    /// The request needs a session and has none.
    Unauthenticated,
    /// The account, or the service as it is set up, may not do this.
    Forbidden,
    /// No such object exists, or it is another user's.
    NotFound,
    /// Too many attempts; nothing was done. Also holds `retryAfter`, in seconds.
    RateLimited,
    /// A quota of readings or money is used up. Also holds `resetsAt`, a `DateTime`.
    QuotaExceeded,
    /// The service is busy; nothing was done. Also holds `retryAfter`, in seconds.
    Overloaded,
    /// A fault of the service. Also holds `requestId`, which its log has too.
    InternalServerError,
}

/// The cause of an error more finely than its code, in `extensions.reason`. Values are added with
/// time; clients treat an unknown reason as none.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorReason {
    /// The email address or the password is wrong.
    WrongCredentials,
    /// The request has no access token.
    NoToken,
    /// The access token is malformed, or was not issued by this service.
    InvalidToken,
    /// The access token has expired.
    TokenExpired,
    /// The session was ended: by a sign-out, a new password, or the user's deletion.
    SessionEnded,
    /// The account is deactivated.
    AccountInactive,
    /// Too many attempts from this address or at this account.
    TooManyAttempts,
    /// Too many of the user's readings are unfinished.
    UnfinishedReadings,
    /// The user's readings of the day are used up.
    Day,
    /// The user's budget of the month is used up.
    UserMonth,
    /// The service's budget of the month is used up.
    ServiceMonth,
    /// The service sends no mail: its operator has set no mail server.
    NoMail,
    /// Asking needs a confirmed email address here.
    EmailNotVerified,
    /// The service shares no readings: its operator has not set `SHARING`.
    SharingOff,
    /// The service takes no guests.
    NoGuests,
    /// The account is a guest's, which has no email address and no password.
    Guest,
    /// The account is no guest's.
    NotAGuest,
}

/// The rule that an argument fails, in `extensions.fields[].code`. `extensions.fields[].params`
/// holds the numbers of the rule, such as `{ "min": 5, "max": 500 }`. Values are added with time.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "validation::FieldErrorCode")]
pub enum FieldErrorCode {
    /// The text is shorter than `min`, in Unicode code points.
    TooShort,
    /// The text is longer than `max`, in Unicode code points; a password, in bytes of UTF-8.
    TooLong,
    /// The number is less than `min` or greater than `max`.
    OutOfRange,
    /// The list has more than `max` items.
    TooMany,
    /// The value is not of the argument's type.
    InvalidValue,
    /// The text has characters that are not allowed here.
    InvalidCharacters,
    /// The text is not an email address.
    InvalidEmail,
    /// The idempotency key is not `min` to `max` printable ASCII characters without spaces.
    InvalidKey,
    /// The id is malformed, or another type's.
    InvalidId,
    /// The cursor is malformed.
    InvalidCursor,
    /// `first` and `last` are both given.
    BothEnds,
    /// The username mixes letters of several scripts.
    MixedScripts,
    /// The password is easily guessed.
    TooCommon,
    /// The new password is the current one.
    Unchanged,
    /// The password is not the account's.
    WrongPassword,
    /// Another account has this value.
    Taken,
    /// The idempotency key belongs to another question.
    Reused,
    /// The answer is still being written.
    Unfinished,
    /// Another argument that is given needs this one.
    Missing,
    /// The token of a link is unknown, used or expired.
    InvalidToken,
    /// The time is outside the accepted range.
    InvalidTime,
    /// The reading has no complete answer, or the answer is the fixed reply to a cry for help.
    NotShareable,
}

/// Why an answer failed. Values are added with time; clients treat an unknown code as
/// `PROVIDER_FAILED`.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reading::FailureCode")]
pub enum ReadingFailureCode {
    /// The writing was interrupted. A new answer can be asked for.
    Interrupted,
    /// The language model cannot be reached.
    ProviderUnavailable,
    /// The language model receives too many requests.
    ProviderBusy,
    /// The language model took too long.
    ProviderTimeout,
    /// The language model rejected the request, or declined to answer.
    ProviderRejected,
    /// The language model's key, name, address or credit needs the operator's attention.
    ProviderMisconfigured,
    /// The answer broke off.
    ProviderCut,
    /// The language model's server sent an answer in an unknown format.
    ProviderMalformed,
    /// The language model failed in another way.
    ProviderFailed,
    /// The provider's content filter rejected the question or stopped the answer.
    ContentFiltered,
    /// The question and its sources are too long for the language model.
    ContextTooLong,
    /// The language model used up its tokens before the first word.
    TokenLimit,
}

impl ErrorCode {
    /// Its name in the schema.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name(self)
    }
}

impl ErrorReason {
    /// Its name in the schema.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name(self)
    }

    /// The code of every error with this reason.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::WrongCredentials
            | Self::NoToken
            | Self::InvalidToken
            | Self::TokenExpired
            | Self::SessionEnded => ErrorCode::Unauthenticated,
            Self::AccountInactive
            | Self::NoMail
            | Self::EmailNotVerified
            | Self::SharingOff
            | Self::NoGuests
            | Self::Guest
            | Self::NotAGuest => ErrorCode::Forbidden,
            Self::TooManyAttempts | Self::UnfinishedReadings => ErrorCode::RateLimited,
            Self::Day | Self::UserMonth | Self::ServiceMonth => ErrorCode::QuotaExceeded,
        }
    }
}

impl FieldErrorCode {
    /// Its name in the schema.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name(self)
    }

    /// The names in `params`.
    #[must_use]
    pub fn params(self) -> &'static [&'static str] {
        if validation::FieldErrorCode::from(self).has_bounds() {
            &["min", "max"]
        } else {
            &[]
        }
    }
}

fn name<T: EnumType>(value: T) -> &'static str {
    let mut items = T::items().iter();
    let item = items.find(|item| item.value == value);
    item.expect("an enum's items are all of its values").name
}

#[cfg(test)]
mod tests {
    use async_graphql::resolver_utils::EnumType;
    use sea_orm::Iterable;

    use super::{ErrorCode, ReadingFailureCode, name};
    use crate::{entity::reading::FailureCode, metrics, spans};

    #[test]
    fn codes_that_are_counted_apart_are_codes() {
        let known: Vec<_> = ErrorCode::items().iter().map(|item| item.name).collect();
        for code in metrics::REFUSALS.iter().chain(&spans::FAULTS) {
            assert!(known.contains(code), "{code}");
        }
    }

    #[test]
    fn a_failure_has_one_name_in_the_database_and_the_schema() {
        for code in FailureCode::iter() {
            let stored = code.as_str();
            assert_eq!(name(ReadingFailureCode::from(code)), stored);
            assert_eq!(FailureCode::of(stored), code);
        }
        assert_eq!(
            FailureCode::of("PROVIDER_MOVED"),
            FailureCode::ProviderFailed
        );
    }
}

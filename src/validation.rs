//! Validation errors: every field that fails, with the rule it fails, at once.

use std::{borrow::Cow, ops::RangeInclusive};

/// The rule that a value fails, for programs: `extensions.fields[].code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorCode {
    TooShort,
    TooLong,
    OutOfRange,
    TooMany,
    InvalidValue,
    InvalidCharacters,
    InvalidEmail,
    InvalidKey,
    InvalidId,
    InvalidCursor,
    BothEnds,
    MixedScripts,
    TooCommon,
    Unchanged,
    WrongPassword,
    Taken,
    Reused,
    Unfinished,
    Missing,
    InvalidToken,
    InvalidTime,
    NotShareable,
}

impl FieldErrorCode {
    /// Whether its rule has a smallest and a largest value.
    #[must_use]
    pub fn has_bounds(self) -> bool {
        matches!(
            self,
            Self::TooShort | Self::TooLong | Self::OutOfRange | Self::TooMany | Self::InvalidKey
        )
    }
}

/// The rule a value fails, before it is known where the value stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub code: FieldErrorCode,
    /// The accepted lengths or values.
    pub bounds: Option<RangeInclusive<usize>>,
    /// The rule, for people.
    pub message: String,
}

impl Violation {
    /// A rule without bounds.
    pub fn new(code: FieldErrorCode, message: impl Into<String>) -> Self {
        debug_assert!(!code.has_bounds(), "{code:?} has bounds");
        Self {
            code,
            bounds: None,
            message: message.into(),
        }
    }

    /// A rule with a smallest and a largest length or value.
    pub fn within(
        code: FieldErrorCode,
        bounds: RangeInclusive<usize>,
        message: impl Into<String>,
    ) -> Self {
        debug_assert!(code.has_bounds(), "{code:?} has no bounds");
        Self {
            code,
            bounds: Some(bounds),
            message: message.into(),
        }
    }
}

/// One field that fails its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where it is in the arguments, such as `input.email`.
    pub path: Cow<'static, str>,
    pub violation: Violation,
}

/// All fields that fail, gathered before anything is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidationErrors(pub Vec<FieldError>);

impl ValidationErrors {
    /// Of one field.
    pub fn one(path: impl Into<Cow<'static, str>>, violation: Violation) -> Self {
        let mut errors = Self::default();
        errors.add(path, violation);
        errors
    }

    /// # Errors
    ///
    /// Itself, if a field has failed.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    pub fn add(&mut self, path: impl Into<Cow<'static, str>>, violation: Violation) {
        self.0.push(FieldError {
            path: path.into(),
            violation,
        });
    }

    /// The value of a check, or nothing and its violation added.
    pub fn check<T>(&mut self, path: &'static str, checked: Result<T, Violation>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(violation) => {
                self.add(path, violation);
                None
            }
        }
    }
}

//! The scalars GraphQL does not bring.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{SecondsFormat, Utc};

/// A moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct DateTime(pub chrono::DateTime<Utc>);

/// A date and time in UTC, in the format of RFC 3339: `2026-11-21T09:30:00.123456Z`.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => chrono::DateTime::parse_from_rfc3339(text)
                .map(|time| Self(time.to_utc()))
                .map_err(|_| InputValueError::custom("Write a time such as 2026-11-21T09:30:00Z.")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(rfc3339(self.0))
    }
}

pub(super) fn rfc3339(time: chrono::DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// An exact number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal(rust_decimal::Decimal);

impl Decimal {
    /// Of nano-dollars, in dollars.
    pub(super) fn dollars(nano: i64) -> Self {
        Self(rust_decimal::Decimal::new(nano, 9).normalize())
    }
}

/// An exact decimal number, serialized as a string: `"0.000123"`.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => rust_decimal::Decimal::from_str_exact(text)
                .map(Self)
                .map_err(|_| InputValueError::custom("Write a decimal number such as \"0.25\".")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

//! Code shared by the driver and the servers that Mula is compared with: how the API writes ids,
//! cursors and times, so that all of them respond with the same JSON.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat, Utc};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

/// The first byte of a cursor of readings.
const CURSOR_KIND: u8 = b'r';

/// A `TypeID` (<https://github.com/jetify-com/typeid>).
///
/// # Panics
///
/// If the kind is not of lower-case letters.
#[must_use]
pub fn type_id(kind: &str, id: Uuid) -> String {
    let kind = DynamicType::new(kind).expect("the kinds are lower-case letters");
    TypeSafeId::from_type_and_uuid(kind, id).to_string()
}

/// The place of a reading in the list.
#[must_use]
pub fn cursor(id: Uuid) -> String {
    let mut bytes = [CURSOR_KIND; 17];
    bytes[1..].copy_from_slice(id.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Which reading a cursor stands for.
#[must_use]
pub fn reading_at(cursor: &str) -> Option<Uuid> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (_, id) = bytes
        .split_first()
        .filter(|(kind, _)| **kind == CURSOR_KIND)?;
    Uuid::from_slice(id).ok()
}

/// RFC 3339, in UTC, to the microsecond.
#[must_use]
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

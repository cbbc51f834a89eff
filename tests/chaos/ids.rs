//! The identifiers of the API, as the database has them.

use serde_json::Value;
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

pub fn uuid(id: &Value) -> Option<Uuid> {
    let id: TypeSafeId<DynamicType> = id.as_str()?.parse().ok()?;
    Some(id.uuid())
}

//! Ids as clients see them: `TypeID`s (<https://github.com/jetify-com/typeid>), the type's name
//! and a UUIDv7, such as `reading_01h455vb4pex5vsknk084sn02q`.

use async_graphql::ID;
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use super::ApiError;
use crate::validation::{FieldErrorCode, Violation};

/// The kind of object that an id refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum NodeKind {
    User,
    Session,
    Reading,
    Generation,
    /// By the user's UUID: a user has one.
    Usage,
    /// By a number of its own.
    Advisor,
    Event,
}

impl NodeKind {
    const ALL: [Self; 7] = [
        Self::User,
        Self::Session,
        Self::Reading,
        Self::Generation,
        Self::Usage,
        Self::Advisor,
        Self::Event,
    ];

    fn prefix(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Session => "session",
            Self::Reading => "reading",
            Self::Generation => "generation",
            Self::Usage => "usage",
            Self::Advisor => "advisor",
            Self::Event => "event",
        }
    }

    pub(super) fn id(self, uuid: Uuid) -> ID {
        let kind = DynamicType::new(self.prefix()).expect("our prefixes are lower-case letters");
        ID(TypeSafeId::from_type_and_uuid(kind, uuid).to_string())
    }

    /// # Errors
    ///
    /// If it is no id, or another kind's.
    pub(super) fn parse(self, id: &ID, path: &'static str) -> Result<Uuid, ApiError> {
        match parse(id) {
            Some((kind, uuid)) if kind == self => Ok(uuid),
            _ => Err(ApiError::argument(
                path,
                Violation::new(
                    FieldErrorCode::InvalidId,
                    format!(
                        "Give the id of a {0}, which begins with {0}_.",
                        self.prefix()
                    ),
                ),
            )),
        }
    }

    /// # Errors
    ///
    /// If it is no id of ours.
    pub(super) fn parse_any(id: &ID, path: &'static str) -> Result<(Self, Uuid), ApiError> {
        parse(id).ok_or_else(|| {
            let kinds = Self::ALL.map(|kind| format!("{}_", kind.prefix()));
            let message = format!(
                "Give an id as this service gave it: one that begins with {}.",
                kinds.join(", ")
            );
            ApiError::argument(path, Violation::new(FieldErrorCode::InvalidId, message))
        })
    }
}

fn parse(id: &ID) -> Option<(NodeKind, Uuid)> {
    // The parser cuts a prefix that is too long after 63 bytes, which may be within a character.
    if !id.is_ascii() {
        return None;
    }
    let parsed: TypeSafeId<DynamicType> = id.0.parse().ok()?;
    let kind = NodeKind::ALL
        .into_iter()
        .find(|kind| kind.prefix() == parsed.type_prefix())?;
    Some((kind, parsed.uuid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_as_they_are_given_are_read() {
        let uuid = Uuid::now_v7();
        for kind in NodeKind::ALL {
            let id = kind.id(uuid);
            assert_eq!(parse(&id), Some((kind, uuid)));
            assert_eq!(parse(&ID(id.to_uppercase())), None);
        }
        // Found by fuzzing: a prefix of 64 bytes with a character across the 63rd panicked.
        let long = format!("{}é_01h455vb4pex5vsknk084sn02q", "a".repeat(62));
        assert_eq!(parse(&ID(long)), None);
    }
}

//! Null propagation for a field that fails
//! (<https://spec.graphql.org/draft/#sec-Handling-Execution-Errors>): null where it may be, else
//! its parent in its place, up to the whole answer. The library just leaves the field out.

use async_graphql::{
    Name, PathSegment, Response, Value, indexmap::IndexMap, registry::MetaTypeName,
};

use super::selection::{Operation, Selected, key_of};

/// Sets failed fields to null, or their nearest nullable parents.
pub(super) fn propagate(response: &mut Response, operation: Operation<'_>) {
    let Some((_, selected)) = operation.root() else {
        return;
    };
    let walk = Walk(operation);
    // Of what has become null, nothing further inside is looked at.
    let mut gone: Vec<&[PathSegment]> = Vec::new();
    for error in &response.errors {
        if error.path.is_empty() || gone.iter().any(|gone| error.path.starts_with(gone)) {
            continue;
        }
        match walk.in_object(&mut response.data, &selected, &error.path) {
            Placed::At(depth) => gone.push(&error.path[..depth]),
            Placed::Nowhere => {
                response.data = Value::Null;
                return;
            }
        }
    }
}

/// Where the null of a failed field came to stand.
enum Placed {
    /// At so many steps of its path.
    At(usize),
    /// Nowhere in this value, which cannot stand either.
    Nowhere,
}

impl Placed {
    fn below(self) -> Self {
        match self {
            Self::At(depth) => Self::At(depth + 1),
            Self::Nowhere => Self::Nowhere,
        }
    }
}

struct Walk<'a>(Operation<'a>);

impl<'a> Walk<'a> {
    fn in_object(
        &self,
        value: &mut Value,
        selected: &Selected<'a>,
        path: &[PathSegment],
    ) -> Placed {
        let Some(PathSegment::Field(key)) = path.first() else {
            return Placed::Nowhere;
        };
        let fields = self.0.fields(selected, None);
        let mut inside = Selected::new();
        let mut ty = None;
        for (on, field) in fields.iter().filter(|(_, field)| key_of(field) == key) {
            let known = self.0.registry.types.get(*on);
            let known = known.and_then(|on| on.field_by_name(&field.name.node));
            if let Some(known) = known {
                ty = Some(known.ty.as_str());
                let on = MetaTypeName::concrete_typename(&known.ty);
                inside.push((on, &field.selection_set.node));
            }
        }
        let Some(ty) = ty else { return Placed::Nowhere };
        // An object of which every field failed is null in what the library gives.
        if *value == Value::Null {
            *value = Value::Object(IndexMap::new());
        }
        let Value::Object(object) = value else {
            return Placed::Nowhere;
        };
        if !object.contains_key(key.as_str()) {
            // In the order in which they were asked for.
            let before = fields
                .iter()
                .map(|(_, field)| key_of(field))
                .take_while(|before| *before != key);
            let place = before.fold(0, |place, before| {
                place.max(object.get_index_of(before).map_or(0, |index| index + 1))
            });
            object.shift_insert(place, Name::new(key), Value::Null);
        }
        match object.get_mut(key.as_str()) {
            Some(value) => self.in_value(value, ty, &inside, &path[1..]).below(),
            None => Placed::Nowhere,
        }
    }

    /// In a value of this type.
    fn in_value(
        &self,
        value: &mut Value,
        ty: &str,
        selected: &Selected<'a>,
        path: &[PathSegment],
    ) -> Placed {
        let (ty, may_be_null) = match MetaTypeName::create(ty) {
            MetaTypeName::NonNull(ty) => (ty, false),
            _ => (ty, true),
        };
        let placed = match (path.first(), MetaTypeName::create(ty), &mut *value) {
            (Some(PathSegment::Index(index)), MetaTypeName::List(ty), Value::List(items)) => {
                match items.get_mut(*index) {
                    Some(item) => self.in_value(item, ty, selected, &path[1..]).below(),
                    None => Placed::Nowhere,
                }
            }
            (Some(PathSegment::Field(_)), _, value) => self.in_object(value, selected, path),
            _ => Placed::Nowhere,
        };
        match placed {
            Placed::Nowhere if may_be_null => {
                *value = Value::Null;
                Placed::At(0)
            }
            placed => placed,
        }
    }
}

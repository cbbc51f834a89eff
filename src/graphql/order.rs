//! The order of an answer's fields: the one they were selected in
//! (<https://spec.graphql.org/September2025/#sec-Serialized-Map-Ordering>). The library has them in
//! the order in which they were resolved, so that equal requests have different answers.

use async_graphql::{Name, Value, indexmap::IndexMap, registry::MetaTypeName};

use super::selection::{Operation, Selected, key_of};

/// Puts fields that are not in their place there. Of an answer that is in order already, it
/// compares the keys.
pub(super) fn restore(data: &mut Value, operation: Operation<'_>) {
    if let Some((root, selected)) = operation.root() {
        Plans::of(operation, root, &selected).restore(data);
    }
}

/// The order of an object's fields, for each type it may be of.
struct Plans<'a>(Vec<Plan<'a>>);

struct Plan<'a> {
    ty: &'a str,
    fields: Vec<Planned<'a>>,
}

struct Planned<'a> {
    key: &'a str,
    is_typename: bool,
    /// None where the value has no fields.
    inside: Option<Plans<'a>>,
}

impl<'a> Plans<'a> {
    fn of(operation: Operation<'a>, ty: &'a str, selected: &Selected<'a>) -> Self {
        let known = operation.registry.types.get(ty);
        let possible = known.and_then(|known| known.possible_types());
        let plans = match possible {
            Some(types) => types
                .iter()
                .map(|ty| Plan::of(operation, ty, selected))
                .collect(),
            None => vec![Plan::of(operation, ty, selected)],
        };
        Self(plans)
    }

    fn restore(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.restore(item)),
            Value::Object(object) => {
                let plan = match self.0.as_slice() {
                    [plan] => Some(plan),
                    plans => plans.iter().find(|plan| plan.fits(object)),
                };
                if let Some(plan) = plan {
                    plan.restore(object);
                }
            }
            _ => {}
        }
    }
}

impl<'a> Plan<'a> {
    fn of(operation: Operation<'a>, ty: &'a str, selected: &Selected<'a>) -> Self {
        let all = operation.fields(selected, Some(ty));
        let mut fields: Vec<Planned> = Vec::with_capacity(all.len());
        for (index, (on, field)) in all.iter().enumerate() {
            let key = key_of(field);
            if fields.iter().any(|planned| planned.key == key) {
                continue;
            }
            let known = operation.registry.types.get(*on);
            let known = known.and_then(|on| on.field_by_name(&field.name.node));
            let has_fields = !field.selection_set.node.items.is_empty();
            let inside = known.filter(|_| has_fields).map(|known| {
                let ty = MetaTypeName::concrete_typename(&known.ty);
                // Selected several times, its selections are merged.
                let same = all[index..]
                    .iter()
                    .filter(|(_, field)| key_of(field) == key);
                let selected = same.map(|(_, field)| (ty, &field.selection_set.node));
                Plans::of(operation, ty, &selected.collect())
            });
            fields.push(Planned {
                key,
                is_typename: field.name.node == "__typename",
                inside,
            });
        }
        Self { ty, fields }
    }

    /// Whether an object is of this type, as far as its fields show: as all of the type's are
    /// there, and no other.
    fn fits(&self, object: &IndexMap<Name, Value>) -> bool {
        let fits = |planned: &Planned| match object.get(planned.key) {
            Some(Value::String(ty)) if planned.is_typename => ty == self.ty,
            found => found.is_some(),
        };
        object.len() == self.fields.len() && self.fields.iter().all(fits)
    }

    fn restore(&self, object: &mut IndexMap<Name, Value>) {
        let mut places = self.fields.iter();
        if !object
            .keys()
            .all(|key| places.any(|planned| planned.key == key.as_str()))
        {
            let place = |key: &Name| {
                self.fields
                    .iter()
                    .position(|planned| planned.key == key.as_str())
            };
            object.sort_by(|one, _, other, _| place(one).cmp(&place(other)));
        }
        let mut places = self.fields.iter();
        for (key, value) in object {
            let planned = places.find(|planned| planned.key == key.as_str());
            if let Some(inside) = planned.and_then(|planned| planned.inside.as_ref()) {
                inside.restore(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Variables, parser::parse_query};
    use serde_json::json;

    use super::*;
    use crate::{config::InputLimits, graphql::Schema};

    /// An answer's text once its fields are in order.
    fn restored(query: &str, variables: serde_json::Value, answer: &str) -> String {
        let limits = InputLimits {
            page_size: 20,
            page_size_max: 100,
            question_min: 5,
            question_max: 500,
        };
        let schema = Schema::with(limits, true, |nothing| nothing);
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let mut data: Value = serde_json::from_str(answer).unwrap();
        let operation = Operation {
            document: &document,
            definition: &operation.node,
            variables: &Variables::from_json(variables),
            registry: &schema.env.registry,
        };
        restore(&mut data, operation);
        serde_json::to_string(&data).unwrap()
    }

    #[test]
    fn fields_are_in_the_order_selected() {
        for (query, variables, answer, expected) in [
            (
                "{ profile { usage { readings { limit used } } id } advisors { name title } }",
                json!({}),
                r#"{"advisors":[{"title":"t","name":"n"}],"profile":{"id":"i","usage":null}}"#,
                r#"{"profile":{"usage":null,"id":"i"},"advisors":[{"name":"n","title":"t"}]}"#,
            ),
            // A field stands where it is selected first, with all that is selected of it.
            (
                "{ profile { id } ...F profile { email b: id } } fragment F on Query {
                    advisors { name } profile { username } }",
                json!({}),
                r#"{"advisors":[],"profile":{"b":"i","username":"u","email":"e","id":"i"}}"#,
                r#"{"profile":{"id":"i","username":"u","email":"e","b":"i"},"advisors":[]}"#,
            ),
            // Not where it is skipped.
            (
                "query ($no: Boolean = false) { profile { id @include(if: $no) email id
                    ... @skip(if: $yes) { username } createdAt username } }",
                json!({ "yes": true, "no": false }),
                r#"{"profile":{"username":"u","createdAt":"c","id":"i","email":"e"}}"#,
                r#"{"profile":{"email":"e","id":"i","createdAt":"c","username":"u"}}"#,
            ),
            // By the object's own type: its name, or its fields, say which that is.
            (
                "{ nodes(ids: []) { __typename ... on User { id createdAt }
                    ... on Session { createdAt id } } }",
                json!({}),
                r#"{"nodes":[null,{"id":"i","createdAt":"c","__typename":"Session"},
                    {"createdAt":"c","__typename":"User","id":"i"}]}"#,
                r#"{"nodes":[null,{"__typename":"Session","createdAt":"c","id":"i"},{"__typename":"User","id":"i","createdAt":"c"}]}"#,
            ),
            (
                "{ node(id: 1) { ... on User { email id } ... on Session { id createdAt } } }",
                json!({}),
                r#"{"node":{"createdAt":"c","id":"i"}}"#,
                r#"{"node":{"id":"i","createdAt":"c"}}"#,
            ),
        ] {
            assert_eq!(restored(query, variables, answer), expected, "{query}");
            let again = restored(query, json!({ "yes": true, "no": false }), expected);
            assert_eq!(again, expected, "{query}");
        }
    }
}

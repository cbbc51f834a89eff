//! The price of introspection: counted over the schema as it is resolved, since the lists in it
//! differ much in length.

use async_graphql::{
    Value as Const,
    parser::types::{Field, Selection, SelectionSet},
    registry::{MetaDirective, MetaField, MetaInputValue, MetaType, MetaTypeName},
};
use async_graphql_value::Value;

use super::{FIELDS, cost::Pricing};

/// Lists of the schema that lead from types to types.
pub(super) const LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

/// An object of the introspection schema.
#[derive(Clone, Copy)]
enum Meta<'a> {
    Schema,
    /// By its name, with brackets and exclamation marks.
    Type(&'a str),
    Field(&'a MetaField),
    Input(&'a MetaInputValue),
    Directive(&'a MetaDirective),
    EnumValue,
}

struct Count<'a, 'p> {
    pricing: &'p Pricing<'a>,
    fields: usize,
}

/// The values that a field `__schema` or `__type` has. Counts no further than the limit.
pub(super) fn fields<'a>(pricing: &Pricing<'a>, field: &'a Field) -> usize {
    let mut count = Count { pricing, fields: 1 };
    let set = &field.selection_set.node;
    if field.name.node == "__schema" {
        count.selections(Meta::Schema, set);
    } else if let Some(name) = type_name(pricing, field)
        && let Some((name, _)) = pricing.registry.types.get_key_value(name)
    {
        count.selections(Meta::Type(name), set);
    }
    count.fields
}

fn type_name<'a>(pricing: &Pricing<'a>, field: &'a Field) -> Option<&'a str> {
    match &field.get_argument("name")?.node {
        Value::String(name) => Some(name),
        Value::Variable(name) => match pricing.variable(name)? {
            Const::String(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

impl<'a> Count<'a, '_> {
    fn selections(&mut self, on: Meta<'a>, set: &'a SelectionSet) {
        for selection in &set.items {
            if self.fields > FIELDS {
                return;
            }
            match &selection.node {
                Selection::Field(field) => self.field(on, &field.node),
                Selection::InlineFragment(fragment) => {
                    self.selections(on, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.pricing.document.fragments.get(name) {
                        self.selections(on, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn field(&mut self, on: Meta<'a>, field: &'a Field) {
        self.fields += 1;
        let set = &field.selection_set.node;
        if set.items.is_empty() {
            return;
        }
        let registry = self.pricing.registry;
        match (on, field.name.node.as_str()) {
            (Meta::Schema, "types") => {
                self.each(registry.types.keys().map(|name| Meta::Type(name)), set);
            }
            (Meta::Schema, "queryType") => self.selections(Meta::Type(&registry.query_type), set),
            (Meta::Schema, "mutationType") => self.each(
                registry.mutation_type.iter().map(|name| Meta::Type(name)),
                set,
            ),
            (Meta::Schema, "subscriptionType") => self.each(
                registry
                    .subscription_type
                    .iter()
                    .map(|name| Meta::Type(name)),
                set,
            ),
            (Meta::Schema, "directives") => {
                self.each(registry.directives.values().map(Meta::Directive), set);
            }
            (Meta::Type(name), list) => self.of_type(name, list, set),
            (Meta::Field(field), "args") => self.each(field.args.values().map(Meta::Input), set),
            (Meta::Directive(directive), "args") => {
                self.each(directive.args.values().map(Meta::Input), set);
            }
            (Meta::Field(field), "type") => self.selections(Meta::Type(&field.ty), set),
            (Meta::Input(input), "type") => self.selections(Meta::Type(&input.ty), set),
            _ => {}
        }
    }

    fn of_type(&mut self, name: &'a str, list: &str, set: &'a SelectionSet) {
        let registry = self.pricing.registry;
        let name = match MetaTypeName::create(name) {
            MetaTypeName::NonNull(inner) | MetaTypeName::List(inner) => {
                if list == "ofType" {
                    self.selections(Meta::Type(inner), set);
                }
                return;
            }
            MetaTypeName::Named(name) => name,
        };
        let Some(ty) = registry.types.get(name) else {
            return;
        };
        match (list, ty) {
            ("fields", MetaType::Object { fields, .. } | MetaType::Interface { fields, .. }) => {
                self.each(fields.values().map(Meta::Field), set);
            }
            ("inputFields", MetaType::InputObject { input_fields, .. }) => {
                self.each(input_fields.values().map(Meta::Input), set);
            }
            ("enumValues", MetaType::Enum { enum_values, .. }) => {
                self.each(enum_values.values().map(|_| Meta::EnumValue), set);
            }
            (
                "possibleTypes",
                MetaType::Interface { possible_types, .. } | MetaType::Union { possible_types, .. },
            ) => self.each(possible_types.iter().map(|name| Meta::Type(name)), set),
            ("interfaces", _) => {
                let interfaces = registry.implements.get(name).into_iter().flatten();
                self.each(interfaces.map(|name| Meta::Type(name)), set);
            }
            _ => {}
        }
    }

    fn each(&mut self, items: impl Iterator<Item = Meta<'a>>, set: &'a SelectionSet) {
        for item in items {
            if self.fields > FIELDS {
                return;
            }
            self.fields += 1;
            self.selections(item, set);
        }
    }
}

//! The price of an operation, computed before it runs: values to resolve and serialize, and
//! database statements.

use async_graphql::{
    Name, Positioned, Value as Const, Variables,
    parser::types::{
        ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    },
    registry::{MetaType, MetaTypeName, Registry},
};
use async_graphql_value::Value;

use super::{
    introspection,
    price::{Times, price},
};
use crate::config::InputLimits;

/// Everything an operation's price depends on.
pub(super) struct Pricing<'a> {
    pub registry: &'a Registry,
    pub document: &'a ExecutableDocument,
    pub operation: &'a OperationDefinition,
    pub variables: &'a Variables,
    pub limits: InputLimits,
}

/// The price of a selection set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// Values, an object's and a list item's among them.
    pub fields: usize,
    /// Statements that each object makes for itself.
    pub queries: usize,
    /// Statements that all objects of a page share.
    pub shared: usize,
}

impl Cost {
    fn and(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            queries: self.queries.saturating_add(other.queries),
            shared: self.shared.saturating_add(other.shared),
        }
    }

    fn times(self, times: usize) -> Self {
        Self {
            fields: self.fields.saturating_mul(times),
            queries: self.queries.saturating_mul(times),
            shared: self.shared,
        }
    }

    pub(super) fn all_queries(self) -> usize {
        self.queries.saturating_add(self.shared)
    }
}

/// Where a selection set stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// None where the schema has no such type; validation is going to refuse it.
    on: Option<&'a MetaType>,
    /// Items of the connection that it is in.
    items: usize,
}

impl<'a> Pricing<'a> {
    /// Follows spreads as often as they are there: for documents whose
    /// [`Size`](super::expansion::Size) is known to be bearable.
    pub(super) fn cost(&self) -> Cost {
        let root = match self.operation.ty {
            OperationType::Query => Some(&self.registry.query_type),
            OperationType::Mutation => self.registry.mutation_type.as_ref(),
            OperationType::Subscription => self.registry.subscription_type.as_ref(),
        };
        let place = Place {
            on: root.and_then(|name| self.registry.types.get(name)),
            items: 1,
        };
        self.selections(place, &self.operation.selection_set.node)
    }

    fn selections(&self, place: Place<'a>, set: &'a SelectionSet) -> Cost {
        let cost = |selection: &'a Positioned<Selection>| match &selection.node {
            Selection::Field(field) => self.field(place, &field.node),
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let place = condition.map_or(place, |condition| {
                    self.narrowed(place, &condition.node.on.node)
                });
                self.selections(place, &fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let fragment = self.document.fragments.get(name);
                fragment.map_or(Cost::default(), |fragment| {
                    let place = self.narrowed(place, &fragment.node.type_condition.node.on.node);
                    self.selections(place, &fragment.node.selection_set.node)
                })
            }
        };
        set.items.iter().map(cost).fold(Cost::default(), Cost::and)
    }

    fn field(&self, place: Place<'a>, field: &'a Field) -> Cost {
        let name = field.name.node.as_str();
        if matches!(name, "__schema" | "__type") {
            return Cost {
                fields: introspection::fields(self, field),
                ..Cost::default()
            };
        }
        let known = place.on.and_then(|on| on.field_by_name(name));
        let returned = known.map(|known| MetaTypeName::concrete_typename(&known.ty));
        let price = price(place.on.map_or("", MetaType::name), name);
        let mut inside = Place {
            on: returned.and_then(|name| self.registry.types.get(name)),
            items: 1,
        };
        let times = match price.times {
            Times::Once => 1,
            Times::UpTo(most) => most,
            Times::Items => place.items,
            Times::Ids => self.ids(field),
            Times::Page => {
                inside.items = self.page_size(field);
                1
            }
        };
        // A list of scalars has nothing inside, and items all the same.
        let item = Cost {
            fields: usize::from(times != 1),
            ..Cost::default()
        };
        let own = Cost {
            fields: 1,
            queries: price.queries,
            shared: price.shared,
        };
        self.selections(inside, &field.selection_set.node)
            .and(item)
            .times(times)
            .and(own)
    }

    fn page_size(&self, field: &Field) -> usize {
        let size = |name| match self.argument(field, name)? {
            Argument::Number(number) => Some(number),
            Argument::Items(_) => None,
        };
        let size = size("first").max(size("last"));
        // More than the largest page is refused when it is asked for.
        let size = size.unwrap_or(self.limits.page_size.into());
        usize::try_from(size.min(self.limits.page_size_max.into())).unwrap_or(usize::MAX)
    }

    /// How many objects a field is to find by their ids. An id that repeats is one to the
    /// database, and yet written as often as it is there.
    fn ids(&self, field: &Field) -> usize {
        match self.argument(field, "ids") {
            Some(Argument::Items(items)) => items,
            _ => 1,
        }
    }

    fn argument(&self, field: &Field, name: &str) -> Option<Argument> {
        match &field.get_argument(name)?.node {
            Value::Number(number) => number.as_u64().map(Argument::Number),
            Value::List(items) => Some(Argument::Items(items.len())),
            Value::Variable(name) => match self.variable(name)? {
                Const::Number(number) => number.as_u64().map(Argument::Number),
                Const::List(items) => Some(Argument::Items(items.len())),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of a variable, or its default.
    pub(super) fn variable(&self, name: &Name) -> Option<&'a Const> {
        self.variables.get(name).or_else(|| {
            let mut definitions = self.operation.variable_definitions.iter();
            let definition = definitions.find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value()
        })
    }

    fn narrowed(&self, place: Place<'a>, name: &Name) -> Place<'a> {
        Place {
            on: self.registry.types.get(name.as_str()),
            ..place
        }
    }
}

/// An argument that a price depends on.
enum Argument {
    Number(u64),
    /// A list, by its length.
    Items(usize),
}

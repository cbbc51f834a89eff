//! What an operation would have the service fetch, priced before it is.

use async_graphql::{
    Name, Positioned, Value as Const, Variables,
    parser::types::{
        ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    },
    registry::{MetaType, MetaTypeName, Registry},
};
use async_graphql_value::Value;

use crate::config::Limits;

/// Everything an operation's price depends on.
pub(super) struct Pricing<'a> {
    pub registry: &'a Registry,
    pub document: &'a ExecutableDocument,
    pub operation: &'a OperationDefinition,
    pub variables: &'a Variables,
    pub limits: Limits,
}

impl<'a> Pricing<'a> {
    /// A field costs 1, and a connection its page's size times what is in it; so does a list of
    /// objects by their ids. Follows spreads as often as they are there: for documents whose
    /// [`Size`](super::expansion::Size) is known to be bearable.
    pub(super) fn cost(&self) -> usize {
        let root = match self.operation.ty {
            OperationType::Query => Some(&self.registry.query_type),
            OperationType::Mutation => self.registry.mutation_type.as_ref(),
            OperationType::Subscription => self.registry.subscription_type.as_ref(),
        };
        let root = root.and_then(|name| self.registry.types.get(name));
        self.selections(root, &self.operation.selection_set.node)
    }

    /// What is not in the schema has no type; validation is going to refuse it.
    fn selections(&self, on: Option<&'a MetaType>, set: &'a SelectionSet) -> usize {
        let cost = |selection: &'a Positioned<Selection>| match &selection.node {
            Selection::Field(field) => self.field(on, &field.node),
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let on = condition.map_or(on, |condition| self.named(&condition.node.on.node));
                self.selections(on, &fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                self.document.fragments.get(name).map_or(0, |fragment| {
                    let on = self.named(&fragment.node.type_condition.node.on.node);
                    self.selections(on, &fragment.node.selection_set.node)
                })
            }
        };
        set.items.iter().map(cost).fold(0, usize::saturating_add)
    }

    fn field(&self, on: Option<&'a MetaType>, field: &'a Field) -> usize {
        let known = on.and_then(|on| on.field_by_name(&field.name.node));
        let returned = known.map(|known| MetaTypeName::concrete_typename(&known.ty));
        let times = if returned.is_some_and(|name| name.ends_with("Connection")) {
            self.page_size(field)
        } else {
            self.objects(field)
        };
        let on = returned.and_then(|name| self.registry.types.get(name));
        self.selections(on, &field.selection_set.node)
            .saturating_mul(times)
            .saturating_add(1)
    }

    fn page_size(&self, field: &Field) -> usize {
        let size = |name| {
            let number = match &field.get_argument(name)?.node {
                Value::Number(number) => number,
                Value::Variable(name) => match self.variable(name)? {
                    Const::Number(number) => number,
                    _ => return None,
                },
                _ => return None,
            };
            number.as_u64()
        };
        let size = size("first").max(size("last"));
        // More than the largest page is refused when it is asked for.
        let size = size.unwrap_or(self.limits.page_size.into());
        usize::try_from(size.min(self.limits.page_size_max.into())).unwrap_or(usize::MAX)
    }

    /// How many a field is to find by their ids; one if it is not that kind of field.
    fn objects(&self, field: &Field) -> usize {
        match field.get_argument("ids").map(|ids| &ids.node) {
            Some(Value::List(ids)) => ids.len(),
            Some(Value::Variable(name)) => match self.variable(name) {
                Some(Const::List(ids)) => ids.len(),
                _ => 1,
            },
            _ => 1,
        }
    }

    /// What is given for a variable, or its default.
    fn variable(&self, name: &Name) -> Option<&'a Const> {
        self.variables.get(name).or_else(|| {
            let mut definitions = self.operation.variable_definitions.iter();
            let definition = definitions.find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value()
        })
    }

    fn named(&self, name: &Name) -> Option<&'a MetaType> {
        self.registry.types.get(name.as_str())
    }
}

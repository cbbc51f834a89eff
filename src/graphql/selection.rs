//! The fields that a document selects of an object, those of its fragments in their places.

use async_graphql::{
    Value, Variables,
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
    registry::Registry,
};
use async_graphql_value::Value as Given;

/// An operation of a document.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    pub document: &'a ExecutableDocument,
    pub definition: &'a OperationDefinition,
    /// The variables that `@skip` and `@include` depend on, with defaults.
    pub variables: &'a Variables,
    pub registry: &'a Registry,
}

/// Selections of one object, each with the type it is made on.
pub(super) type Selected<'a> = Vec<(&'a str, &'a SelectionSet)>;

/// A field, with the type that has it.
pub(super) type FieldOn<'a> = (&'a str, &'a Field);

impl<'a> Operation<'a> {
    /// None for a kind of operation that the schema has not.
    pub(super) fn root(&self) -> Option<(&'a str, Selected<'a>)> {
        let root = match self.definition.ty {
            OperationType::Query => Some(&self.registry.query_type),
            OperationType::Mutation => self.registry.mutation_type.as_ref(),
            OperationType::Subscription => self.registry.subscription_type.as_ref(),
        };
        let root = root?.as_str();
        Some((root, vec![(root, &self.definition.selection_set.node)]))
    }

    /// The fields selected of an object of this type, in order; of any type where none is given.
    pub(super) fn fields(&self, selected: &Selected<'a>, of: Option<&str>) -> Vec<FieldOn<'a>> {
        let mut fields = Vec::new();
        for (on, set) in selected {
            self.collect(on, set, of, &mut fields);
        }
        fields
    }

    fn collect(
        &self,
        on: &'a str,
        set: &'a SelectionSet,
        of: Option<&str>,
        fields: &mut Vec<FieldOn<'a>>,
    ) {
        for selection in &set.items {
            if !selection.node.directives().is_empty() && self.is_skipped(&selection.node) {
                continue;
            }
            let (on, set) = match &selection.node {
                Selection::Field(field) => {
                    fields.push((on, &field.node));
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(on, |condition| &condition.node.on.node);
                    (on, &fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    let on = fragment.node.type_condition.node.on.node.as_str();
                    (on, &fragment.node.selection_set.node)
                }
            };
            if of.is_none_or(|of| self.applies(on, of)) {
                self.collect(on, set, of, fields);
            }
        }
    }

    /// Whether a fragment on a type is for an object of another.
    fn applies(&self, on: &str, of: &str) -> bool {
        let possible = || self.registry.types.get(on)?.possible_types();
        on == of || possible().is_some_and(|possible| possible.contains(of))
    }

    fn is_skipped(&self, selection: &Selection) -> bool {
        let mut directives = selection.directives().iter();
        directives.any(|directive| match directive.node.name.node.as_str() {
            "skip" => self.condition(&directive.node),
            "include" => !self.condition(&directive.node),
            _ => false,
        })
    }

    fn condition(&self, directive: &Directive) -> bool {
        let given = directive.get_argument("if").map(|value| &value.node);
        let is_true = match given {
            Some(Given::Boolean(is_true)) => return *is_true,
            Some(Given::Variable(name)) => self.variables.get(name),
            _ => None,
        };
        is_true == Some(&Value::Boolean(true))
    }
}

/// The name of a field in an answer: its alias, if it has one.
pub(super) fn key_of(field: &Field) -> &str {
    &field.response_key().node
}

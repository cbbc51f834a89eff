//! The size of a document after fragment expansion.

use std::collections::HashMap;

use async_graphql::{
    Positioned,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};

use super::{DEPTH, introspection::LISTS};

/// The size of a selection set, with all that is inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Levels: a field, a spread and an inline fragment are each one.
    pub depth: usize,
    /// Fields, spreads and inline fragments: one that is empty of fields multiplies just as well.
    pub selections: usize,
    pub aliases: usize,
    pub directives: usize,
    /// At the one place that has most of them.
    pub directives_at_once: usize,
    /// Lists of the schema's types that stand inside one another.
    pub introspection: usize,
}

impl Size {
    pub(super) fn largest(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            selections: self.selections.max(other.selections),
            aliases: self.aliases.max(other.aliases),
            directives: self.directives.max(other.directives),
            directives_at_once: self.directives_at_once.max(other.directives_at_once),
            introspection: self.introspection.max(other.introspection),
        }
    }

    fn with(self, inside: Self) -> Self {
        Self {
            depth: self.depth.max(inside.depth + 1),
            selections: self.selections.saturating_add(inside.selections),
            aliases: self.aliases.saturating_add(inside.aliases),
            directives: self.directives.saturating_add(inside.directives),
            directives_at_once: self.directives_at_once.max(inside.directives_at_once),
            introspection: self.introspection.max(inside.introspection),
        }
    }

    fn and_directives(mut self, directives: &[Positioned<Directive>]) -> Self {
        self.directives = self.directives.saturating_add(directives.len());
        self.directives_at_once = self.directives_at_once.max(directives.len());
        self
    }
}

/// Counts each fragment once: the library's own walks follow every spread anew, and 861 bytes
/// can make millions.
pub(super) struct Expansion<'a> {
    document: &'a ExecutableDocument,
    /// None while a fragment is being counted.
    known: HashMap<&'a str, Option<Size>>,
    /// A fragment that was met while it was being counted: it spreads itself, and the library
    /// would follow it until the stack is full.
    cycle: Option<&'a str>,
    /// How deep the count is.
    level: usize,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(document: &'a ExecutableDocument) -> Self {
        Self {
            document,
            known: HashMap::new(),
            cycle: None,
            level: 0,
        }
    }

    /// The most of each that any operation has, or the name of a fragment that spreads itself.
    pub(super) fn largest(mut self) -> Result<Size, &'a str> {
        let document = self.document;
        let mut largest = Size::default();
        for (_, operation) in document.operations.iter() {
            let operation = &operation.node;
            let mut size = self
                .count(&operation.selection_set.node)
                .and_directives(&operation.directives);
            for variable in &operation.variable_definitions {
                size = size.and_directives(&variable.node.directives);
            }
            largest = largest.largest(size);
        }
        // Also those that no operation spreads: validation looks into them too.
        for name in document.fragments.keys() {
            largest = largest.largest(self.fragment(name));
        }
        self.cycle.map_or(Ok(largest), Err)
    }

    fn count(&mut self, selections: &'a SelectionSet) -> Size {
        let mut total = Size::default();
        // Deep enough to be refused: looking further would only fill the stack.
        if self.level > DEPTH.max {
            return total;
        }
        self.level += 1;
        for selection in &selections.items {
            let selection = &selection.node;
            let aliased =
                matches!(selection, Selection::Field(field) if field.node.alias.is_some());
            total.selections = total.selections.saturating_add(1);
            total.aliases = total.aliases.saturating_add(aliased.into());
            total = total.and_directives(selection.directives());
            total = total.with(match selection {
                Selection::Field(field) => {
                    let mut inside = self.count(&field.node.selection_set.node);
                    let is_list = LISTS.contains(&field.node.name.node.as_str());
                    inside.introspection += usize::from(is_list);
                    inside
                }
                Selection::InlineFragment(fragment) => {
                    self.count(&fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str())
                }
            });
        }
        self.level -= 1;
        total
    }

    fn fragment(&mut self, name: &'a str) -> Size {
        if let Some(known) = self.known.get(name) {
            if known.is_none() {
                self.cycle = Some(name);
            }
            return known.unwrap_or_default();
        }
        self.known.insert(name, None);
        let document = self.document;
        let size = document.fragments.get(name).map(|fragment| {
            self.count(&fragment.node.selection_set.node)
                .and_directives(&fragment.node.directives)
        });
        let size = size.unwrap_or_default();
        self.known.insert(name, Some(size));
        size
    }
}

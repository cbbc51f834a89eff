//! How large a document is, found out before the library looks at it: its parser and its
//! validation follow whatever they are given, by recursion and without memory.
//!
//! May use: the parser's types.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// Bytes of a document, at most.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// Brackets, braces and parentheses inside one another, at most: the parser follows values by
/// recursion without a bound of its own.
pub(super) const MAX_NESTING: usize = 64;

/// Levels of an operation, at most: fields inside fields, and fragments inside those. GraphiQL's
/// own introspection has 17.
pub(super) const MAX_DEPTH: usize = 40;

/// Fields and fragments of an operation, at most, with every fragment in its places.
pub(super) const MAX_SELECTIONS: usize = 1_000;

/// How deep brackets stand inside one another, outside strings and comments.
///
/// None if a block string is not closed: the parser would then take its quotation marks for
/// strings of one line, and see brackets where we saw none.
pub(super) fn nesting(document: &str) -> Option<usize> {
    let bytes = document.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => {
                at += bytes[at..]
                    .iter()
                    .take_while(|byte| !matches!(byte, b'\n' | b'\r'))
                    .count();
            }
            b'"' => at = string_end(bytes, at)?,
            _ => {}
        }
        at += 1;
    }
    Some(deepest)
}

/// Where the string that begins at `start` has its last quotation mark, or its line ends. None
/// if it is a block string that does not end.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let block = bytes[start..].starts_with(b"\"\"\"");
    let mut at = start + if block { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if block && bytes[at..].starts_with(b"\\\"\"\"") => at += 3,
            b'\\' if !block => at += 1,
            b'"' if block && bytes[at..].starts_with(b"\"\"\"") => return Some(at + 2),
            b'"' | b'\n' | b'\r' if !block => return Some(at),
            _ => {}
        }
        at += 1;
    }
    (!block).then_some(at)
}

#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    pub depth: usize,
    pub selections: usize,
}

/// Counts what a document becomes when its fragments are put in their places, each fragment
/// once: the library's own walks follow every spread anew, and 861 bytes can make millions.
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

    /// The size of the largest operation, or the name of a fragment that spreads itself.
    pub(super) fn largest(mut self) -> Result<Size, &'a str> {
        let document = self.document;
        let mut largest = Size::default();
        for (_, operation) in document.operations.iter() {
            let size = self.count(&operation.node.selection_set.node);
            largest.depth = largest.depth.max(size.depth);
            largest.selections = largest.selections.max(size.selections);
        }
        // Also those that no operation spreads: validation looks into them too.
        for name in document.fragments.keys() {
            let size = self.fragment(name);
            largest.depth = largest.depth.max(size.depth);
            largest.selections = largest.selections.max(size.selections);
        }
        self.cycle.map_or(Ok(largest), Err)
    }

    /// A spread and an inline fragment are selections too, and levels: one that is empty of
    /// fields multiplies just as well.
    fn count(&mut self, selections: &'a SelectionSet) -> Size {
        let mut total = Size::default();
        // Deep enough to be refused: looking further would only fill the stack.
        if self.level > MAX_DEPTH {
            return total;
        }
        self.level += 1;
        for selection in &selections.items {
            let inside = match &selection.node {
                Selection::Field(field) => self.count(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => {
                    self.count(&fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str())
                }
            };
            total.depth = total.depth.max(inside.depth + 1);
            total.selections = total
                .selections
                .saturating_add(inside.selections)
                .saturating_add(1);
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
        let size = document
            .fragments
            .get(name)
            .map(|fragment| self.count(&fragment.node.selection_set.node))
            .unwrap_or_default();
        self.known.insert(name, Some(size));
        size
    }
}

#[cfg(test)]
mod tests {
    use super::{Expansion, nesting};

    #[test]
    fn nesting_is_counted_outside_strings_and_comments() {
        let long = format!("{{a(x:{})}}", "[".repeat(2_000));
        for (document, expected) in [
            ("{ a(x: [[1]]) { b } }", Some(4)),
            (r#"{ a(x: "[[[[\"[[[[") }"#, Some(2)),
            ("{ a # {{{{{{\n }", Some(1)),
            (r#"{ a(x: """[[ \""" [[ " [[""") { b } }"#, Some(2)),
            (&long, Some(2_002)),
            ("}}}}{", Some(1)),
            ("{ a(x: \"unclosed", Some(2)),
            // A string's end, and a block string or an empty string right after it.
            (r#"{ a(x: ["b"""" " """ [[1]]]) }"#, Some(5)),
            (r#"{ a(x: ["""""" " " [[1]]]) }"#, Some(5)),
            // To the parser: an empty string, a string, brackets.
            (r#"{ a(x: ["""  " [[1]]]) }"#, None),
        ] {
            assert_eq!(nesting(document), expected, "{document}");
        }
    }

    #[test]
    fn fragments_are_counted_once_and_at_their_full_size() {
        use std::fmt::Write;
        let mut document = "{ ...f30 } fragment f0 on Query { __typename }".to_owned();
        for n in 1..=30 {
            let before = n - 1;
            write!(
                document,
                " fragment f{n} on Query {{ ...f{before} ...f{before} }}"
            )
            .unwrap();
        }
        let document = async_graphql::parser::parse_query(document).unwrap();
        assert_eq!(
            Expansion::new(&document).largest().unwrap().selections,
            3 * (1 << 30) - 1
        );
        for cycle in [
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a x }",
            "{ x } fragment a on Query { ...a }",
        ] {
            let document = async_graphql::parser::parse_query(cycle).unwrap();
            assert!(Expansion::new(&document).largest().is_err(), "{cycle}");
        }
    }
}

//! Documents of the September 2025 edition for a parser of an earlier one: descriptions of
//! operations, fragments and variables (<https://spec.graphql.org/September2025/#sec-Descriptions>),
//! and directives of variables, which come after the default value. Neither changes what is
//! executed. Spaces take their places, so that everything else keeps its line and column.

use std::{borrow::Cow, iter::Peekable, ops::Range};

use super::text::token;

/// A text that [`super::check_text`] has let through, without them.
pub(in crate::graphql) fn without_descriptions(document: &str) -> Cow<'_, str> {
    let blanks = Tokens::of(document).blanks();
    if blanks.is_empty() {
        return Cow::Borrowed(document);
    }
    let mut text = String::with_capacity(document.len());
    let mut kept = 0;
    for blank in blanks {
        text.push_str(&document[kept..blank.start]);
        kept = blank.end;
        let chars = document[blank].chars();
        text.extend(chars.map(|char| match char {
            '\n' | '\r' => char,
            _ => ' ',
        }));
    }
    text.push_str(&document[kept..]);
    Cow::Owned(text)
}

/// Tokens of a document.
struct Tokens<'a, I: Iterator<Item = Range<usize>>> {
    bytes: &'a [u8],
    tokens: Peekable<I>,
}

impl<'a> Tokens<'a, std::iter::Empty<Range<usize>>> {
    fn of(document: &'a str) -> Tokens<'a, impl Iterator<Item = Range<usize>>> {
        let bytes = document.as_bytes();
        let mut at = 0;
        let tokens = std::iter::from_fn(move || {
            let token = token(bytes, at)??;
            at = token.end;
            Some(token)
        });
        let tokens = tokens
            .filter(move |token| bytes[token.start] != b'#')
            .peekable();
        Tokens { bytes, tokens }
    }
}

impl<I: Iterator<Item = Range<usize>>> Tokens<'_, I> {
    /// The places that the parser does not read.
    fn blanks(mut self) -> Vec<Range<usize>> {
        let bytes = self.bytes;
        let mut blanks = Vec::new();
        let mut open = Vec::new();
        let mut before = None;
        let mut has_default = false;
        while let Some(token) = self.tokens.next() {
            let first = bytes[token.start];
            match (open.as_slice(), first) {
                // Of a definition, and not inside one.
                ([], b'"') if matches!(before, None | Some(b'}')) => {
                    let next = self.tokens.peek().map(|next| &bytes[next.clone()]);
                    let defines = matches!(
                        next,
                        Some(b"query" | b"mutation" | b"subscription" | b"fragment")
                    );
                    if defines && is_closed(&bytes[token.clone()]) {
                        blanks.push(token);
                    }
                }
                // Of a variable: no value.
                ([b'('], b'"') if !matches!(before, Some(b':' | b'=')) => {
                    let next = self.tokens.peek().map(|next| bytes[next.start]);
                    if next == Some(b'$') && is_closed(&bytes[token.clone()]) {
                        blanks.push(token);
                    }
                }
                ([b'('], b'$') => has_default = false,
                ([b'('], b'=') => has_default = true,
                ([b'('], b'@') if has_default => {
                    if let Some(end) = self.directive_end() {
                        blanks.push(token.start..end);
                    }
                }
                (_, b'(' | b'[' | b'{') => open.push(first),
                (_, b')' | b']' | b'}') => _ = open.pop(),
                _ => {}
            }
            before = Some(first);
        }
        blanks
    }

    /// The end of the directive whose `@` was the last token. None where it is malformed.
    fn directive_end(&mut self) -> Option<usize> {
        let bytes = self.bytes;
        let is_name = |byte: u8| byte == b'_' || byte.is_ascii_alphabetic();
        let mut end = self.tokens.next_if(|next| is_name(bytes[next.start]))?.end;
        let mut depth = 0_usize;
        while let Some(part) = self
            .tokens
            .next_if(|next| depth > 0 || bytes[next.start] == b'(')
        {
            match bytes[part.start] {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                _ => {}
            }
            end = part.end;
            if depth == 0 {
                break;
            }
        }
        (depth == 0).then_some(end)
    }
}

fn is_closed(string: &[u8]) -> bool {
    string.len() > 1 && string.ends_with(b"\"")
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn descriptions_become_spaces() {
        for (document, expected) in [
            ("{ a }", "{ a }"),
            ("\"Names\" query Q { a }", "        query Q { a }"),
            (
                "\"\"\"\nThe é of\n\"\"\"\nquery Q(\"how many\" $n: Int = 1) { a }",
                "   \n        \n   \nquery Q(           $n: Int = 1) { a }",
            ),
            (
                "{ a } # \"no\"\n\"F\" # of it\nfragment F on Query { a(b: \"c\" d: $e) }",
                "{ a } # \"no\"\n    # of it\nfragment F on Query { a(b: \"c\" d: $e) }",
            ),
            (
                "query ($a: String = \"x\" \"d\" $b: [String] = [\"y\"] \"e\" $c: Int) { a }",
                "query ($a: String = \"x\"     $b: [String] = [\"y\"]     $c: Int) { a }",
            ),
            // Directives of variables, where the specification has them.
            (
                "query ($a: [Int] = [1] @d(x: [{ y: \"(\" }], z: 2) @e $b: Int @f, $c: Int = 1) @g { a }",
                "query ($a: [Int] = [1]                              $b: Int @f, $c: Int = 1) @g { a }",
            ),
        ] {
            assert_eq!(without_descriptions(document), expected);
            parse_query(without_descriptions(document)).unwrap();
        }
    }

    #[test]
    fn other_strings_stay() {
        for document in [
            "{ a(b: [\"c\" $d]) }",
            "query ($a: String = \"b\" $c: Int) { a }",
            "query @a(b: \"c\", d: 1) { a(b: \"c\" d: $e) }",
            // No description has this place.
            "\"d\" { a }",
            "query \"d\" { a }",
            "fragment \"d\" fragment on Query { a }",
            "\"unclosed\nquery { a }",
            "\"unclosed",
            "query ($a: Int = 1 @d(",
        ] {
            assert_eq!(without_descriptions(document), document);
        }
    }

    proptest! {
        #[test]
        fn nothing_moves(document in "([\"#@$(){}=: \nqé\\\\]|\"\"\"|query|fragment|@d){0,40}") {
            let text = without_descriptions(&document);
            prop_assert_eq!(text.chars().count(), document.chars().count());
            for (one, other) in text.chars().zip(document.chars()) {
                prop_assert!(one == other || one == ' ');
            }
        }
    }
}

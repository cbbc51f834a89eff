//! A document's tokens, and what can be counted of them before anything parses it.

use std::ops::Range;

/// Counts over a text, outside strings and comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// Names, numbers, strings and punctuators
    /// (<https://spec.graphql.org/draft/#sec-Language.Source-Text.Lexical-Tokens>); and comments,
    /// which take the parser longer than any of them.
    pub tokens: usize,
    /// Bytes of names, all together.
    pub names: usize,
    /// How deep brackets stand inside one another.
    pub nesting: usize,
}

/// Counts in one pass.
///
/// None if a block string is not closed: the parser would then take its quotation marks for
/// strings of one line, and see brackets where we saw none.
pub(super) fn scan(document: &str) -> Option<Text> {
    let bytes = document.as_bytes();
    let mut text = Text::default();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(token) = token(bytes, at)? {
        match bytes[token.start] {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => text.names += token.len(),
            _ => {}
        }
        text.nesting = text.nesting.max(depth);
        text.tokens += 1;
        at = token.end;
    }
    Some(text)
}

/// The next token or comment, if there is one; the outer None if a block string is not closed.
#[expect(clippy::option_option, reason = "for the operator ?")]
pub(super) fn token(bytes: &[u8], mut at: usize) -> Option<Option<Range<usize>>> {
    loop {
        let end = match bytes.get(at) {
            None => return Some(None),
            // Unicode's byte order mark is ignored, as these are.
            Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => {
                at += 1;
                continue;
            }
            Some(0xEF) if bytes[at..].starts_with("\u{feff}".as_bytes()) => {
                at += 3;
                continue;
            }
            Some(b'#') => end_of(bytes, at, |byte| !matches!(byte, b'\n' | b'\r')),
            Some(b'"') => string_end(bytes, at)? + 1,
            Some(b'-' | b'0'..=b'9') => end_of(bytes, at + 1, |byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_')
            }),
            Some(b'_' | b'a'..=b'z' | b'A'..=b'Z') => end_of(bytes, at, |byte| {
                byte.is_ascii_alphanumeric() || byte == b'_'
            }),
            Some(b'.') if bytes[at..].starts_with(b"...") => at + 3,
            Some(_) => at + 1,
        };
        return Some(Some(at..end.min(bytes.len())));
    }
}

fn end_of(bytes: &[u8], start: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = bytes[start..].iter();
    start + rest.take_while(|byte| belongs(**byte)).count()
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

#[cfg(test)]
mod tests {
    use super::{Text, scan};

    #[test]
    fn brackets_are_counted_outside_strings_and_comments() {
        let long = format!("{{a(x:{})}}", "[".repeat(2_000));
        for (document, nesting) in [
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
            let counted = scan(document).map(|text| text.nesting);
            assert_eq!(counted, nesting, "{document}");
        }
    }

    #[test]
    fn tokens_are_what_the_language_says() {
        for (document, tokens) in [
            ("", 0),
            (" ,\t\r\n\u{feff}# nothing { here", 1),
            ("{ a }", 3),
            ("{a:b}", 5),
            ("query Q($x: [Int!] = [1, -2.5e+3]) @d { ...F }", 22),
            (r#"{ a(x: "one \" token", y: """an" other""") }"#, 11),
            ("{ a # b c d\n }", 4),
            ("query($x:Int!){a}", 11),
        ] {
            let counted = scan(document).map(|text| text.tokens);
            assert_eq!(counted, Some(tokens), "{document}");
        }
        let other = Text {
            tokens: 4,
            names: 3,
            nesting: 0,
        };
        assert_eq!(scan("\u{0}é abc"), Some(other));
    }
}

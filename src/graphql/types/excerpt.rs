//! The beginning of an answer, as lists show it: plain text on one line.

use unicode_normalization::char::is_combining_mark;

use crate::{
    graphql::ApiError,
    validation::{FieldErrorCode, Violation},
};

/// Characters of an excerpt, where the argument is absent and at most.
pub(super) const DEFAULT: usize = 140;
const MAX: usize = 500;

/// Stands for the rest of the text.
const REST: char = '…';

/// Checks the argument `length`.
pub(super) fn length(length: i32) -> Result<usize, ApiError> {
    let fitting = usize::try_from(length).ok();
    let fitting = fitting.filter(|length| (1..=MAX).contains(length));
    fitting.ok_or_else(|| {
        let message = format!("An excerpt has 1 to {MAX} characters.");
        let rule = Violation::within(FieldErrorCode::OutOfRange, 1..=MAX, message);
        ApiError::argument("length", rule)
    })
}

/// At most so many characters of a Markdown text, without its marks; whole words where it can be.
pub(super) fn of(markdown: &str, length: usize) -> String {
    let text = plain(markdown);
    let Some((end, _)) = text.char_indices().nth(length) else {
        return text;
    };
    let room = text.char_indices().nth(length - 1).map_or(0, |(at, _)| at);
    // A space right after the room ends a word as well.
    let mut cut = text[..end].rfind(' ').unwrap_or(0);
    if cut <= room / 3 {
        cut = room;
        // A letter goes with its marks.
        while cut > 0 && text[cut..].starts_with(is_combining_mark) {
            cut = text[..cut]
                .char_indices()
                .next_back()
                .map_or(0, |(at, _)| at);
        }
    }
    let mut excerpt = text[..cut].trim_end().to_owned();
    excerpt.push(REST);
    excerpt
}

/// The text of paragraphs, headings and lists, on one line.
fn plain(markdown: &str) -> String {
    let mut text = String::new();
    for line in markdown.lines() {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>');
        let line = match line.split_once(' ') {
            Some(("-" | "*" | "+" | "#" | "##" | "###" | "####" | "#####" | "######", item)) => {
                item
            }
            _ => line,
        };
        for word in line.split_whitespace() {
            if !text.is_empty() {
                text.push(' ');
            }
            push_word(&mut text, word);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// A word without the marks of emphasis around it, and without the backslashes before marks.
fn push_word(text: &mut String, word: &str) {
    let mut before = None;
    let mut characters = word.chars().peekable();
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        let within = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        match c {
            '\\' if next.is_some_and(|next| next.is_ascii_punctuation()) => {
                text.extend(characters.next());
            }
            '*' | '`' => {}
            '_' if !(within(before) && within(next)) => {}
            _ => text.push(c),
        }
        before = Some(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_lines_are_left_out() {
        for (markdown, text) in [
            ("", ""),
            ("One line.", "One line."),
            (
                "# A **door**\n\nand *a* __way__, snake_case\n",
                "A door and a way, snake_case",
            ),
            ("- one\n- two\n\n> said `so`", "one two said so"),
            ("2 \\* 3 is \\_six\\_", "2 * 3 is _six_"),
            ("- \n\nx", "x"),
        ] {
            assert_eq!(of(markdown, MAX), text, "{markdown:?}");
        }
    }

    #[test]
    fn it_is_cut_after_a_word_and_never_longer() {
        for (length, excerpt) in [
            (500, "The river rises, slowly."),
            (24, "The river rises, slowly."),
            (23, "The river rises,…"),
            (17, "The river rises,…"),
            (16, "The river…"),
            (10, "The river…"),
            (9, "The…"),
            (2, "T…"),
            (1, "…"),
        ] {
            assert_eq!(of("The river rises, slowly.", length), excerpt, "{length}");
        }
        // A text without spaces, and letters with their marks.
        assert_eq!(of(&"水".repeat(200), 5), "水水水水…");
        assert_eq!(of(&"o\u{301}".repeat(9), 4), "o\u{301}…");
        assert_eq!(of(&"o\u{301}".repeat(9), 2), "…");
        for length in 1..40 {
            let excerpt = of(
                "A **b** cccccccccccccccccccccc d\u{301}\u{323}e ffff",
                length,
            );
            assert!(excerpt.chars().count() <= length, "{length}: {excerpt}");
        }
    }
}

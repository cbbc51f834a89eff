//! The words of a text, and what is searched for, in the form in which both databases index them:
//! letters and digits, without case and accents.

use std::fmt::Write;

use unicase::UniCase;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use uuid::Uuid;

/// Characters of a word that count.
const LONGEST: usize = 64;

/// Stands for the end of the question and in the user's own word: no folded word has it.
const MARK: char = '@';

/// Words that have to follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    words: Vec<String>,
    /// Whether the last of them may go on.
    is_prefix: bool,
}

/// The terms of a search, which all have to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sought(Vec<Term>);

impl Sought {
    /// A word finds words that begin with it. A phrase in quotation marks finds its words as they are.
    /// No other character means anything.
    pub(super) fn parse(text: &str) -> Self {
        let mut terms = Vec::new();
        for (n, part) in text.split(['"', '“', '”', '„', '«', '»']).enumerate() {
            if n % 2 == 1 {
                terms.push(Term {
                    words: words(part),
                    is_prefix: false,
                });
                continue;
            }
            terms.extend(part.split_whitespace().map(|token| {
                let words = words(token);
                let is_prefix = words.last().is_some_and(|word| word.chars().count() > 1);
                Term { words, is_prefix }
            }));
        }
        terms.retain(|term| !term.words.is_empty());
        Self(terms)
    }

    /// Whether nothing is sought that a reading could have.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a `tsquery`.
    pub(super) fn as_tsquery(&self, user_id: Uuid) -> String {
        let mut query = format!("'{}'", own_word(user_id));
        for term in &self.0 {
            query.push_str(" & (");
            for (n, word) in term.words.iter().enumerate() {
                let before = if n == 0 { "" } else { " <-> " };
                let _ = write!(query, "{before}'{word}'");
            }
            query.push_str(if term.is_prefix { ":*)" } else { ")" });
        }
        query
    }

    /// As parts of a text of words with a space after its last.
    pub(super) fn as_texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|term| {
            let end = if term.is_prefix { "" } else { " " };
            format!(" {}{end}", term.words.join(" "))
        })
    }

    /// As an expression of FTS5.
    pub(super) fn as_match(&self, user_id: Uuid) -> String {
        let mut query = format!("\"{}\"", own_word(user_id));
        for term in &self.0 {
            let _ = write!(query, " AND \"{}\"", term.words.join(" "));
            query.push_str(if term.is_prefix { " *" } else { "" });
        }
        query
    }
}

/// The words of a reading, as a text.
pub(super) fn as_text(user_id: Uuid, question: &str, answer: &str) -> String {
    all(user_id, question, answer).join(" ")
}

/// The same as a `tsvector`.
pub(super) fn as_tsvector(user_id: Uuid, question: &str, answer: &str) -> String {
    let mut vector = String::new();
    for (n, word) in all(user_id, question, answer).iter().enumerate() {
        let _ = write!(vector, "'{word}':{} ", n + 1);
    }
    vector
}

fn all(user_id: Uuid, question: &str, answer: &str) -> Vec<String> {
    let mut all = vec![own_word(user_id)];
    all.extend(words(question));
    // No phrase goes across.
    all.push(MARK.to_string());
    all.extend(words(answer));
    all
}

/// A word that all readings of a user have, and no others: an index of all words is searched for one
/// user's.
fn own_word(user_id: Uuid) -> String {
    format!("{MARK}{}", user_id.simple())
}

/// The words of a text, folded.
fn words(text: &str) -> Vec<String> {
    let folded = UniCase::unicode(text.nfkd().collect::<String>()).to_folded_case();
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(word.chars().take(LONGEST).collect());
            word.clear();
        }
    };
    for c in folded.nfkd().filter(|c| !is_combining_mark(*c)) {
        if !c.is_alphanumeric() {
            end(&mut word);
        } else if is_written_together(c) {
            end(&mut word);
            end(&mut c.to_string());
        } else if let Some(letters) = without_stroke(c) {
            word.push_str(letters);
        } else {
            word.push(c);
        }
    }
    end(&mut word);
    words
}

/// Letters of scripts without spaces between words: each is a word.
fn is_written_together(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Letters that do not decompose, in the letters that people type for them.
fn without_stroke(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ŋ' => "n",
        'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_without_case_and_accents() {
        for (text, expected) in [
            ("Yemọja’s ÇA, va?", "yemoja s ca va"),
            ("STRASSE Straße ΟΔΟΣ οδός", "strasse strasse οδοσ οδοσ"),
            ("Æther, Øystein & Łódź 42nd", "aether oystein lodz 42nd"),
            ("ﬁn\u{200b}de… e\u{301}te\u{301} \u{1f41a}", "fin de ete"),
            ("我爱 you", "我 爱 you"),
            ("", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
        assert_eq!(words(&"x".repeat(100))[0].len(), LONGEST);
    }

    #[test]
    fn nothing_that_is_typed_is_syntax() {
        let user = Uuid::nil();
        let own = own_word(user);
        for (text, tsquery, fts) in [
            ("Love", "('love':*)", "\"love\" *"),
            ("a lov", "('a') & ('lov':*)", "\"a\" AND \"lov\" *"),
            (
                "\"The Door\" x",
                "('the' <-> 'door') & ('x')",
                "\"the door\" AND \"x\"",
            ),
            ("don't", "('don' <-> 't')", "\"don t\""),
            ("l'eau", "('l' <-> 'eau':*)", "\"l eau\" *"),
            (
                "NOT (a* | b:c)",
                "('not':*) & ('a') & ('b' <-> 'c')",
                "\"not\" * AND \"a\" AND \"b c\"",
            ),
            ("'; DROP \"", "('drop':*)", "\"drop\" *"),
        ] {
            let sought = Sought::parse(text);
            assert_eq!(
                sought.as_tsquery(user),
                format!("'{own}' & {tsquery}"),
                "{text}"
            );
            assert_eq!(
                sought.as_match(user),
                format!("\"{own}\" AND {fts}"),
                "{text}"
            );
        }
        for nothing in ["", " ", "!? * \"\" @"] {
            assert!(Sought::parse(nothing).is_empty(), "{nothing}");
        }
    }
}

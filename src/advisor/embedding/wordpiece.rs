//! The tokenizer that the embedding table was trained with: BERT's, uncased.
//!
//! Text is cleaned, lower-cased and stripped of accents, split at spaces and punctuation, and each
//! word is cut greedily into the longest pieces of the vocabulary. It gives the same pieces as the
//! Python package `tokenizers`, which the tests hold it to.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{
    GeneralCategory as Category, GeneralCategoryGroup, UnicodeGeneralCategory,
};

/// The piece of a word that has none.
const UNKNOWN: &str = "[UNK]";
/// The prefix of a piece that continues a word.
const CONTINUES: &str = "##";
/// Longer words are unknown, in characters.
const LONGEST: usize = 100;

/// The pieces of a vocabulary, and their numbers.
pub(super) struct WordPiece {
    pieces: HashMap<&'static str, usize>,
    unknown: usize,
}

impl WordPiece {
    /// Numbers the pieces from 0. None if the one for unknown words is missing.
    pub(super) fn new(pieces: impl IntoIterator<Item = &'static str>) -> Option<Self> {
        let numbered = pieces.into_iter().enumerate();
        let pieces: HashMap<_, _> = numbered.map(|(number, piece)| (piece, number)).collect();
        let unknown = *pieces.get(UNKNOWN)?;
        Some(Self { pieces, unknown })
    }

    /// The numbers of a text's pieces.
    pub(super) fn pieces(&self, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for word in split(&normalize(text)) {
            self.cut(word, &mut found);
        }
        found
    }

    fn cut(&self, word: &str, found: &mut Vec<usize>) {
        let before = found.len();
        if word.chars().count() > LONGEST {
            found.push(self.unknown);
            return;
        }
        let mut rest = word;
        let mut candidate = String::with_capacity(CONTINUES.len() + word.len());
        while !rest.is_empty() {
            candidate.clear();
            if rest.len() < word.len() {
                candidate.push_str(CONTINUES);
            }
            let prefix = candidate.len();
            candidate.push_str(rest);
            let longest = loop {
                if let Some(piece) = self.pieces.get(candidate.as_str()) {
                    break Some(*piece);
                }
                candidate.pop();
                if candidate.len() == prefix {
                    break None;
                }
            };
            let Some(piece) = longest else {
                // A word is known whole or not at all.
                found.truncate(before);
                found.push(self.unknown);
                return;
            };
            found.push(piece);
            rest = &rest[candidate.len() - prefix..];
        }
    }

    /// Whether a word in lower case is a piece of its own.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.pieces.contains_key(word)
    }

    #[cfg(test)]
    pub(super) fn names(&self) -> HashMap<usize, &'static str> {
        self.pieces
            .iter()
            .map(|(name, number)| (*number, *name))
            .collect()
    }
}

fn normalize(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_removed(*c)) {
        if c.is_whitespace() {
            spaced.push(' ');
        } else if is_ideograph(c) {
            // Each is a word.
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced
        .nfd()
        .filter(|c| c.is_ascii() || c.general_category() != Category::NonspacingMark)
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_removed(c: char) -> bool {
    // A category is looked up in a table.
    if matches!(c, ' '..='~') {
        return false;
    }
    let removed = matches!(
        c.general_category(),
        Category::Control | Category::Format | Category::PrivateUse
    );
    c == '\u{fffd}' || (removed && !matches!(c, '\t' | '\n' | '\r'))
}

fn is_ideograph(c: char) -> bool {
    matches!(c,
        '\u{4e00}'..='\u{9fff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{20000}'..='\u{2a6df}'
        | '\u{2a700}'..='\u{2b73f}'
        | '\u{2b740}'..='\u{2b81f}'
        | '\u{2b920}'..='\u{2ceaf}'
        | '\u{f900}'..='\u{faff}'
        | '\u{2f800}'..='\u{2fa1f}')
}

/// Words, and each punctuation mark by itself.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().flat_map(|word| {
        word.split_inclusive(is_punctuation).flat_map(|part| {
            // A part ends with a mark, or with the word.
            let mark = part.char_indices().next_back();
            let end = mark
                .filter(|(_, c)| is_punctuation(*c))
                .map_or(part.len(), |(at, _)| at);
            let (word, mark) = part.split_at(end);
            [word, mark].into_iter().filter(|part| !part.is_empty())
        })
    })
}

fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation();
    }
    c.general_category_group() == GeneralCategoryGroup::Punctuation
}

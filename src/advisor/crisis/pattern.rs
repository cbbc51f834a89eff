//! Patterns of `crisis.toml`, and how a question matches one.

use std::{collections::HashMap, sync::Arc};

use super::words::{Known, Word, Words};

/// Words a gap of two and of three dots leaves room for.
const SHORT_GAP: usize = 2;
const LONG_GAP: usize = 8;

/// Phrases any of which will do, by the word they begin with.
#[derive(Debug, Default)]
pub(in crate::advisor) struct Phrases(HashMap<Known, Vec<Vec<Known>>>);

/// Phrases by the names patterns use for them.
pub(in crate::advisor) type Lists = HashMap<String, Arc<Phrases>>;

/// Words in an order, with alternatives and gaps.
#[derive(Debug)]
struct Pattern(Vec<Item>);

#[derive(Debug)]
enum Item {
    /// Any one of these phrases or, if it may, the end of a sentence.
    OneOf {
        phrases: Vec<Arc<Phrases>>,
        or_end: bool,
    },
    /// Up to so many words of any kind, in the same sentence.
    Gap(usize),
}

/// Patterns, found by the word they begin with.
#[derive(Debug, Default)]
pub(in crate::advisor) struct Patterns {
    by_first: HashMap<Known, Vec<usize>>,
    all: Vec<Pattern>,
}

impl Phrases {
    /// # Errors
    ///
    /// The phrase that has no words, or none that are not ignored.
    pub(in crate::advisor) fn read<'a>(
        texts: impl Iterator<Item = &'a str>,
        words: &mut Words,
    ) -> Result<Self, String> {
        let mut phrases = Self::default();
        for text in texts {
            let phrase = words.phrase(text);
            let Some(first) = phrase.first() else {
                return Err(format!("{text:?} is no word, or one that is ignored"));
            };
            phrases.0.entry(*first).or_default().push(phrase);
        }
        Ok(phrases)
    }

    /// The lengths of those that are said from a place on.
    fn said(&self, words: &[Word]) -> impl Iterator<Item = usize> {
        let first = words.first().and_then(|word| word.known);
        let begin = first.and_then(|first| self.0.get(&first));
        begin.into_iter().flatten().filter_map(|phrase| {
            let said = words.get(..phrase.len())?.iter().map(|word| word.known);
            said.eq(phrase.iter().copied().map(Some))
                .then_some(phrase.len())
        })
    }
}

impl Patterns {
    /// # Errors
    ///
    /// The error of the pattern, for its author.
    pub(in crate::advisor) fn add(
        &mut self,
        text: &str,
        lists: &Lists,
        words: &mut Words,
    ) -> Result<(), String> {
        let pattern = Pattern::parse(text, lists, words)?;
        let Some(Item::OneOf {
            phrases,
            or_end: false,
        }) = pattern.0.first()
        else {
            return Err("a pattern begins with a word".to_owned());
        };
        for first in phrases.iter().flat_map(|phrases| phrases.0.keys()) {
            let begin = self.by_first.entry(*first).or_default();
            if begin.last() != Some(&self.all.len()) {
                begin.push(self.all.len());
            }
        }
        self.all.push(pattern);
        Ok(())
    }

    /// Whether any of them is said.
    pub(in crate::advisor) fn is_in(&self, words: &[Word]) -> bool {
        (0..words.len()).any(|at| self.at(words, at).next().is_some())
    }

    /// The places of all words that make up any of the patterns.
    pub(in crate::advisor) fn places(&self, words: &[Word]) -> Vec<usize> {
        (0..words.len())
            .flat_map(|at| self.at(words, at).flatten())
            .collect()
    }

    /// The places of the words of each pattern that begins here.
    fn at<'a>(&'a self, words: &'a [Word], at: usize) -> impl Iterator<Item = Vec<usize>> + 'a {
        let candidates = words[at].known.and_then(|known| self.by_first.get(&known));
        candidates.into_iter().flatten().filter_map(move |pattern| {
            let mut places = Vec::new();
            follows(&self.all[*pattern].0, words, at, &mut places).then_some(places)
        })
    }
}

impl Pattern {
    fn parse(text: &str, lists: &Lists, words: &mut Words) -> Result<Self, String> {
        let mut items = Vec::new();
        for item in text.split_whitespace() {
            items.push(match item {
                ".." => Item::Gap(SHORT_GAP),
                "..." => Item::Gap(LONG_GAP),
                _ => Item::one_of(item, lists, words)?,
            });
        }
        match items.last() {
            Some(Item::Gap(_)) => Err("a pattern does not end with a gap".to_owned()),
            _ => Ok(Self(items)),
        }
    }
}

impl Item {
    fn one_of(item: &str, lists: &Lists, words: &mut Words) -> Result<Self, String> {
        let mut phrases = Vec::new();
        let mut own = Vec::new();
        let mut or_end = false;
        for choice in item.split('|') {
            let list = choice
                .strip_prefix('<')
                .and_then(|rest| rest.strip_suffix('>'));
            match list {
                Some(name) => phrases.push(
                    lists
                        .get(name)
                        .ok_or_else(|| format!("there is no list {name:?} in [lists]"))?
                        .clone(),
                ),
                None if choice == "." => or_end = true,
                None => own.push(choice),
            }
        }
        if !own.is_empty() {
            phrases.push(Arc::new(Phrases::read(own.into_iter(), words)?));
        }
        Ok(Self::OneOf { phrases, or_end })
    }
}

/// Whether the items are what is said from a place on; and if so, at which places.
fn follows(items: &[Item], words: &[Word], at: usize, places: &mut Vec<usize>) -> bool {
    let Some((item, rest)) = items.split_first() else {
        return true;
    };
    // A pattern begins with a word, so there is one before every gap and end.
    let same_sentence = |next: &Word| at == 0 || next.sentence == words[at - 1].sentence;
    match item {
        Item::OneOf { phrases, or_end } => {
            let before = places.len();
            for length in phrases.iter().flat_map(|all| all.said(&words[at..])) {
                places.extend(at..at + length);
                if follows(rest, words, at + length, places) {
                    return true;
                }
                places.truncate(before);
            }
            *or_end && !words.get(at).is_some_and(same_sentence) && follows(rest, words, at, places)
        }
        Item::Gap(most) => (at..=at + most)
            .take_while(|next| words.get(*next).is_some_and(same_sentence))
            .any(|next| follows(rest, words, next, places)),
    }
}

//! What a pattern of `care.txt` is, and whether a question says it.

use std::collections::HashMap;

use super::words::{Known, Word, Words};

/// Lists of phrases, by the names patterns use for them.
pub(super) type Lists = HashMap<String, Vec<Vec<Known>>>;

/// Words a gap of two and of three dots leaves room for.
const SHORT_GAP: usize = 2;
const LONG_GAP: usize = 8;

#[derive(Debug)]
enum Item {
    OneOf(Vec<Choice>),
    /// Up to so many words of any kind, in the same sentence.
    Gap(usize),
}

#[derive(Debug)]
enum Choice {
    Phrase(Vec<Known>),
    /// The end of a sentence.
    End,
}

/// Words in an order, with alternatives and gaps.
#[derive(Debug)]
struct Pattern(Vec<Item>);

/// Patterns, found by the word they begin with.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    by_first: HashMap<Known, Vec<usize>>,
    all: Vec<Pattern>,
}

impl Patterns {
    /// # Errors
    ///
    /// What is wrong with it, for whoever wrote it.
    pub(super) fn add(
        &mut self,
        text: &str,
        lists: &Lists,
        words: &mut Words,
    ) -> Result<(), String> {
        let pattern = Pattern::parse(text, lists, words)?;
        let Some(Item::OneOf(choices)) = pattern.0.first() else {
            return Err("a pattern begins with a word".to_owned());
        };
        let mut firsts = Vec::new();
        for choice in choices {
            match choice {
                Choice::Phrase(phrase) => firsts.push(phrase[0]),
                Choice::End => return Err("a pattern begins with a word".to_owned()),
            }
        }
        firsts.sort_unstable();
        firsts.dedup();
        for first in firsts {
            self.by_first.entry(first).or_default().push(self.all.len());
        }
        self.all.push(pattern);
        Ok(())
    }

    pub(super) fn is_in(&self, words: &[Word]) -> bool {
        (0..words.len()).any(|at| self.at(words, at).next().is_some())
    }

    /// The places of all words that make up any of the patterns.
    pub(super) fn places(&self, words: &[Word]) -> Vec<usize> {
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
                _ => Item::OneOf(choices(item, lists, words)?),
            });
        }
        match items.last() {
            Some(Item::Gap(_)) => Err("a pattern does not end with a gap".to_owned()),
            _ => Ok(Self(items)),
        }
    }
}

fn choices(item: &str, lists: &Lists, words: &mut Words) -> Result<Vec<Choice>, String> {
    let mut choices = Vec::new();
    for choice in item.split('|') {
        let list = choice
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'));
        if let Some(name) = list {
            let list = lists
                .get(name)
                .ok_or_else(|| format!("there is no list {name:?} in [lists]"))?;
            choices.extend(list.iter().cloned().map(Choice::Phrase));
        } else if choice == "." {
            choices.push(Choice::End);
        } else {
            let phrase = words.phrase(choice);
            if phrase.is_empty() {
                return Err(format!("{choice:?} is no word, or one that is ignored"));
            }
            choices.push(Choice::Phrase(phrase));
        }
    }
    Ok(choices)
}

/// Whether the items are what is said from a place on; and if so, at which places.
fn follows(items: &[Item], words: &[Word], at: usize, places: &mut Vec<usize>) -> bool {
    let Some((item, rest)) = items.split_first() else {
        return true;
    };
    // A pattern begins with a word, so there is one before every gap and end.
    let same_sentence = |next: &Word| at == 0 || next.sentence == words[at - 1].sentence;
    match item {
        Item::OneOf(choices) => choices.iter().any(|choice| match choice {
            Choice::Phrase(phrase) => {
                let end = at + phrase.len();
                let is_said = words.get(at..end).is_some_and(|said| {
                    let mut both = said.iter().zip(phrase);
                    both.all(|(word, known)| word.known == Some(*known))
                });
                let before = places.len();
                places.extend(at..end);
                let all = is_said && follows(rest, words, end, places);
                if !all {
                    places.truncate(before);
                }
                all
            }
            Choice::End => {
                !words.get(at).is_some_and(same_sentence) && follows(rest, words, at, places)
            }
        }),
        Item::Gap(most) => (at..=at + most)
            .take_while(|next| words.get(*next).is_some_and(same_sentence))
            .any(|next| follows(rest, words, next, places)),
    }
}

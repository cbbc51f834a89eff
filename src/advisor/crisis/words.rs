//! The words of a question in one form, however they are written.
//!
//! Case, accents, what cannot be seen, letters held down ("dieeee"), letters spaced out
//! ("d i e") and signs in the place of letters ("k!ll") do not count. Both the patterns and the
//! questions are read here, so that what is written alike is alike.

use std::collections::{HashMap, HashSet};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A word of the file, by its place among all of them.
pub(in crate::advisor) type Known = usize;

/// A word of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::advisor) struct Word {
    /// None if the file does not have it, or no longer to be looked at.
    pub known: Option<Known>,
    /// The sentence it stands in, counted from 0.
    pub sentence: usize,
}

/// All words of the file, and what it says of how words are written.
#[derive(Debug, Default)]
pub(in crate::advisor) struct Words {
    known: HashMap<String, Known>,
    /// The same, with every letter once where it stands several times in a row.
    held_down: HashMap<String, Known>,
    /// Recognised also with signs in the place of letters.
    disguised: Vec<String>,
    /// Recognised also with a slip of the pen.
    misspelt: Vec<String>,
    /// Left out wherever they stand.
    ignored: HashSet<Known>,
    /// By the first word that is written; longest first.
    spelling: HashMap<Known, Vec<Spelling>>,
}

/// A spelling and the word it stands for.
#[derive(Debug)]
struct Spelling {
    written: Vec<Known>,
    meant: Vec<Known>,
}

impl Words {
    pub(in crate::advisor) fn disguise(&mut self, words: &str) {
        for (word, _) in split(words) {
            self.learn(word.clone());
            self.disguised.push(word);
        }
    }

    pub(in crate::advisor) fn misspell(&mut self, words: &str) {
        for (word, _) in split(words) {
            self.learn(word.clone());
            self.misspelt.push(word);
        }
    }

    pub(in crate::advisor) fn ignore(&mut self, words: &str) {
        for (word, _) in split(words) {
            let known = self.learn(word);
            self.ignored.insert(known);
        }
    }

    /// Reads `written` as `meant` from now on.
    pub(in crate::advisor) fn spell(&mut self, meant: &str, written: &str) {
        let mut learn = |text| -> Vec<_> {
            let words = split(text).into_iter();
            words.map(|(word, _)| self.learn(word)).collect()
        };
        let (meant, written) = (learn(meant), learn(written));
        if let Some(first) = written.first() {
            let all = self.spelling.entry(*first).or_default();
            all.push(Spelling { written, meant });
            all.sort_by_key(|spelling| std::cmp::Reverse(spelling.written.len()));
        }
    }

    /// A phrase of the file, every word of which is known from now on.
    pub(in crate::advisor) fn phrase(&mut self, text: &str) -> Vec<Known> {
        let words = split(text)
            .into_iter()
            .map(|(word, sentence)| Word {
                known: Some(self.learn(word)),
                sentence,
            })
            .collect();
        let words = self.corrected(words).into_iter();
        words.filter_map(|word| word.known).collect()
    }

    pub(in crate::advisor) fn read(&self, question: &str) -> Vec<Word> {
        let mut words = Vec::new();
        for (written, sentence) in split(question) {
            let mut push = |known| words.push(Word { known, sentence });
            if let Some(known) = self.recognise(&written) {
                push(Some(known));
            } else {
                // "husband's", or "stop!now": the parts, which are words of their own.
                for part in written.split(|c: char| !c.is_alphanumeric()) {
                    if !matches!(part, "" | "s") {
                        push(self.recognise(part));
                    }
                }
            }
        }
        self.corrected(words)
    }

    fn learn(&mut self, word: String) -> Known {
        if let Some(known) = self.known.get(&word) {
            return *known;
        }
        let next = self.known.len();
        self.held_down.entry(each_once(&word)).or_insert(next);
        self.known.insert(word, next);
        next
    }

    fn recognise(&self, written: &str) -> Option<Known> {
        let found = self.known.get(written).or_else(|| {
            let meant = if is_held_down(written) {
                return self.held_down.get(&each_once(written));
            } else if written.chars().all(char::is_alphabetic) {
                self.misspelt.iter().find(|word| is_slip_of(word, written))
            } else if written.contains(char::is_alphabetic) {
                let mut disguised = self.disguised.iter();
                disguised.find(|word| is_disguised(word, written))
            } else {
                None
            };
            self.known.get(meant?)
        });
        found.copied()
    }

    /// As it is meant, without what is ignored.
    fn corrected(&self, mut rest: Vec<Word>) -> Vec<Word> {
        let mut words = Vec::with_capacity(rest.len());
        rest.reverse();
        while let Some(word) = rest.pop() {
            let same = |written: &[Known]| {
                written[1..]
                    .iter()
                    .zip(rest.iter().rev().map(Some).chain(std::iter::repeat(None)))
                    .all(|(known, next)| next.is_some_and(|next| next.known == Some(*known)))
            };
            let spelling = word.known.and_then(|known| self.spelling.get(&known));
            let found = spelling.and_then(|all| all.iter().find(|one| same(&one.written)));
            if let Some(spelling) = found {
                rest.truncate(rest.len() + 1 - spelling.written.len());
                words.extend(spelling.meant.iter().map(|known| Word {
                    known: Some(*known),
                    ..word
                }));
            } else {
                words.push(word);
            }
        }
        words.retain(|word| {
            word.known
                .is_none_or(|known| !self.ignored.contains(&known))
        });
        words
    }
}

/// The words of a text, each with the number of its sentence.
pub(super) fn split(text: &str) -> Vec<(String, usize)> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut sentence = 0;
    let folded = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.nfkd()
            .filter(|c| !is_combining_mark(*c) && !is_invisible(*c))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let mut rest = folded.chars().peekable();
    while let Some(c) = rest.next() {
        let c = if matches!(c, '’' | '‘' | 'ʼ' | '`' | '´') {
            '\''
        } else {
            c
        };
        let inside = !word.is_empty() && rest.peek().is_some_and(|next| stands_in_a_word(*next));
        if is_ideograph(c) {
            // Chinese has no spaces: each character is a word, and a pattern has a phrase of them.
            if !word.is_empty() {
                words.push((std::mem::take(&mut word), sentence));
            }
            words.push((c.to_string(), sentence));
            continue;
        }
        if c.is_alphanumeric() || inside && stands_in_a_word(c) {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            words.push((std::mem::take(&mut word), sentence));
        }
        let ends = matches!(c, '.' | '?' | '!' | ';' | '…')
            && rest.peek().is_none_or(|c| c.is_whitespace());
        if ends || matches!(c, '\n' | '。' | '।' | '؟') {
            sentence += 1;
        }
    }
    if !word.is_empty() {
        words.push((word, sentence));
    }
    spaced_out(&words)
}

/// Letters, and the signs that are put in their place or between them.
fn stands_in_a_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '!' | '|' | '@' | '$' | '*' | '#')
}

/// The characters that Chinese is written with (Unicode's CJK Unified Ideographs, and Extension A).
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Characters that only steer how others are shown (Unicode's `Default_Ignorable_Code_Point`,
/// as far as it is met in text).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Makes one word of three or more letters that stand alone. An "i" before them stays alone: it
/// is who speaks.
fn spaced_out(words: &[(String, usize)]) -> Vec<(String, usize)> {
    let mut together: Vec<(String, usize)> = Vec::with_capacity(words.len());
    let is_letter = |word: &str| {
        let mut letters = word.chars();
        let first = letters
            .next()
            .filter(|c| c.is_alphabetic() && !is_ideograph(*c));
        first.is_some() && letters.next().is_none()
    };
    for run in words.chunk_by(|(a, _), (b, _)| is_letter(a) && is_letter(b)) {
        let (alone, run) = run.split_at(usize::from(run.len() > 3 && run[0].0 == "i"));
        together.extend_from_slice(alone);
        if run.len() < 3 {
            together.extend_from_slice(run);
        } else {
            let word = run.iter().map(|(letter, _)| letter.as_str()).collect();
            together.push((word, run[0].1));
        }
    }
    together
}

/// Whether a letter stands more than twice in a row, as in `dieeee`.
fn is_held_down(word: &str) -> bool {
    let letters: Vec<_> = word.chars().collect();
    letters
        .windows(3)
        .any(|three| three[0].is_alphabetic() && three.iter().all(|c| *c == three[0]))
}

fn each_once(word: &str) -> String {
    let mut letters: Vec<_> = word.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// Whether a word was written with signs in the place of letters: `k!ll`, `su1cide`, `d*e`.
fn is_disguised(word: &str, written: &str) -> bool {
    let (Some(sign), Some(letter)) = (written.chars().next(), word.chars().next()) else {
        return word.is_empty() && written.is_empty();
    };
    let (signs, letters) = (&written[sign.len_utf8()..], &word[letter.len_utf8()..]);
    match sign {
        // Of "su**ide" one star is left: it stands for one letter or two.
        '*' | '#' => {
            is_disguised(letters, signs)
                || letters
                    .chars()
                    .next()
                    .is_some_and(|second| is_disguised(&letters[second.len_utf8()..], signs))
        }
        _ => stands_for(sign, letter) && is_disguised(letters, signs),
    }
}

fn stands_for(sign: char, letter: char) -> bool {
    sign == letter
        || match sign {
            '1' | '!' | '|' => letter == 'i' || letter == 'l',
            '0' => letter == 'o',
            '3' => letter == 'e',
            '4' | '@' => letter == 'a',
            '5' | '$' => letter == 's',
            '7' => letter == 't',
            _ => false,
        }
}

/// Whether two words differ by one letter: another, one more, one less, or two swapped
/// (Damerau, 1964: four of five slips are one of these).
fn is_slip_of(word: &str, written: &str) -> bool {
    let (a, b): (Vec<_>, Vec<_>) = (word.chars().collect(), written.chars().collect());
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([], _) | (_, []) => true,
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([a1, a2, a @ ..], [b1, b2, b @ ..]) if a1 == b2 && a2 == b1 && a == b => true,
        _ => a[1..] == *b || *a == b[1..],
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn a_word_is_known_however_it_is_written() {
        let mut words = Words::default();
        words.disguise("suicide, kill, die");
        words.misspell("suicide");
        words.ignore("really");
        words.spell("do not", "don't");
        words.spell("want to", "wanna");
        let die = words.phrase("I do not want to kill; die, suicide");
        let read =
            |text: &str| -> Vec<_> { words.read(text).iter().map(|word| word.known).collect() };
        let meant: Vec<_> = die.into_iter().map(Some).collect();
        for text in [
            "I do not want to kill die suicide",
            "i DON’T wanna really k!ll, dieee: sucide",
            "I don't want\u{200b} to k*ll d*e su**ide.",
            "I do not want to kill!!! Die: suicide!!",
            "í do not want to ki11 d*e s u i c i d e",
        ] {
            assert_eq!(read(text), meant, "{text}");
        }
        assert_eq!(read("kilt 1111 suicid123"), [None, None, None]);
    }

    #[test]
    fn sentences_are_told_apart() {
        let sentences = |text: &str| -> Vec<_> {
            Words::default()
                .read(text)
                .iter()
                .map(|word| word.sentence)
                .collect()
        };
        assert_eq!(sentences("One. Two! Three\nfour a.b"), [0, 1, 2, 3, 3, 3]);
    }
}

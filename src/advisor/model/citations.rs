//! Numbers in square brackets, made to mean what they say: a passage that was supplied keeps a
//! number, its place among the sources; any other number is dropped.
//!
//! The text comes in pieces that may end anywhere. What comes out does not depend on where.

use crate::entity::Source;

/// Longer than this between its brackets, in characters, nothing is a citation.
const LONGEST: usize = 24;

/// Rewrites the citations of a text as it comes.
pub(super) struct Citations {
    /// As they were supplied, number 1 and on.
    passages: Vec<Source>,
    /// As they are cited, number 1 and on.
    sources: Vec<Source>,
    /// What may be the beginning of a citation, or the space before one.
    held: String,
    /// The last character that was let through.
    last: Option<char>,
    /// Whether a citation was dropped whose space before had been let through: then the one
    /// after it goes.
    skip_space: bool,
}

/// What was let through.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cited {
    /// Cited for the first time, by the text.
    pub sources: Vec<Source>,
    pub text: String,
}

impl Citations {
    /// Goes on after `text`, which cited `sources`.
    pub(super) fn new(passages: Vec<Source>, text: &str, sources: Vec<Source>) -> Self {
        Self {
            passages,
            sources,
            held: String::new(),
            last: text.chars().next_back(),
            skip_space: false,
        }
    }

    /// The next piece. What it ends with may be held back until more comes.
    pub(super) fn push(&mut self, piece: &str) -> Cited {
        let text = std::mem::take(&mut self.held) + piece;
        let mut cited = Cited::default();
        let mut rest = text.as_str();
        while let Some(bracket) = rest.find('[') {
            match Bracket::read(&rest[bracket + 1..]) {
                Bracket::Other => {
                    self.let_through(&rest[..=bracket], &mut cited);
                    rest = &rest[bracket + 1..];
                }
                Bracket::Citation { length, numbers } => {
                    self.cite(&rest[..bracket], &numbers, &mut cited);
                    rest = &rest[bracket + 1 + length..];
                }
                Bracket::Open => break,
            }
        }
        let certain = rest.find('[').unwrap_or(rest.len());
        let certain = rest[..certain].trim_end_matches(' ').len();
        self.let_through(&rest[..certain], &mut cited);
        rest[certain..].clone_into(&mut self.held);
        cited
    }

    /// Lets a space through that is held back, though a citation may follow.
    pub(super) fn push_space(&mut self, cited: &mut Cited) {
        if !self.is_open() {
            self.flush(cited);
        }
    }

    /// Lets through what is held back: no more comes.
    pub(super) fn flush(&mut self, cited: &mut Cited) {
        let held = std::mem::take(&mut self.held);
        self.let_through(&held, cited);
    }

    /// Whether a bracket is held back.
    pub(super) fn is_open(&self) -> bool {
        self.held.contains('[')
    }

    fn cite(&mut self, before: &str, numbers: &[(usize, usize)], cited: &mut Cited) {
        let mut kept = Vec::new();
        for &(first, last) in numbers {
            for number in first.max(1)..=last.min(self.passages.len()) {
                if !kept.contains(&number) {
                    kept.push(number);
                }
            }
        }
        if kept.is_empty() {
            self.let_through(before.trim_end_matches(' '), cited);
            self.skip_space = self.last.is_none_or(char::is_whitespace);
            return;
        }
        self.let_through(before, cited);
        for number in kept {
            let passage = &self.passages[number - 1];
            let known = self.sources.iter().position(|source| source == passage);
            let place = known.unwrap_or_else(|| {
                self.sources.push(passage.clone());
                cited.sources.push(passage.clone());
                self.sources.len() - 1
            });
            self.let_through(&format!("[{}]", place + 1), cited);
        }
    }

    fn let_through(&mut self, text: &str, cited: &mut Cited) {
        let Some(last) = text.chars().next_back() else {
            return;
        };
        let text = if std::mem::take(&mut self.skip_space) {
            text.strip_prefix(' ').unwrap_or(text)
        } else {
            text
        };
        cited.text.push_str(text);
        self.last = Some(last);
    }
}

/// What an opening bracket turns out to be.
enum Bracket {
    /// So many bytes to the end of its closing bracket, and from which number to which.
    Citation {
        length: usize,
        numbers: Vec<(usize, usize)>,
    },
    Other,
    /// More has to come to tell.
    Open,
}

impl Bracket {
    /// Reads what follows an opening bracket: `1`, `1, 3`, `1-3` and such, and the closing one.
    fn read(text: &str) -> Self {
        for (index, (at, c)) in text.char_indices().enumerate() {
            match c {
                ']' => {
                    return match numbers(&text[..at]) {
                        Some(numbers) => Self::Citation {
                            length: at + 1,
                            numbers,
                        },
                        None => Self::Other,
                    };
                }
                '0'..='9' | ' ' | ',' | ';' | '-' | '–' if index < LONGEST => {}
                _ => return Self::Other,
            }
        }
        Self::Open
    }
}

fn numbers(text: &str) -> Option<Vec<(usize, usize)>> {
    text.split([',', ';'])
        .map(|part| {
            let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
            Some((number(first.trim())?, number(last.trim())?))
        })
        .collect()
}

fn number(digits: &str) -> Option<usize> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // What is too big for us was not supplied either.
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Citations, Cited, Source};

    fn source(title: &str) -> Source {
        Source {
            title: title.to_owned(),
            excerpt: None,
            url: None,
        }
    }

    /// What becomes of the pieces, and the titles of the sources.
    fn read<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, Vec<String>) {
        let mut citations = Citations::new(["A", "B", "C"].map(source).into(), "", Vec::new());
        let mut whole = Cited::default();
        let mut keep = |cited: Cited| {
            whole.text += &cited.text;
            whole.sources.extend(cited.sources);
        };
        for piece in pieces {
            keep(citations.push(piece));
        }
        let mut rest = Cited::default();
        citations.flush(&mut rest);
        keep(rest);
        let titles = whole.sources.into_iter().map(|source| source.title);
        (whole.text, titles.collect())
    }

    const CASES: [(&str, &str, &str); 19] = [
        (
            "A door [2] and a road [1].",
            "A door [1] and a road [2].",
            "BA",
        ),
        ("Twice [3] is once [3].", "Twice [1] is once [1].", "C"),
        ("Not supplied [9].", "Not supplied.", ""),
        (
            "Not supplied [8] [9], at all [0] .",
            "Not supplied, at all .",
            "",
        ),
        ("[7] To begin [7]\n[7] with", "To begin\nwith", ""),
        (
            "Several [1, 3]; [3;2] [ 2 ]",
            "Several [1][2]; [2][3] [3]",
            "ACB",
        ),
        ("In a row [3][9][1].", "In a row [1][2].", "CA"),
        (
            "A range [1-2], [2–9], [7-9]",
            "A range [1][2], [2][3],",
            "ABC",
        ),
        ("Too many [2-99999999999999999999]", "Too many [1][2]", "BC"),
        ("Backwards [3-1].", "Backwards.", ""),
        (
            "[a link](https://a.example/[1])",
            "[a link](https://a.example/[1])",
            "A",
        ),
        (
            "As they said [sic] and [] and [ ] [x]",
            "As they said [sic] and [] and [ ] [x]",
            "",
        ),
        ("[[2]] and [^1]", "[[1]] and [^1]", "B"),
        ("Open to the end [1", "Open to the end [1", ""),
        (
            "Long [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
            "Long [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
            "",
        ),
        ("Spaces   stay  [9]  here ", "Spaces   stay  here ", ""),
        ("Ọ̀ṣun [2]🌊[9]“[1]”", "Ọ̀ṣun [1]🌊“[2]”", "BA"),
        ("1] or ]2[ or 3", "1] or ]2[ or 3", ""),
        ("", "", ""),
    ];

    #[test]
    fn numbers_are_those_of_the_sources() {
        for (given, expected, titles) in CASES {
            let (text, sources) = read([given]);
            assert_eq!(
                (text.as_str(), sources.concat().as_str()),
                (expected, titles)
            );
        }
    }

    #[test]
    fn it_does_not_matter_where_the_pieces_end() {
        for (given, expected, titles) in CASES {
            let ends: Vec<_> = (0..=given.len())
                .filter(|end| given.is_char_boundary(*end))
                .collect();
            for (index, one) in ends.iter().enumerate() {
                for two in &ends[index..] {
                    let (text, sources) =
                        read([&given[..*one], &given[*one..*two], &given[*two..]]);
                    assert_eq!(
                        (text.as_str(), sources.concat().as_str()),
                        (expected, titles)
                    );
                }
            }
            let characters = ends.windows(2).map(|ends| &given[ends[0]..ends[1]]);
            assert_eq!(read(characters).0, expected);
        }
    }

    #[test]
    fn the_numbering_goes_on_where_it_was() {
        let passages: Vec<_> = ["A", "B", "C"].map(source).into();
        let mut citations = Citations::new(passages, "As before [1] ", vec![source("C")]);
        let cited = citations.push("[9] and [3] again, then [2].");
        assert_eq!(cited.text, "and [1] again, then [2].");
        assert_eq!(cited.sources, [source("B")]);
    }

    #[test]
    fn a_space_that_had_to_go_out_is_not_doubled() {
        let mut citations = Citations::new(Vec::new(), "", Vec::new());
        let mut text = String::new();
        for piece in ["word ", "[1] ", "by ", "word"] {
            let mut cited = citations.push(piece);
            citations.push_space(&mut cited);
            text += &cited.text;
            assert!(!citations.is_open());
        }
        assert_eq!(text, "word by word");
    }
}

//! Citations, made to mean what they say: a passage that was supplied as `[S2]` gets a number, its
//! place among the sources; any other number is dropped. A plain `[2]` is none of ours: providers that
//! search the web number their own pages so.
//!
//! The text comes in pieces that may end anywhere. What comes out does not depend on where.

use super::markup::{self, Item};
use crate::entity::Source;

/// Rewrites the citations of a text as it comes.
pub(super) struct Citations {
    /// As they were supplied, number 1 and on.
    passages: Vec<Source>,
    /// As they are cited, number 1 and on.
    sources: Vec<Source>,
    /// Text that may be the beginning of a citation, or the space before one.
    held: String,
    is_open: bool,
    /// The last character that was let through.
    last: Option<char>,
    /// Whether a citation was dropped whose space before had been let through: then the one
    /// after it goes.
    skip_space: bool,
}

/// Text with its citations resolved.
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
            is_open: false,
            last: text.chars().next_back(),
            skip_space: false,
        }
    }

    /// The next piece. What it ends with may be held back until more comes.
    pub(super) fn push(&mut self, piece: &str) -> Cited {
        let text = std::mem::take(&mut self.held) + piece;
        let mut cited = Cited::default();
        let mut rest = text.as_str();
        // Where the next special character may be.
        let mut from = 0;
        self.is_open = false;
        while let Some(at) = rest[from..].find(markup::is_special).map(|at| from + at) {
            let before = rest[..at].chars().next_back().or(self.last);
            match markup::read(&rest[at..], before) {
                Item::Other => from = at + rest[at..].chars().next().map_or(1, char::len_utf8),
                Item::Citation { length, numbers } => {
                    self.cite(&rest[..at], &numbers, &mut cited);
                    rest = &rest[at + length..];
                    from = 0;
                }
                Item::Text { length, text } => {
                    self.let_through(&rest[..at], &mut cited);
                    self.let_through(&text, &mut cited);
                    rest = &rest[at + length..];
                    from = 0;
                }
                Item::Gone { length } => {
                    self.drop_after(&rest[..at], &mut cited);
                    rest = &rest[at + length..];
                    from = 0;
                }
                Item::Open => {
                    self.is_open = true;
                    let certain = rest[..at].trim_end_matches(' ').len();
                    self.let_through(&rest[..certain], &mut cited);
                    rest[certain..].clone_into(&mut self.held);
                    return cited;
                }
            }
        }
        let certain = rest.trim_end_matches(' ').len();
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
        self.is_open = false;
        self.let_through(&held, cited);
    }

    /// Whether more than a space is held back.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
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
            self.drop_after(before, cited);
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

    /// Lets a text through after which something is dropped, with one of the spaces around it.
    fn drop_after(&mut self, before: &str, cited: &mut Cited) {
        self.let_through(before.trim_end_matches(' '), cited);
        self.skip_space = self.last.is_none_or(char::is_whitespace);
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

    /// The text of these pieces after resolution, and the titles of its sources.
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

    const CASES: [(&str, &str, &str); 40] = [
        (
            "A door [S2] and a road [S1].",
            "A door [1] and a road [2].",
            "BA",
        ),
        ("Twice [S3] is once [S3].", "Twice [1] is once [1].", "C"),
        ("Not supplied [S9].", "Not supplied.", ""),
        (
            "Not supplied [S8] [S9], at all [S0] .",
            "Not supplied, at all .",
            "",
        ),
        ("[S7] To begin [S7]\n[S7] with", "To begin\nwith", ""),
        (
            "Several [S1, 3]; [S3;2] [ S2 ]",
            "Several [1][2]; [2][3] [3]",
            "ACB",
        ),
        ("In a row [S3][S9][S1].", "In a row [1][2].", "CA"),
        (
            "A range [S1-2], [S2–9], [S7-9]",
            "A range [1][2], [2][3],",
            "ABC",
        ),
        (
            "Too many [S2-99999999999999999999]",
            "Too many [1][2]",
            "BC",
        ),
        ("Backwards [S3-1].", "Backwards.", ""),
        (
            "[a link](https://a.example/[S1]) is text.",
            "a link is text.",
            "",
        ),
        (
            "As they said [sic] and [] and [ ] [x]",
            "As they said [sic] and [] and [ ] [x]",
            "",
        ),
        ("[[S2]] and [^1]", "[1] and", "B"),
        ("Open to the end [S1", "Open to the end [S1", ""),
        (
            "Long [S1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
            "Long [S1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
            "",
        ),
        ("Spaces   stay  [S9]  here ", "Spaces   stay  here ", ""),
        ("Ọ̀ṣun [S2]🌊[S9]“[S1]”", "Ọ̀ṣun [1]🌊“[2]”", "BA"),
        ("1] or ]2[ or 3", "1] or ]2[ or 3", ""),
        ("", "", ""),
        (
            "Web pages [1] [2] and ours [S2].",
            "Web pages and ours [1].",
            "B",
        ),
        (
            "Lenticular 【S2】, 【1†source】 and 【S3†L1-L2】.",
            "Lenticular [1], and [2].",
            "BC",
        ),
        ("Full width ［S2］ and ［1］.", "Full width [1] and.", "B"),
        (
            "In words [passage 2], (passages 1 and 3), [Source 9].",
            "In words [1], [2][3],.",
            "BAC",
        ),
        (
            "Round (S2), plain (1). (1) one",
            "Round [1], plain. (1) one",
            "B",
        ),
        ("(in 1791) and (so) on (", "(in 1791) and (so) on (", ""),
        (
            "An image ![of a [door]](https://a.example/x.png) gone",
            "An image gone",
            "",
        ),
        ("[![alt](x.png) text](https://a.example)", " text", ""),
        (
            "By name [a door][ref].\n[ref]: https://a.example\nEnd",
            "By name a door.\n\nEnd",
            "",
        ),
        (
            "See https://www.a.example/x?y=1#z. Or http://b.example",
            "See a.example. Or http://b.example",
            "",
        ),
        (
            "<b>Bold</b> is<br/>not <a href=\"https://a.example\">HTML</a> ",
            "Bold is\nnot HTML ",
            "",
        ),
        ("No <script>alert(1)</script> here", "No here", ""),
        ("<!-- a note -->Yes", "Yes", ""),
        ("1 < 2, a <3 b, x<y", "1 < 2, a <3 b, x<y", ""),
        ("[S2](https://a.example) says", "[1] says", "B"),
        ("Yes! He who hears, hears.", "Yes! He who hears, hears.", ""),
        ("Not [closed (or <tagged", "Not [closed (or <tagged", ""),
        (
            "*Emphasis* and **strong**\n- a list\n- of two",
            "*Emphasis* and **strong**\n- a list\n- of two",
            "",
        ),
        ("Text[^1].\n[^one]: A note\nEnd", "Text.\n\nEnd", ""),
        ("Both [S1][a link](x) end", "Both [1]a link end", "A"),
        (
            "By one letter [s1, 3] or each [S1, S3-S2]",
            "By one letter [1][2] or each [1]",
            "AC",
        ),
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
        let cited = citations.push("[S9] and [S3] again, then [S2].");
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

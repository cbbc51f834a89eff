//! Reads the files under `knowledge/`: text that anyone can edit, checked as it is loaded.
//!
//! A line is a comment (`#`), a `[section]`, a `key: value`, or, in a passage and after a blank
//! line, a line of its body. `knowledge/README.md` is the long form of this.

use std::collections::HashSet;

/// The first entry that is not right.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct Error {
    pub file: String,
    pub line: usize,
    pub what: String,
}

/// Who an advisor is.
#[derive(Debug)]
pub struct Persona {
    pub name: String,
    pub title: String,
    pub domains: Vec<String>,
    pub greeting: String,
    pub suggestions: Vec<String>,
}

/// How an advisor speaks; each list is never empty.
#[derive(Debug)]
pub(super) struct Voice {
    pub open: Vec<String>,
    /// With the places `{figure}` and `{count}`.
    pub throw: Vec<String>,
    pub first: Vec<String>,
    pub next: Vec<String>,
    pub nothing: Vec<String>,
    pub close: Vec<String>,
    /// What is made of the figure with as many open lobes.
    pub figures: [String; 5],
}

/// Something the library holds.
#[derive(Debug)]
pub(super) struct Passage {
    pub title: String,
    pub tags: Vec<String>,
    pub source: String,
    pub body: String,
}

/// All of one advisor's file.
#[derive(Debug)]
pub(super) struct Knowledge {
    pub persona: Persona,
    pub voice: Voice,
    pub passages: Vec<Passage>,
}

/// What the five figures of the cast mean to everybody.
#[derive(Debug)]
pub(super) struct Obi {
    pub source: String,
    pub about: String,
    pub figures: [Figure; 5],
}

#[derive(Debug)]
pub(super) struct Figure {
    pub name: String,
    pub meaning: String,
    /// Where tradition differs.
    pub other: Option<String>,
}

/// The figures' keys, by how many lobes lie open.
const FIGURES: [&str; 5] = ["oyekun", "okana", "ejife", "etawa", "alafia"];

impl Knowledge {
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let sections = sections(file, text)?;
        let mut persona = None;
        let mut voice = None;
        let mut passages = Vec::new();
        let mut slugs = HashSet::new();
        for mut section in sections {
            match section.name.split_once(' ') {
                None if section.name.is_empty() => {
                    persona = Some(Persona {
                        name: section.one("name")?,
                        title: section.one("title")?,
                        domains: section.words("domains")?,
                        greeting: section.one("greeting")?,
                        suggestions: section.some("suggestion")?,
                    });
                }
                None if section.name == "voice" => {
                    let figures = FIGURES.map(|figure| section.one(figure));
                    voice = Some(Voice {
                        open: section.some("open")?,
                        throw: section.some("throw")?,
                        first: section.some("first")?,
                        next: section.some("next")?,
                        nothing: section.some("nothing")?,
                        close: section.some("close")?,
                        figures: all(figures)?,
                    });
                }
                Some(("passage", slug)) => {
                    if !slugs.insert(slug.to_owned()) {
                        return Err(section.wrong(format!("there are two passages named {slug:?}")));
                    }
                    passages.push(Passage {
                        title: section.one("title")?,
                        tags: section.words("tags")?,
                        source: section.one("source")?,
                        body: section.body()?,
                    });
                }
                _ => {
                    return Err(section.wrong(format!(
                        "[{}] is not [voice] or [passage some-name]",
                        section.name
                    )));
                }
            }
            section.nothing_left()?;
        }
        let missing = |what: &str| Error {
            file: file.to_owned(),
            line: 1,
            what: format!("{what} is missing"),
        };
        Ok(Self {
            persona: persona.ok_or_else(|| missing("the head, with name: and title:,"))?,
            voice: voice.ok_or_else(|| missing("the section [voice]"))?,
            passages,
        })
    }
}

impl Obi {
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let mut head = None;
        let mut figures: [Option<Figure>; 5] = Default::default();
        for mut section in sections(file, text)? {
            if section.name.is_empty() {
                head = Some((section.one("source")?, section.one("about")?));
            } else if let Some(open) = FIGURES.iter().position(|name| *name == section.name) {
                if section.one("open")? != open.to_string() {
                    return Err(section.wrong(format!("[{}] has open: {open}", section.name)));
                }
                figures[open] = Some(Figure {
                    name: section.one("name")?,
                    meaning: section.one("meaning")?,
                    other: section.maybe("other")?,
                });
            } else {
                return Err(section.wrong(format!(
                    "[{}] is none of {}",
                    section.name,
                    FIGURES.join(", ")
                )));
            }
            section.nothing_left()?;
        }
        let missing = |what: &str| Error {
            file: file.to_owned(),
            line: 1,
            what: format!("{what} is missing"),
        };
        let (source, about) = head.ok_or_else(|| missing("the head, with source: and about:,"))?;
        let figures =
            figures.map(|figure| figure.ok_or_else(|| missing("one of the five figures")));
        Ok(Self {
            source,
            about,
            figures: all(figures)?,
        })
    }
}

/// All five, or the first that is wrong.
fn all<T, E>([none, one, two, three, four]: [Result<T, E>; 5]) -> Result<[T; 5], E> {
    Ok([none?, one?, two?, three?, four?])
}

/// A `[name]` (or the head, without one), its keys in order, and the text after them.
pub(super) struct Section<'a> {
    file: &'a str,
    line: usize,
    pub name: String,
    keys: Vec<(usize, String, String)>,
    body: Vec<&'a str>,
}

pub(super) fn sections<'a>(file: &'a str, text: &'a str) -> Result<Vec<Section<'a>>, Error> {
    let section = |line: usize, name: &str| Section {
        file,
        line,
        name: name.to_owned(),
        keys: Vec::new(),
        body: Vec::new(),
    };
    let mut all = Vec::new();
    let mut current = section(1, "");
    let mut in_body = false;
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
    {
        if line.starts_with('#') {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            all.push(std::mem::replace(
                &mut current,
                section(number, name.trim()),
            ));
            in_body = false;
        } else if line.is_empty() {
            in_body |= current.name.starts_with("passage ") && !current.keys.is_empty();
        } else if in_body {
            current.body.push(line);
        } else if let Some((key, value)) = line.split_once(':') {
            current
                .keys
                .push((number, key.trim().to_owned(), value.trim().to_owned()));
        } else {
            return Err(Error {
                file: file.to_owned(),
                line: number,
                what: "this is neither a [section] nor a key: value".to_owned(),
            });
        }
    }
    all.push(current);
    Ok(all)
}

impl Section<'_> {
    pub(super) fn wrong(&self, what: String) -> Error {
        self.wrong_at(self.line, what)
    }

    pub(super) fn wrong_at(&self, line: usize, what: String) -> Error {
        Error {
            file: self.file.to_owned(),
            line,
            what,
        }
    }

    /// All entries that are left, with their lines.
    pub(super) fn entries(&mut self) -> Result<Vec<(usize, String, String)>, Error> {
        let entries = std::mem::take(&mut self.keys);
        match entries.iter().find(|(_, _, value)| value.is_empty()) {
            Some((line, key, _)) => Err(self.wrong_at(*line, format!("{key}: says nothing"))),
            None => Ok(entries),
        }
    }

    /// All values of a key that may stand several times, and must once.
    pub(super) fn some(&mut self, key: &str) -> Result<Vec<String>, Error> {
        let (found, rest) = std::mem::take(&mut self.keys)
            .into_iter()
            .partition(|(_, name, _)| name == key);
        self.keys = rest;
        let found: Vec<(usize, String, String)> = found;
        if let Some((line, _, _)) = found.iter().find(|(_, _, value)| value.is_empty()) {
            return Err(self.wrong_at(*line, format!("{key}: says nothing")));
        }
        if found.is_empty() {
            return Err(self.wrong(format!("{key}: is missing in [{}]", self.name)));
        }
        Ok(found.into_iter().map(|(_, _, value)| value).collect())
    }

    pub(super) fn one(&mut self, key: &str) -> Result<String, Error> {
        let mut found = self.some(key)?;
        match (found.pop(), found.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(self.wrong(format!("{key}: stands more than once in [{}]", self.name))),
        }
    }

    fn maybe(&mut self, key: &str) -> Result<Option<String>, Error> {
        if self.keys.iter().any(|(_, name, _)| name == key) {
            self.one(key).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(super) fn words(&mut self, key: &str) -> Result<Vec<String>, Error> {
        let words = self.one(key)?;
        Ok(words
            .split(',')
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect())
    }

    fn body(&mut self) -> Result<String, Error> {
        if self.body.is_empty() {
            return Err(self.wrong(format!(
                "[{}] has no text after its keys and a blank line",
                self.name
            )));
        }
        Ok(std::mem::take(&mut self.body).join(" "))
    }

    pub(super) fn nothing_left(&self) -> Result<(), Error> {
        match self.keys.first() {
            Some((line, key, _)) => {
                Err(self.wrong_at(*line, format!("{key}: is not known in [{}]", self.name)))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Knowledge, Obi};

    const VOICE: &str = "[voice]\nopen: a\nthrow: b\nfirst: c\nnext: d\nnothing: e\nclose: f\n\
                         alafia: g\netawa: h\nejife: i\nokana: j\noyekun: k\n";
    const HEAD: &str = "name: N\ntitle: T\ndomains: x, y\ngreeting: G\nsuggestion: S\n";

    fn fault(text: &str) -> String {
        Knowledge::parse("x.txt", text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read() {
        let text = format!(
            "# a comment\n{HEAD}\n{VOICE}\n[passage one]\ntitle: One\ntags: p, q\nsource: W\n\nfirst line,\nsecond: line.\n"
        );
        let knowledge = Knowledge::parse("x.txt", &text).unwrap();
        assert_eq!(knowledge.persona.domains, ["x", "y"]);
        assert_eq!(knowledge.passages[0].body, "first line, second: line.");
        assert_eq!(knowledge.voice.figures[4], "g");
    }

    #[test]
    fn wrong_entries_are_named_by_file_and_line() {
        assert_eq!(
            fault(&format!("{HEAD}{VOICE}[passage a]\ntitle: A\n")),
            "x.txt:18: tags: is missing in [passage a]"
        );
        assert_eq!(
            fault("what is this\n"),
            "x.txt:1: this is neither a [section] nor a key: value"
        );
        assert_eq!(
            fault(&format!("{HEAD}[vioce]\n")),
            "x.txt:6: [vioce] is not [voice] or [passage some-name]"
        );
        assert_eq!(
            fault(&format!("{HEAD}colour: red\n")),
            "x.txt:6: colour: is not known in []"
        );
        assert_eq!(
            fault(&format!("{HEAD}name: M\n")),
            "x.txt:1: name: stands more than once in []"
        );
        assert_eq!(
            fault(&HEAD.replace("name: N", "name:")),
            "x.txt:1: name: says nothing"
        );
        assert_eq!(fault(HEAD), "x.txt:1: the section [voice] is missing");
        let passage = "[passage a]\ntitle: A\ntags: t\nsource: s\n\ntext\n";
        assert_eq!(
            fault(&format!("{HEAD}{VOICE}{passage}{passage}")),
            "x.txt:24: there are two passages named \"a\""
        );
        assert_eq!(
            fault(&format!(
                "{HEAD}{VOICE}[passage a]\ntitle: A\ntags: t\nsource: s\n"
            )),
            "x.txt:18: [passage a] has no text after its keys and a blank line"
        );
    }

    #[test]
    fn the_figures_are_checked() {
        let fault = |text: &str| Obi::parse("obi.txt", text).unwrap_err().to_string();
        assert_eq!(
            fault("source: S\nabout: A\n"),
            "obi.txt:1: one of the five figures is missing"
        );
        assert_eq!(
            fault("source: S\nabout: A\n[okana]\nopen: 2\n"),
            "obi.txt:3: [okana] has open: 1"
        );
        assert!(
            fault("source: S\nabout: A\n[coin]\n")
                .starts_with("obi.txt:3: [coin] is none of oyekun")
        );
    }
}

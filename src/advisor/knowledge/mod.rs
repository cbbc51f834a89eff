//! What the advisors know: text that anyone can edit, checked as it is loaded.
//!
//! `section` reads the form that all files have, `files` finds them.

mod files;
mod section;

use std::collections::HashSet;

pub(super) use files::Files;
pub(super) use section::{Section, sections};

/// An entry that is not right.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {what}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct Error {
    pub file: String,
    /// None where it is about the whole file, or folder.
    pub line: Option<usize>,
    pub what: String,
}

impl Error {
    pub(super) fn at(file: &str, line: usize, what: String) -> Self {
        Self {
            file: file.to_owned(),
            line: Some(line),
            what,
        }
    }

    fn of(file: &str, what: String) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            what,
        }
    }
}

/// All entries that are not right: the first of each section of each file.
#[derive(Debug, Default, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Errors(pub Vec<Error>);

impl Errors {
    /// Takes what is right, and remembers what is not.
    pub(super) fn or<T>(&mut self, result: Result<T, impl Into<Self>>) -> Option<T> {
        result.map_err(|errors| self.0.extend(errors.into().0)).ok()
    }

    /// All is well, or all that is not.
    pub(super) fn none(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
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
pub struct Passage {
    /// Which no other passage of the advisor's has.
    pub slug: String,
    pub title: String,
    pub tags: Vec<String>,
    pub source: String,
    pub body: String,
}

/// All of one advisor's files.
#[derive(Debug)]
pub(super) struct Knowledge {
    pub persona: Persona,
    pub voice: Voice,
    pub passages: Vec<Passage>,
}

/// Something the library is not about.
#[derive(Debug)]
pub(super) struct Subject {
    pub name: String,
    /// That it is asked by.
    pub words: Vec<String>,
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
    /// Reads an advisor's file, and the one of passages that are added to it.
    ///
    /// # Errors
    ///
    /// Every section that is not right.
    pub(super) fn parse(
        (file, text): (&str, &str),
        more: Option<(&str, &str)>,
    ) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut persona = None;
        let mut voice = None;
        let mut passages = Passages::default();
        for mut section in sections(file, text)? {
            let read = match section.name.as_str() {
                "" => persona_of(&mut section).map(|read| persona = Some(read)),
                "voice" => voice_of(&mut section).map(|read| voice = Some(read)),
                _ => passages.add(&mut section, "[voice] or [passage some-name]"),
            };
            // What is left over is only worth a word if what was read is right.
            errors.or(read.and_then(|()| section.nothing_left()));
        }
        if let Some((file, text)) = more {
            for mut section in errors.or(sections(file, text)).unwrap_or_default() {
                let read = if section.name.is_empty() {
                    section.nothing_left()
                } else {
                    passages.add(
                        &mut section,
                        "[passage some-name], and here is nothing else",
                    )
                };
                errors.or(read.and_then(|()| section.nothing_left()));
            }
        }
        errors.none()?;
        let missing = |what: &str| Error::of(file, format!("{what} is missing"));
        Ok(Self {
            persona: persona.ok_or_else(|| missing("the head, with name: and title:,"))?,
            voice: voice.ok_or_else(|| missing("the section [voice]"))?,
            passages: passages.read,
        })
    }
}

fn persona_of(section: &mut Section) -> Result<Persona, Error> {
    Ok(Persona {
        name: section.one("name")?,
        title: section.one("title")?,
        domains: section.words("domains")?,
        greeting: section.one("greeting")?,
        suggestions: section.some("suggestion")?,
    })
}

fn voice_of(section: &mut Section) -> Result<Voice, Error> {
    let figures = FIGURES.map(|figure| section.one(figure));
    Ok(Voice {
        open: section.some("open")?,
        throw: section.some("throw")?,
        first: section.some("first")?,
        next: section.some("next")?,
        nothing: section.some("nothing")?,
        close: section.some("close")?,
        figures: all(figures)?,
    })
}

#[derive(Default)]
struct Passages {
    slugs: HashSet<String>,
    read: Vec<Passage>,
}

impl Passages {
    fn add(&mut self, section: &mut Section, expected: &str) -> Result<(), Error> {
        let Some(slug) = section.name.strip_prefix("passage ").map(str::to_owned) else {
            return Err(section.wrong(format!("[{}] is not {expected}", section.name)));
        };
        if !self.slugs.insert(slug.clone()) {
            return Err(section.wrong(format!("there are two passages named {slug:?}")));
        }
        self.read.push(Passage {
            slug,
            title: section.one("title")?,
            tags: section.words("tags")?,
            source: section.one("source")?,
            body: section.body()?,
        });
        Ok(())
    }
}

impl Subject {
    /// # Errors
    ///
    /// Every section that is not right.
    pub(super) fn parse((file, text): (&str, &str)) -> Result<Vec<Self>, Errors> {
        let mut errors = Errors::default();
        let mut subjects = Vec::new();
        for mut section in sections(file, text)? {
            if !section.name.is_empty()
                && let Some(words) = errors.or(section.some("words"))
            {
                subjects.push(Self {
                    name: section.name.clone(),
                    words,
                });
            }
            errors.or(section.nothing_left());
        }
        errors.none()?;
        Ok(subjects)
    }
}

impl Obi {
    /// # Errors
    ///
    /// The first entry that is not right.
    pub(super) fn parse((file, text): (&str, &str)) -> Result<Self, Error> {
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
                let names = FIGURES.join(", ");
                return Err(section.wrong(format!("[{}] is none of {names}", section.name)));
            }
            section.nothing_left()?;
        }
        let missing = |what: &str| Error::of(file, format!("{what} is missing"));
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

#[cfg(test)]
mod tests {
    use super::{Knowledge, Obi, Subject};

    const VOICE: &str = "[voice]\nopen: a\nthrow: b\nfirst: c\nnext: d\nnothing: e\nclose: f\n\
                         alafia: g\netawa: h\nejife: i\nokana: j\noyekun: k\n";
    const HEAD: &str = "name: N\ntitle: T\ndomains: x, y\ngreeting: G\nsuggestion: S\n";
    const PASSAGE: &str = "[passage a]\ntitle: A\ntags: t\nsource: s\n\ntext\n";

    fn fault(text: &str) -> String {
        Knowledge::parse(("x.txt", text), None)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_file_is_read() {
        let text = format!(
            "# a comment\n{HEAD}\n{VOICE}\n[passage one]\ntitle: One\ntags: p, q\nsource: W\n\nfirst line,\nsecond: line.\n"
        );
        let knowledge = Knowledge::parse(("x.txt", &text), Some(("x.more.txt", PASSAGE))).unwrap();
        assert_eq!(knowledge.persona.domains, ["x", "y"]);
        assert_eq!(knowledge.passages[0].body, "first line, second: line.");
        assert_eq!(knowledge.voice.figures[4], "g");
        let slugs: Vec<_> = knowledge.passages.iter().map(|p| &p.slug).collect();
        assert_eq!(slugs, ["one", "a"]);
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
        assert_eq!(fault(HEAD), "x.txt: the section [voice] is missing");
        assert_eq!(
            fault(&format!("{HEAD}{VOICE}{PASSAGE}{PASSAGE}")),
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
    fn all_wrong_sections_are_named_at_once() {
        let text = format!("{HEAD}colour: red\n[vioce]\n[passage a]\ntitle: A\ntags: t\n");
        let more = format!("name: N\n[voice]\n{PASSAGE}");
        let errors = Knowledge::parse(("x.txt", &text), Some(("x.more.txt", &more))).unwrap_err();
        assert_eq!(
            errors.to_string().lines().collect::<Vec<_>>(),
            [
                "x.txt:6: colour: is not known in []",
                "x.txt:7: [vioce] is not [voice] or [passage some-name]",
                "x.txt:8: source: is missing in [passage a]",
                "x.more.txt:1: name: is not known in []",
                "x.more.txt:2: [voice] is not [passage some-name], and here is nothing else",
                "x.more.txt:3: there are two passages named \"a\"",
            ]
        );
    }

    #[test]
    fn subjects_are_checked() {
        let subjects = Subject::parse(("x.txt", "[sea]\nwords: salt, tide\nwords: wave\n"));
        assert_eq!(subjects.unwrap()[0].words, ["salt, tide", "wave"]);
        let fault = |text: &str| Subject::parse(("x.txt", text)).unwrap_err().to_string();
        assert_eq!(fault("words: a\n"), "x.txt:1: words: is not known in []");
        assert_eq!(fault("[sea]\n"), "x.txt:1: words: is missing in [sea]");
    }

    #[test]
    fn the_figures_are_checked() {
        let fault = |text: &str| Obi::parse(("obi.txt", text)).unwrap_err().to_string();
        assert_eq!(
            fault("source: S\nabout: A\n"),
            "obi.txt: one of the five figures is missing"
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

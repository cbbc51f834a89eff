//! Care: what speaks of suicide, self-harm or violence gets a fixed reply that names where to
//! find help, whoever was asked. `knowledge/care.txt` has the replies, and the patterns such
//! questions are recognised by.
//!
//! Missing a cry for help is the worse error; so what is harmless is named, and the rest is not
//! argued with.

mod pattern;
mod words;

use std::{collections::HashMap, sync::Arc};

use self::{
    pattern::{Lists, Patterns, Phrases},
    words::Words,
};
use super::{
    embedded::Answer,
    knowledge::{Error, Section, sections},
};
use crate::entity::Source;

/// The replies, and how to tell which one a question gets.
#[derive(Debug)]
pub(super) struct Care {
    words: Words,
    /// What is taken out of a question before it is looked at.
    harmless: Patterns,
    /// The first that recognises a question answers it.
    replies: Vec<Reply>,
}

#[derive(Debug)]
struct Reply {
    name: String,
    answer: Answer,
    patterns: Patterns,
}

impl Care {
    /// # Errors
    ///
    /// The first entry that is not right.
    pub(super) fn parse((file, text): (&str, &str)) -> Result<Self, Error> {
        let mut sections = sections(file, text)?;
        // How words are written comes before all that is written in words, lists before their
        // use, and help before those who name it; so that the file may have them in any order.
        sections.sort_by_key(|section| match section.name.split_once(' ') {
            None if section.name.is_empty() => 0,
            None if section.name == "spelling" => 1,
            None if section.name == "lists" => 2,
            Some(("help", _)) => 3,
            _ => 4,
        });
        let mut words = Words::default();
        let mut lists = Lists::new();
        let mut help = HashMap::new();
        let mut harmless = Patterns::default();
        let mut replies: Vec<Reply> = Vec::new();
        for mut section in sections {
            let name = section.name.clone();
            match name.split_once(' ') {
                None if name.is_empty() => {
                    for list in section.some("disguised")? {
                        words.disguise(&list);
                    }
                    for list in section.some("misspelt")? {
                        words.misspell(&list);
                    }
                    for list in section.some("ignore")? {
                        words.ignore(&list);
                    }
                }
                None if name == "spelling" => {
                    for (_, meant, written) in section.entries()? {
                        for written in phrases(&written) {
                            words.spell(&meant, written);
                        }
                    }
                }
                None if name == "lists" => {
                    for (line, name, list) in section.entries()? {
                        let list = Phrases::read(phrases(&list), &mut words)
                            .map_err(|what| section.wrong_at(line, what))?;
                        lists.insert(name, Arc::new(list));
                    }
                }
                None if name == "harmless" => {
                    harmless = patterns(&mut section, &lists, &mut words)?;
                }
                Some(("help", slug)) => {
                    let source = Source {
                        title: section.one("title")?,
                        excerpt: Some(section.one("about")?),
                        url: Some(section.one("url")?),
                    };
                    if help.insert(slug.to_owned(), source).is_some() {
                        return Err(section.wrong(format!("there are two [{name}]")));
                    }
                }
                Some(("reply", slug)) => {
                    if replies.iter().any(|reply| reply.name == slug) {
                        return Err(section.wrong(format!("there are two [{name}]")));
                    }
                    replies.push(Reply {
                        name: slug.to_owned(),
                        answer: answer(&mut section, &help)?,
                        patterns: patterns(&mut section, &lists, &mut words)?,
                    });
                }
                _ => {
                    return Err(section.wrong(format!(
                        "[{name}] is not [spelling], [lists], [harmless], [help some-name] or [reply some-name]"
                    )));
                }
            }
            section.nothing_left()?;
        }
        if replies.is_empty() {
            let what = "a section [reply some-name] is missing";
            return Err(Error::at(file, 1, what.to_owned()));
        }
        Ok(Self {
            words,
            harmless,
            replies,
        })
    }

    /// The reply to a question that asks for one; in microseconds, and always the same.
    pub(super) fn answer(&self, question: &str) -> Option<&Answer> {
        self.reply(question).map(|reply| &reply.answer)
    }

    fn reply(&self, question: &str) -> Option<&Reply> {
        let mut words = self.words.read(question);
        for place in self.harmless.places(&words) {
            words[place].known = None;
        }
        self.replies
            .iter()
            .find(|reply| reply.patterns.is_in(&words))
    }
}

/// What stands between commas.
fn phrases(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|phrase| !phrase.is_empty())
}

fn patterns(section: &mut Section, lists: &Lists, words: &mut Words) -> Result<Patterns, Error> {
    let mut patterns = Patterns::default();
    for (line, key, pattern) in section.entries()? {
        if key != "when" {
            let what = format!("{key}: is not known in [{}]", section.name);
            return Err(section.wrong_at(line, what));
        }
        patterns
            .add(&pattern, lists, words)
            .map_err(|what| section.wrong_at(line, what))?;
    }
    if patterns.is_empty() {
        return Err(section.wrong(format!("when: is missing in [{}]", section.name)));
    }
    Ok(patterns)
}

/// What is said first, where to find help, and what is said last.
fn answer(section: &mut Section, help: &HashMap<String, Source>) -> Result<Answer, Error> {
    let mut paragraphs = section.some("first")?;
    let mut sources = Vec::new();
    let mut lines = Vec::new();
    for name in section.words("help")? {
        let source = help
            .get(&name)
            .ok_or_else(|| section.wrong(format!("help: there is no [help {name}]")))?;
        sources.push(source.clone());
        let about = source.excerpt.as_deref().unwrap_or_default();
        let url = source.url.as_deref().unwrap_or_default();
        lines.push(format!(
            "{}: {about} {url} [{}]",
            source.title,
            sources.len()
        ));
    }
    paragraphs.push(lines.join("\n"));
    paragraphs.extend(section.some("last")?);
    Ok(Answer {
        text: paragraphs.join("\n\n"),
        sources,
    })
}

#[cfg(test)]
mod tests {
    use super::Care;

    const SETS: [(&str, &str); 4] = [
        (
            "questions.txt",
            include_str!("../../tests/care/questions.txt"),
        ),
        (
            "held_out.txt",
            include_str!("../../tests/care/held_out.txt"),
        ),
        (
            "held_out_2.txt",
            include_str!("../../tests/care/held_out_2.txt"),
        ),
        (
            "held_out_3.txt",
            include_str!("../../tests/care/held_out_3.txt"),
        ),
    ];

    fn care() -> Care {
        Care::parse(("care.txt", include_str!("../../knowledge/care.txt"))).unwrap()
    }

    #[test]
    fn every_question_gets_its_reply() {
        let care = care();
        let mut wrong = Vec::new();
        let mut right = 0;
        for (file, set) in SETS {
            let mut wanted = "";
            for (index, line) in set.lines().enumerate() {
                if let Some(name) = line
                    .strip_prefix('[')
                    .and_then(|rest| rest.strip_suffix(']'))
                {
                    wanted = name;
                } else if !line.is_empty() && !line.starts_with('#') {
                    let reply = care.reply(line);
                    let given = reply.map_or("none", |reply| reply.name.as_str());
                    if given == wanted {
                        right += 1;
                    } else {
                        let place = format!("{file}:{}", index + 1);
                        wrong.push(format!("{place}: {line:?} got {given}, not {wanted}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(right > 800, "only {right} questions were read");
    }

    #[test]
    fn every_reply_says_where_help_is() {
        for reply in care().replies {
            let text = &reply.answer.text;
            assert!(text.contains("112"), "{text}");
            assert!(!text.contains("!!") && !text.contains(['!', '¡']), "{text}");
            assert!(reply.answer.sources.len() >= 5, "{}", reply.name);
            for (index, source) in reply.answer.sources.iter().enumerate() {
                let url = source.url.as_deref().unwrap();
                assert!(url.starts_with("https://"), "{url}");
                assert!(text.contains(&format!("{url} [{}]", index + 1)), "{text}");
            }
        }
    }

    const HEAD: &str = "disguised: kill\nmisspelt: suicide\nignore: just\n";

    fn fault(text: &str) -> String {
        let text = format!("{HEAD}{text}");
        Care::parse(("care.txt", &text)).unwrap_err().to_string()
    }

    #[test]
    fn wrong_entries_are_named_by_file_and_line() {
        let help = "[help line]\ntitle: T\nabout: A\nurl: https://example.com\n";
        let reply = "[reply one]\nfirst: F\nhelp: line\nlast: L\n";
        for (text, what) in [
            (
                "[words]\n".to_owned(),
                "4: [words] is not [spelling], [lists], [harmless], [help some-name] or [reply some-name]",
            ),
            (
                "[lists]\na: b,\nc: just\n".to_owned(),
                "6: \"just\" is no word, or one that is ignored",
            ),
            ("[lists]\na:\n".to_owned(), "5: a: says nothing"),
            (
                "[help line]\ntitle: T\n".to_owned(),
                "4: about: is missing in [help line]",
            ),
            (format!("{help}{help}"), "8: there are two [help line]"),
            (reply.to_owned(), "4: help: there is no [help line]"),
            (
                format!("{help}{reply}when: kill\n{reply}when: kill\n"),
                "13: there are two [reply one]",
            ),
            (
                format!("{help}{reply}except: x\n"),
                "12: except: is not known in [reply one]",
            ),
            (
                format!("{help}{reply}"),
                "8: when: is missing in [reply one]",
            ),
            (
                format!("{help}{reply}when: <them>\n"),
                "12: there is no list \"them\" in [lists]",
            ),
            (
                format!("{help}{reply}when: .. kill\n"),
                "12: a pattern begins with a word",
            ),
            (
                format!("{help}{reply}when: kill|. me\n"),
                "12: a pattern begins with a word",
            ),
            (
                format!("{help}{reply}when: kill ..\n"),
                "12: a pattern does not end with a gap",
            ),
            (
                format!("{help}{reply}when: kill just|me\n"),
                "12: \"just\" is no word, or one that is ignored",
            ),
            ("[spelling]\nkill:\n".to_owned(), "5: kill: says nothing"),
        ] {
            assert_eq!(fault(&text), format!("care.txt:{what}"), "{text}");
        }
    }

    #[test]
    fn what_is_harmless_hides_nothing_else() {
        let care = care();
        let name = |question| care.reply(question).map(|reply| reply.name.clone());
        assert_eq!(name("How do I kill time?"), None);
        let both = "I only kill time all day, and I want to kill myself.";
        assert_eq!(name(both).as_deref(), Some("self"));
    }
}

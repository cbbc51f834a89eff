//! Care: what speaks of suicide, self-harm or violence gets a fixed reply that names where to
//! find help, whoever was asked. `knowledge/care.txt` has the replies, and the patterns such
//! questions are recognised by.
//!
//! Missing a cry for help is the worse error; so what is harmless is named, and the rest is not
//! argued with.

mod pattern;
mod words;

use std::collections::HashMap;

use self::{
    pattern::{Lists, Patterns},
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
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Error> {
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
                    for list in section.some("watch")? {
                        words.watch(&list);
                    }
                    for list in section.some("ignore")? {
                        words.ignore(&list);
                    }
                }
                None if name == "spelling" => {
                    for (_, meant, written) in section.entries() {
                        for written in phrases(&written) {
                            words.spell(&meant, written);
                        }
                    }
                }
                None if name == "lists" => {
                    for (line, name, list) in section.entries() {
                        let list: Vec<_> = phrases(&list).map(|one| words.phrase(one)).collect();
                        if list.is_empty() || list.iter().any(Vec::is_empty) {
                            let what = format!("{name}: has nothing, or a word that is ignored");
                            return Err(section.wrong_at(line, what));
                        }
                        lists.insert(name, list);
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
    for (line, key, pattern) in section.entries() {
        if key != "when" {
            let what = format!("{key}: is not known in [{}]", section.name);
            return Err(section.wrong_at(line, what));
        }
        patterns
            .add(&pattern, lists, words)
            .map_err(|what| section.wrong_at(line, what))?;
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

    const FILE: &str = include_str!("../../knowledge/care.txt");

    /// Every question of a set gets the reply it is to get; else all that do not are named.
    fn holds(file: &str, set: &str) {
        let care = Care::parse("care.txt", FILE).unwrap();
        let mut wanted = "";
        let mut wrong = Vec::new();
        let mut counts = std::collections::BTreeMap::new();
        for (number, line) in set
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
        {
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                wanted = name;
                assert!(
                    wanted == "none" || care.replies.iter().any(|reply| reply.name == wanted),
                    "{line}"
                );
            } else if !line.is_empty() && !line.starts_with('#') {
                let given = care.reply(line).map_or("none", |reply| reply.name.as_str());
                *counts.entry((wanted, given)).or_insert(0) += 1;
                if given != wanted {
                    wrong.push(format!("{file}:{number}: {given}, not {wanted}: {line}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{:#?}\n{counts:?}", wrong);
    }

    #[test]
    fn questions_get_their_replies() {
        holds(
            "questions.txt",
            include_str!("../../tests/care/questions.txt"),
        );
    }
}

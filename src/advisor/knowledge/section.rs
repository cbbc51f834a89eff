//! The form that all files of `knowledge/` have: sections, keys and text, line by line.
//!
//! A line is a comment (`#`), a `[section]`, a `key: value`, or, in a passage and after a blank
//! line, a line of its body. `knowledge/README.md` is the long form of this.

use super::Error;

/// A `[name]` (or the head, without one), its keys in order, and the text after them.
pub(in crate::advisor) struct Section<'a> {
    file: &'a str,
    line: usize,
    pub name: String,
    keys: Vec<(usize, String, String)>,
    body: Vec<&'a str>,
}

pub(in crate::advisor) fn sections<'a>(
    file: &'a str,
    text: &'a str,
) -> Result<Vec<Section<'a>>, Error> {
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
            let what = "this is neither a [section] nor a key: value";
            return Err(Error::at(file, number, what.to_owned()));
        }
    }
    all.push(current);
    Ok(all)
}

impl Section<'_> {
    pub(in crate::advisor) fn wrong(&self, what: String) -> Error {
        self.wrong_at(self.line, what)
    }

    pub(in crate::advisor) fn wrong_at(&self, line: usize, what: String) -> Error {
        Error::at(self.file, line, what)
    }

    /// All entries that are left, with their lines.
    pub(in crate::advisor) fn entries(&mut self) -> Result<Vec<(usize, String, String)>, Error> {
        let entries = std::mem::take(&mut self.keys);
        match entries.iter().find(|(_, _, value)| value.is_empty()) {
            Some((line, key, _)) => Err(self.wrong_at(*line, format!("{key}: says nothing"))),
            None => Ok(entries),
        }
    }

    /// All values of a key that may stand several times, and must once.
    pub(in crate::advisor) fn some(&mut self, key: &str) -> Result<Vec<String>, Error> {
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

    pub(in crate::advisor) fn one(&mut self, key: &str) -> Result<String, Error> {
        let mut found = self.some(key)?;
        match (found.pop(), found.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(self.wrong(format!("{key}: stands more than once in [{}]", self.name))),
        }
    }

    pub(in crate::advisor) fn maybe(&mut self, key: &str) -> Result<Option<String>, Error> {
        if self.keys.iter().any(|(_, name, _)| name == key) {
            self.one(key).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(in crate::advisor) fn words(&mut self, key: &str) -> Result<Vec<String>, Error> {
        let words = self.one(key)?;
        Ok(words
            .split(',')
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect())
    }

    pub(in crate::advisor) fn body(&mut self) -> Result<String, Error> {
        if self.body.is_empty() {
            return Err(self.wrong(format!(
                "[{}] has no text after its keys and a blank line",
                self.name
            )));
        }
        Ok(std::mem::take(&mut self.body).join(" "))
    }

    pub(in crate::advisor) fn nothing_left(&self) -> Result<(), Error> {
        match self.keys.first() {
            Some((line, key, _)) => {
                Err(self.wrong_at(*line, format!("{key}: is not known in [{}]", self.name)))
            }
            None => Ok(()),
        }
    }
}

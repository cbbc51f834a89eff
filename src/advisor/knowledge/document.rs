//! TOML documents that are read in parts, so that one reading names every wrong part, each by file
//! and line.

use std::ops::Range;

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::{Error, Errors};

/// A parsed file, less the parts that were taken from it.
pub(in crate::advisor) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    root: DeTable<'a>,
}

/// A part of a document, and the line it begins at.
pub(in crate::advisor) struct Part<T> {
    pub line: usize,
    pub value: T,
}

impl<'a> Document<'a> {
    /// # Errors
    ///
    /// Every syntax error.
    pub(in crate::advisor) fn parse((file, text): (&'a str, &'a str)) -> Result<Self, Errors> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Self {
            file,
            text,
            root: root.into_inner(),
        };
        if errors.is_empty() {
            return Ok(document);
        }
        let errors = errors.iter().map(|error| document.error(error));
        Err(Errors(errors.collect()))
    }

    /// Takes the table under a key.
    pub(in crate::advisor) fn take<T: Deserialize<'a>>(&mut self, key: &str) -> Result<T, Error> {
        match self.root.remove(key) {
            Some(table) => self.read(table),
            None => Err(Error::of(self.file, format!("missing table [{key}]"))),
        }
    }

    /// Takes the tables `[[key]]`, in the order of the file.
    pub(in crate::advisor) fn take_all<T: Deserialize<'a>>(
        &mut self,
        key: &str,
        errors: &mut Errors,
    ) -> Vec<Part<T>> {
        let Some(value) = self.root.remove(key) else {
            return Vec::new();
        };
        let span = value.span();
        let DeValue::Array(tables) = value.into_inner() else {
            let what = format!("expected tables [[{key}]]");
            errors.0.push(self.error_at(span, what));
            return Vec::new();
        };
        let parts = tables.into_iter().filter_map(|table| {
            let line = self.line(table.span());
            let value = errors.or(self.read(table))?;
            Some(Part { line, value })
        });
        parts.collect()
    }

    /// Every key of the document, each with its table.
    pub(in crate::advisor) fn entries<T: Deserialize<'a>>(
        mut self,
        errors: &mut Errors,
    ) -> Vec<(String, T)> {
        let root = std::mem::take(&mut self.root);
        let entries = root.into_iter().filter_map(|(key, value)| {
            let value = errors.or(self.read(value))?;
            Some((key.into_inner().into_owned(), value))
        });
        entries.collect()
    }

    /// The keys that were not taken.
    pub(in crate::advisor) fn rest<T: Deserialize<'a>>(mut self) -> Result<T, Error> {
        self.take_rest()
    }

    /// Takes the keys that were not taken; what is wrong with the parts can still be named.
    pub(in crate::advisor) fn take_rest<T: Deserialize<'a>>(&mut self) -> Result<T, Error> {
        let root = std::mem::take(&mut self.root);
        self.read(Spanned::new(0..0, DeValue::Table(root)))
    }

    pub(in crate::advisor) fn error_on(&self, line: usize, what: String) -> Error {
        Error::at(self.file, line, what)
    }

    fn read<T: Deserialize<'a>>(&self, value: Spanned<DeValue<'a>>) -> Result<T, Error> {
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| self.error(&error))
    }

    fn error(&self, error: &toml::de::Error) -> Error {
        // Without the input its text is the message and, on a second line, the key.
        let mut error = error.clone();
        error.set_input(None);
        let what = error.to_string().trim_end().replace('\n', " ");
        match error.span() {
            Some(span) => self.error_at(span, what),
            None => Error::of(self.file, what),
        }
    }

    pub(in crate::advisor) fn error_at(&self, span: Range<usize>, what: String) -> Error {
        Error::at(self.file, self.line(span), what)
    }

    fn line(&self, span: Range<usize>) -> usize {
        let before = &self.text.as_bytes()[..span.start];
        before.split(|byte| *byte == b'\n').count()
    }
}

/// Text that is not blank; line breaks and runs of spaces count as one space.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let words: Vec<_> = text.split_whitespace().collect();
        if words.is_empty() {
            return Err(D::Error::custom("blank text"));
        }
        Ok(Self(words.join(" ")))
    }
}

/// Reads text that is not blank.
pub(in crate::advisor) fn text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

pub(in crate::advisor) fn optional_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    text(deserializer).map(Some)
}

/// Reads a list that has at least one text.
pub(in crate::advisor) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<Text>::deserialize(deserializer)?;
    if texts.is_empty() {
        return Err(D::Error::custom("empty list: expected at least one text"));
    }
    Ok(texts.into_iter().map(|text| text.0).collect())
}

/// Reads the address of a web page.
pub(in crate::advisor) fn url<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let url = text(deserializer)?;
    if !url.starts_with("https://") && !url.starts_with("http://") {
        let what = format!("invalid URL {url:?}: expected https:// or http://");
        return Err(D::Error::custom(what));
    }
    Ok(Some(url))
}

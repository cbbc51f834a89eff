//! Wrong entries of knowledge files, by file and line.

/// A wrong entry of a file.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {what}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct Error {
    pub file: String,
    /// None where it is about the whole file, or folder.
    pub line: Option<usize>,
    pub what: String,
}

impl Error {
    pub(in crate::advisor) fn at(file: &str, line: usize, what: String) -> Self {
        Self {
            file: file.to_owned(),
            line: Some(line),
            what,
        }
    }

    pub(super) fn of(file: &str, what: String) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            what,
        }
    }
}

/// All wrong entries: the first of each table of each file.
#[derive(Debug, Default, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Errors(pub Vec<Error>);

impl Errors {
    /// Unwraps a result and collects its errors.
    pub(in crate::advisor) fn or<T>(&mut self, result: Result<T, impl Into<Self>>) -> Option<T> {
        result.map_err(|errors| self.0.extend(errors.into().0)).ok()
    }

    /// Succeeds if there are none.
    pub(in crate::advisor) fn none(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
}

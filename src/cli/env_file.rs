//! The file `.env`, so that settings need not be typed each time.

use std::{
    collections::HashSet,
    env, fs, io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, #[source] io::Error),
    // Without what stands in the line: it may be a secret.
    #[error(
        "{file}, line {line}, is not NAME=VALUE. A value with spaces, quotes, $ or \\ in it stands \
         in 'single quotes'; a comment starts with #"
    )]
    Line { file: String, line: usize },
    #[error(
        "{file} sets {name} twice, on lines {first} and {second}; keep one. (Mula would use the \
         first, Docker Compose the last.)"
    )]
    Twice {
        file: String,
        name: String,
        first: usize,
        second: usize,
    },
}

/// A line `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvLine {
    pub number: usize,
    pub name: String,
    pub value: String,
}

/// The file's lines, and the `$` in them that expand to nothing.
#[derive(Debug, Default)]
pub struct EnvFile {
    pub path: PathBuf,
    pub lines: Vec<EnvLine>,
    /// Names that a value of the file expands: settings of the file's own, of a kind.
    pub expanded: HashSet<String>,
    pub warnings: Vec<String>,
}

/// Sets the variables of the file that the environment does not set. A missing file is empty.
pub fn load(path: &Path) -> Result<EnvFile, EnvFileError> {
    let unreadable = |error| EnvFileError::Unreadable(path.display().to_string(), error);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(EnvFile::default()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut file = EnvFile {
        path: path.to_owned(),
        ..EnvFile::default()
    };
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        match item {
            Ok((name, value)) => file.add(&text, name, value)?,
            Err(dotenvy::Error::LineParse(wrong, _)) => {
                let before = text.find(&wrong).map_or("", |start| &text[..start]);
                return Err(EnvFileError::Line {
                    file: path.display().to_string(),
                    line: before.matches('\n').count() + 1,
                });
            }
            Err(error) => return Err(unreadable(io::Error::other(error))),
        }
    }
    dotenvy::from_read(text.as_bytes()).map_err(|error| unreadable(io::Error::other(error)))?;
    Ok(file)
}

impl EnvFile {
    fn add(&mut self, text: &str, name: String, value: String) -> Result<(), EnvFileError> {
        let mut numbers = text
            .lines()
            .enumerate()
            .filter_map(|(index, line)| (name_in(line)? == name).then_some((index + 1, line)));
        let (number, line) = numbers.next().unwrap_or_default();
        if let Some((second, _)) = numbers.next() {
            return Err(EnvFileError::Twice {
                file: self.path.display().to_string(),
                name,
                first: number,
                second,
            });
        }
        for expanded in expansions(line) {
            let is_known = env::var_os(&expanded).is_some()
                || self.lines.iter().any(|line| line.name == expanded);
            if !is_known {
                self.warnings.push(format!(
                    "{}, line {number}: ${expanded} in the value of {name} expands to nothing; \
                     write the value in 'single quotes' to keep the $",
                    self.path.display()
                ));
            }
            self.expanded.insert(expanded);
        }
        self.lines.push(EnvLine {
            number,
            name,
            value,
        });
        Ok(())
    }
}

/// The name that a line sets.
fn name_in(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('\u{feff}').trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, _) = line.split_once('=')?;
    Some(name.trim()).filter(|name| !name.starts_with('#'))
}

/// The variables that dotenvy expands in a line: letters and digits after a `$`, or anything in
/// `${}`, unless escaped or in single quotes.
fn expansions(line: &str) -> Vec<String> {
    let (mut found, mut quoted) = (Vec::new(), false);
    let mut rest = line.split_once('=').map_or("", |(_, value)| value).chars();
    while let Some(letter) = rest.next() {
        match letter {
            '\'' => quoted = !quoted,
            '\\' if !quoted => drop(rest.next()),
            '$' if !quoted => {
                let after = rest.as_str();
                let name = match after.strip_prefix('{') {
                    Some(braced) => braced.split('}').next().unwrap_or_default(),
                    None => after
                        .split(|letter: char| !letter.is_alphanumeric())
                        .next()
                        .unwrap_or_default(),
                };
                found.push(name.to_owned());
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{expansions, load};

    #[test]
    fn a_malformed_line_is_named_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".env");
        load(&path).unwrap();
        fs::write(&path, "# a comment\n\n\nSECRET_KEY 'hush\n").unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains(".env, line 4, is not NAME=VALUE"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn a_folder_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            load(dir.path())
                .unwrap_err()
                .to_string()
                .contains("cannot be read")
        );
    }

    #[test]
    fn expansions_are_found_as_the_library_makes_them() {
        for (line, names) in [
            ("A=b", &[][..]),
            ("A=pa$word", &["word"]),
            ("A=\"${B}/$C_D\"", &["B", "C"]),
            ("A='pa$word'", &[]),
            ("A=pa\\$word", &[]),
        ] {
            assert_eq!(expansions(line), names, "{line}");
        }
    }
}

//! The file `.env`, so that settings need not be typed each time.

use std::{fs, io, path::Path};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, #[source] io::Error),
    // Without what stands in the line: it may be a secret.
    #[error(
        "{file}, line {line}, is not NAME=VALUE. A value with spaces, quotes, $ or \\ in it stands \
         in 'single quotes'; a comment starts with #"
    )]
    Line { file: String, line: usize },
}

/// Sets what the file says and the environment does not. It need not be there.
pub fn load(path: &Path) -> Result<(), Error> {
    let unreadable = |error| Error::Unreadable(path.display().to_string(), error);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    match dotenvy::from_read(text.as_bytes()) {
        Ok(()) => Ok(()),
        Err(dotenvy::Error::LineParse(wrong, _)) => {
            let before = text.find(&wrong).map_or("", |start| &text[..start]);
            let line = before.matches('\n').count() + 1;
            Err(Error::Line {
                file: path.display().to_string(),
                line,
            })
        }
        Err(error) => Err(unreadable(io::Error::other(error))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::load;

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
}

//! Which files there are: those that the binary carries, and a folder's instead of them or beside
//! them.

use std::{borrow::Cow, collections::HashMap, fs, path::Path};

use super::{Error, Errors};

/// The built-in files. Each may be replaced.
const BUILT_IN: [(&str, &str); 9] = [
    ("legba.toml", include_str!("../../../knowledge/legba.toml")),
    ("oshun.toml", include_str!("../../../knowledge/oshun.toml")),
    (
        "shango.toml",
        include_str!("../../../knowledge/shango.toml"),
    ),
    (
        "yemaya.toml",
        include_str!("../../../knowledge/yemaya.toml"),
    ),
    ("obi.toml", include_str!("../../../knowledge/obi.toml")),
    (
        "crisis.toml",
        include_str!("../../../knowledge/crisis.toml"),
    ),
    (
        "languages.toml",
        include_str!("../../../knowledge/languages.toml"),
    ),
    (
        "off-topic.toml",
        include_str!("../../../knowledge/off-topic.toml"),
    ),
    (
        "topics.toml",
        include_str!("../../../knowledge/topics.toml"),
    ),
];

/// Passages beside those of the advisor's file.
const MORE: [&str; 4] = [
    "legba.more.toml",
    "oshun.more.toml",
    "shango.more.toml",
    "yemaya.more.toml",
];

/// All files, by name.
#[derive(Debug)]
pub(in crate::advisor) struct Files(HashMap<&'static str, File>);

/// A file's path, for its errors, and its text.
#[derive(Debug)]
struct File {
    name: String,
    text: Cow<'static, str>,
}

impl Files {
    /// Those that are built in, and over them those of a folder.
    ///
    /// # Errors
    ///
    /// A folder or files that cannot be read, and every `.toml` or `.txt` file under another name.
    pub(in crate::advisor) fn read(folder: Option<&Path>) -> Result<Self, Errors> {
        let built_in = BUILT_IN.map(|(name, text)| {
            let file = File {
                name: name.to_owned(),
                text: text.into(),
            };
            (name, file)
        });
        let mut files = Self(built_in.into());
        let Some(folder) = folder else {
            return Ok(files);
        };
        let unreadable = |path: &Path, error: &std::io::Error| {
            let path = path.display().to_string();
            Error::of(&path, format!("cannot be read: {error}"))
        };
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut paths: Vec<_> = entries
            .map_err(|error| unreadable(folder, &error))?
            .into_iter()
            .map(|entry| entry.path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "toml" || extension == "txt")
            })
            .collect();
        paths.sort();
        let mut errors = Errors::default();
        for path in paths {
            let name = path.file_name().unwrap_or_default();
            let mut known = BUILT_IN.iter().map(|(name, _)| *name).chain(MORE);
            let Some(name) = known.find(|known| *known == name) else {
                errors.0.push(Error::of(
                    &path.display().to_string(),
                    format!("not a knowledge file; expected one of {}", names()),
                ));
                continue;
            };
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error));
            if let Some(text) = errors.or(text) {
                let file = File {
                    name: path.display().to_string(),
                    text: text.into(),
                };
                files.0.insert(name, file);
            }
        }
        errors.none()?;
        Ok(files)
    }

    /// The name to say, and the text, of a file there may be.
    pub(in crate::advisor) fn maybe(&self, name: &str) -> Option<(&str, &str)> {
        let file = self.0.get(name)?;
        Some((&file.name, &file.text))
    }

    /// The same of one that is built in.
    pub(in crate::advisor) fn get(&self, name: &str) -> (&str, &str) {
        self.maybe(name).unwrap_or_default()
    }

    /// All texts, always in the same order.
    pub(in crate::advisor) fn texts(&self) -> impl Iterator<Item = &str> {
        let names = BUILT_IN.iter().map(|(name, _)| *name).chain(MORE);
        names.map(|name| self.get(name).1)
    }
}

fn names() -> String {
    let names: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).chain(MORE).collect();
    names.join(", ")
}

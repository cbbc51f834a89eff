//! A file that appears whole, or not at all, and replaces none.

use std::{
    io,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::Error;

/// Gone with this value until [`NewFile::keep`]. Only its owner may read it.
pub struct NewFile {
    path: PathBuf,
    draft: NamedTempFile,
}

impl NewFile {
    /// # Errors
    ///
    /// If there is such a file, or none can be made there.
    pub fn create(path: PathBuf) -> Result<Self, Error> {
        let created = if path.exists() {
            Err(io::Error::from(io::ErrorKind::AlreadyExists))
        } else {
            // Beside it: a file cannot be moved from one file system to another.
            tempfile::Builder::new()
                .prefix(".mula-")
                .tempfile_in(folder(&path))
        };
        match created {
            Ok(draft) => Ok(Self { path, draft }),
            Err(error) => Err(Error::File { path, error }),
        }
    }

    /// Where it is until it is kept.
    pub fn draft(&self) -> &Path {
        self.draft.path()
    }

    /// Gives it its name, once it is on the disk.
    pub fn keep(self) -> Result<PathBuf, Error> {
        let Self { path, draft } = self;
        let kept = draft
            .as_file()
            .sync_all()
            .and_then(|()| Ok(draft.persist_noclobber(&path)?))
            // The name too. Where folders cannot be opened, it is the system's to see to.
            .and_then(|_| std::fs::File::open(folder(&path)).map_or(Ok(()), |dir| dir.sync_all()));
        match kept {
            Ok(()) => Ok(path),
            Err(error) => Err(Error::File { path, error }),
        }
    }
}

impl io::Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.draft.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.draft.flush()
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

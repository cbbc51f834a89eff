//! Files and folders that only their owner may read: made so, and tightened where they are not.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

/// Permissions of others: those of the group, and of everybody else.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// In a folder that is everybody's, such as `/tmp`, each deletes only what is theirs.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

/// Suffixes of the files that SQLite makes beside a database, with the same permissions.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Makes a folder, and those it is in, where they are missing.
///
/// # Errors
///
/// Those of the file system.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(path)
}

/// Makes a file that is not there yet.
///
/// # Errors
///
/// Those of the file system, and that there is such a file.
pub fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path)
}

/// A SQLite database's files.
pub fn sqlite_files(database: &Path) -> impl Iterator<Item = PathBuf> {
    let beside = BESIDE.iter().map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    });
    std::iter::once(database.to_owned()).chain(beside)
}

/// The permissions of a file or folder of our own that others have, too; none if there is no such
/// file, or if it is not ours to tighten: a folder of everybody's, or the one that we run in.
#[cfg(unix)]
#[must_use]
pub fn open_to_others(path: &Path) -> Option<u32> {
    let metadata = fs::metadata(path).ok()?;
    let mode = metadata.mode() & 0o7777;
    let is_shared = metadata.is_dir() && (mode & STICKY != 0 || is_around_us(path));
    (mode & OTHERS != 0 && !is_shared).then_some(mode)
}

#[cfg(not(unix))]
#[must_use]
pub fn open_to_others(_: &Path) -> Option<u32> {
    None
}

#[cfg(unix)]
fn is_around_us(folder: &Path) -> bool {
    match (fs::canonicalize(folder), std::env::current_dir()) {
        (Ok(folder), Ok(here)) => here.starts_with(folder),
        _ => true,
    }
}

/// Takes the permissions of others away from each of these that has any, and logs it. A file system
/// or an owner that refuses is a warning: the files are used all the same.
pub fn tighten(paths: impl IntoIterator<Item = PathBuf>) {
    let mut tightened = Vec::new();
    for path in paths {
        let Some(mode) = open_to_others(&path) else {
            continue;
        };
        match take_from_others(&path, mode) {
            Ok(()) => tightened.push(path.display().to_string()),
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, mode = format_args!("{mode:04o}"), %error, "other users can read this");
            }
        }
    }
    if !tightened.is_empty() {
        tracing::info!(
            paths = tightened.join(" "),
            "permissions of other users removed"
        );
    }
}

#[cfg(unix)]
fn take_from_others(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode & !OTHERS))
}

#[cfg(not(unix))]
fn take_from_others(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

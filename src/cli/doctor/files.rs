//! Permissions of the files that Mula keeps.

use super::Report;
use crate::{
    config::{DatabaseSettings, RawSettings, kept_files},
    private,
};

const ABOUT: &str = "files";

pub(super) fn check(given: &RawSettings, database: &DatabaseSettings, report: &mut Report) {
    let mut kept = kept_files(&given.data_dir, database);
    if let Some(path) = database.sqlite_path() {
        kept.extend(private::sqlite_files(path));
    }
    let open: Vec<_> = kept
        .iter()
        .filter_map(|path| Some((path, private::open_to_others(path)?)))
        .map(|(path, mode)| format!("{} ({mode:04o})", path.display()))
        .collect();
    if !open.is_empty() {
        report.warn(
            ABOUT,
            format_args!(
                "other users can read {}: mula serve takes that from them when it starts, or: chmod \
                 go= on each",
                open.join(", ")
            ),
        );
    } else if kept.iter().any(|path| path.exists()) {
        report.ok(ABOUT, "only their owner can read them");
    }
}

//! Room, and leave to write, where Mula keeps files.

use std::path::Path;

use super::Report;
use crate::config::{CommandSettings, RawSettings};

/// Less is soon none.
const LITTLE: u64 = 1_000_000_000;
const TOO_LITTLE: u64 = 100_000_000;

const ABOUT: &str = "disk";

pub(super) fn check(given: &RawSettings, settings: Option<&CommandSettings>, report: &mut Report) {
    let database = settings.and_then(|settings| settings.database.sqlite_path());
    let database = database.and_then(Path::parent);
    // Where the secret is in the settings and the database elsewhere, nothing is kept there.
    let data_dir = given.data_dir.as_path();
    let secret = given.secret_key.is_none().then_some(data_dir);
    let folders = [database, secret.filter(|folder| Some(*folder) != database)];
    let mut any = false;
    for folder in folders.into_iter().flatten() {
        any = true;
        check_folder(folder, report);
    }
    if !any {
        report.ok(ABOUT, "nothing is kept on it");
    }
}

fn check_folder(folder: &Path, report: &mut Report) {
    let shown = match folder.to_str() {
        Some("") | None => ".".to_owned(),
        Some(folder) => folder.to_owned(),
    };
    // What is not there yet is made in the nearest folder that is.
    let nearest = folder
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("."));
    if let Err(error) = tempfile::tempfile_in(nearest) {
        report.fail(
            ABOUT,
            format_args!(
                "{shown} cannot be written to ({error}): let the user that runs Mula write there, \
                 or name another folder with DATA_DIR or DATABASE_URL"
            ),
        );
        return;
    }
    match free(nearest) {
        Some(bytes) if bytes < LITTLE => {
            let megabytes = bytes / 1_000_000;
            let said = format!("{shown} has {megabytes} MB left: make room");
            if bytes < TOO_LITTLE {
                report.fail(ABOUT, said);
            } else {
                report.warn(ABOUT, said);
            }
        }
        Some(bytes) => {
            let gigabytes = bytes / 1_000_000_000;
            report.ok(
                ABOUT,
                format_args!("{shown} can be written to and has {gigabytes} GB left"),
            );
        }
        None => report.ok(ABOUT, format_args!("{shown} can be written to")),
    }
}

/// Bytes that we may fill.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

//! Checks of the secret key.

use std::path::Path;

use super::Report;
use crate::config::{RawSettings, SECRET_FILE, Settings};

/// It is long enough and no example, or it would not have come so far.
pub(super) fn check(given: &RawSettings, settings: &Settings, report: &mut Report) {
    let file = settings.data_dir.join(SECRET_FILE);
    let bytes = settings.secrets.current.len();
    if given.secret_key.is_some() {
        if looks_typed(&settings.secrets.current) {
            report.warn(
                "secret",
                "SECRET_KEY is long enough, but looks typed rather than random: make one with \
                 openssl rand -base64 48, and keep this one as SECRET_KEY_PREVIOUS for \
                 TOKEN_LIFETIME",
            );
        } else {
            report.ok("secret", format_args!("SECRET_KEY has {bytes} bytes"));
        }
    } else if !file.exists() {
        let file = file.display();
        report.ok(
            "secret",
            format_args!("the first start makes one, in {file}"),
        );
    } else if is_open_to_others(&file) {
        let file = file.display();
        report.warn(
            "secret",
            format_args!("others on this machine may read {file}: chmod 600 {file}"),
        );
    } else {
        let file = file.display();
        report.ok("secret", format_args!("{file} has {bytes} bytes"));
    }
}

/// Letters of one case, or digits, and marks: what is random and as long has more kinds, in
/// base64 as in hexadecimal.
fn looks_typed(secret: &str) -> bool {
    let kinds: [fn(&u8) -> bool; 3] = [
        u8::is_ascii_lowercase,
        u8::is_ascii_uppercase,
        u8::is_ascii_digit,
    ];
    kinds
        .iter()
        .filter(|kind| secret.as_bytes().iter().any(kind))
        .count()
        < 2
}

#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::looks_typed;

    #[test]
    fn what_is_random_has_letters_and_digits() {
        assert!(looks_typed("correct horse battery staple, they say"));
        assert!(!looks_typed("3f7a90c2d4e81b6509af3c7d2e1b8a44"));
        assert!(!looks_typed("Zq3vK8wYp1xR6tLm9dHc2sNf5gJb7aEu0oTiWkVyXrQ"));
    }
}

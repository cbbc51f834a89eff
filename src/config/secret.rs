//! The secret that tokens are signed with: what makes a good one, and the one we make.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

use super::{RawSettings, parser::Parser};
use crate::private;

/// RFC 7518, section 3.2: a key of at least the hash's 256 bits.
const MIN_BYTES: usize = 32;

/// Where it is kept, in `DATA_DIR`.
pub const FILE: &str = "secret.key";

/// Keys printed in tutorials and example files, which people deploy.
const WELL_KNOWN: [&str; 6] = [
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "your-secret-key-change-in-production",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "your-secret-key-here-change-this-in-production",
    "change-me-to-a-long-random-string-of-characters",
    "replace-me-with-the-output-of-openssl-rand-base64-48",
];

/// The keys that sign and verify tokens.
#[derive(Clone)]
pub struct Secrets {
    pub current: String,
    pub previous: Option<String>,
}

// Written by hand so that no secret can reach a log.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// Finds, or makes, the secret in a folder.
pub(super) type SecretIn = fn(&Path) -> io::Result<String>;

impl Parser {
    pub(super) fn secrets(
        &mut self,
        given: &RawSettings,
        required: Option<&str>,
        secret_in: SecretIn,
    ) -> Option<Secrets> {
        for (name, value) in [
            ("SECRET_KEY", &given.secret_key),
            ("SECRET_KEY_PREVIOUS", &given.secret_key_previous),
        ] {
            if let Some(Err(why)) = value.as_deref().map(check) {
                self.errors.push(format!(
                    "{name} {why}; make one with: openssl rand -base64 48"
                ));
            }
        }
        let current = match (&given.secret_key, required) {
            (Some(secret), _) => secret.clone(),
            (None, Some(when)) => {
                self.errors.push(format!(
                    "SECRET_KEY is required {when}, the same for all instances; make one with: \
                     openssl rand -base64 48"
                ));
                return None;
            }
            // Made only when nothing else is wrong: a start that is refused leaves no trace.
            (None, None) if self.errors.is_empty() => {
                self.kept_secret(secret_in, &given.data_dir)?
            }
            (None, None) => return None,
        };
        Some(Secrets {
            current,
            previous: given.secret_key_previous.clone(),
        })
    }

    fn kept_secret(&mut self, secret_in: SecretIn, data_dir: &Path) -> Option<String> {
        match secret_in(data_dir) {
            Ok(secret) => Some(secret),
            Err(error) => {
                self.errors.push(format!(
                    "DATA_DIR={:?}: the secret cannot be kept there ({error}); name a folder that \
                     can be written to, or set SECRET_KEY",
                    data_dir.display().to_string()
                ));
                None
            }
        }
    }
}

fn check(secret: &str) -> Result<(), &'static str> {
    let lower = secret.to_ascii_lowercase();
    let distinct = secret
        .bytes()
        .collect::<std::collections::HashSet<_>>()
        .len();
    if secret.len() < MIN_BYTES {
        Err("is shorter than 32 bytes")
    } else if WELL_KNOWN.iter().any(|known| lower.contains(known)) {
        Err("is a well-known example value")
    } else if distinct < 8 {
        Err("repeats too few characters to be random")
    } else {
        Ok(())
    }
}

/// The secret in `secret.key` in this folder, made on the first call.
///
/// Safe against two processes that start at once: the file appears whole, and once.
pub(super) fn kept_in(dir: &Path) -> io::Result<String> {
    let path = dir.join(FILE);
    if !path.exists() {
        private::create_folder(dir)?;
        let secret = new()?;
        // Not by process id: in containers that share the folder, all are number 1.
        let draft = dir.join(format!(
            "secret.key.{:016x}",
            getrandom::u64().map_err(io::Error::other)?
        ));
        let mut file = private::create_file(&draft)?;
        file.write_all(secret.as_bytes())?;
        file.sync_all()?;
        // Unlike a rename, a link never replaces what another process has just put there.
        let linked = fs::hard_link(&draft, &path);
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    read(&path)
}

/// The secret in this folder; where there is none yet, one that is kept nowhere.
pub(super) fn found_in(dir: &Path) -> io::Result<String> {
    let path = dir.join(FILE);
    if path.exists() { read(&path) } else { new() }
}

fn read(path: &Path) -> io::Result<String> {
    let secret = fs::read_to_string(path)?.trim().to_owned();
    check(&secret).map_err(|why| io::Error::other(format!("{} {why}", path.display())))?;
    Ok(secret)
}

fn new() -> io::Result<String> {
    let mut bytes = [0; 48];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(BASE64_STANDARD_NO_PAD.encode(bytes))
}

//! SHA-256: of several parts, as a key, and of one text, as others reckon it.
//!
//! May use: nothing of ours.

use sha2::{Digest, Sha256};

/// In hexadecimal. Each part's length is hashed before it, so that moving a character from one
/// part to the next makes another key.
pub fn hex<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    in_hex(hash)
}

/// Of the text and nothing else, in lower-case hexadecimal.
pub fn sha256(text: &str) -> String {
    in_hex(Sha256::new_with_prefix(text))
}

fn in_hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            use std::fmt::Write;
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

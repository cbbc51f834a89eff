//! SHA-256: of several parts, as a key, and of one text, as others reckon it.

use sha2::{Digest, Sha256};

/// In hexadecimal. Each part's length is hashed before it, so that moving a character from one
/// part to the next makes another key.
pub fn hash_parts<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Of the text and nothing else, in lower-case hexadecimal.
pub fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

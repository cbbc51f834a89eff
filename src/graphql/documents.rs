//! Documents that a request names instead of holding them: automatic persisted queries
//! (<https://www.apollographql.com/docs/apollo-server/performance/apq>), and trusted documents
//! (<https://github.com/graphql/graphql-over-http/pull/264>), which are all that is executed where
//! there is a file of them.

use std::{
    collections::HashMap,
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::Request;
use lru::LruCache;

use super::{
    ErrorCode, bounds,
    checked::{Checked, IsChecked, Schema},
};
use crate::digest;

/// Automatic persisted queries that are kept, at most, and their bytes together.
const KEPT: NonZeroUsize = NonZeroUsize::new(1_000).expect("more than none");
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// How a request names its document.
pub enum Name {
    /// By `extensions.persistedQuery`: the SHA-256 of its text, in hexadecimal.
    Hash(String),
    /// By `documentId` and the like.
    Id(String),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Hash(name) | Self::Id(name) => name,
        }
    }

    /// The hash it is made of, if it is one.
    fn hash(&self) -> Option<&str> {
        match self {
            Self::Hash(hash) => Some(hash),
            Self::Id(id) => id.strip_prefix("sha256:"),
        }
    }
}

/// Why there is nothing to execute.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// In these words, which clients of the protocol compare.
    #[error("PersistedQueryNotFound")]
    NotFound,
    #[error("There is no document with the id {0:?} here.")]
    Unknown(String),
    #[error("provided sha does not match query: it is not the SHA-256 of its text.")]
    OtherHash,
    #[error(
        "Only trusted documents are executed here, and this is none of them. Send one of those, as \
         it is or by its id as `documentId`."
    )]
    NotTrusted,
    #[error("`query` is missing: the GraphQL document, as a string.")]
    Nothing,
}

/// Why a file of trusted documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, #[source] io::Error),
    #[error("{0} is not a JSON object of documents by their ids: {1}")]
    NotDocuments(PathBuf, #[source] serde_json::Error),
    #[error("{0} has documents that cannot be executed:\n{lines}", lines = .1.join("\n"))]
    Wrong(PathBuf, Vec<String>),
}

/// Where the documents come from.
pub enum Documents {
    /// From clients, whatever they send.
    Sent(Mutex<Kept>),
    /// From a file alone.
    Trusted {
        by_id: HashMap<String, Arc<Checked>>,
        /// By the SHA-256 of the text.
        by_hash: HashMap<String, Arc<Checked>>,
    },
}

/// Those that clients sent with their hashes, the ones that were used longest ago forgotten.
pub struct Kept {
    by_hash: LruCache<String, Arc<str>>,
    bytes: usize,
}

impl Documents {
    /// From clients.
    #[must_use]
    pub fn sent() -> Self {
        Self::Sent(Mutex::new(Kept {
            by_hash: LruCache::new(KEPT),
            bytes: 0,
        }))
    }

    /// From a file, as graphql-codegen's client preset and relay-compiler write it: one object,
    /// documents by their ids.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or any of them does not fit the schema or is past the bounds.
    pub async fn trusted(path: &Path, schema: &Schema) -> Result<Self, Unusable> {
        let json = tokio::fs::read(path)
            .await
            .map_err(|error| Unusable::Unreadable(path.to_owned(), error))?;
        let texts: HashMap<String, String> = serde_json::from_slice(&json)
            .map_err(|error| Unusable::NotDocuments(path.to_owned(), error))?;
        let (mut by_id, mut by_hash) = (HashMap::new(), HashMap::new());
        let mut wrong = Vec::new();
        for (id, text) in texts {
            match schema.check(&text).await {
                Ok(checked) => {
                    by_hash.insert(digest::sha256(&text), checked.clone());
                    by_id.insert(id, checked);
                }
                Err(errors) => {
                    let why: Vec<_> = errors.into_iter().map(|error| error.message).collect();
                    wrong.push(format!("  - {id}: {}", why.join(" ")));
                }
            }
        }
        if !wrong.is_empty() {
            wrong.sort();
            return Err(Unusable::Wrong(path.to_owned(), wrong));
        }
        Ok(Self::Trusted { by_id, by_hash })
    }

    /// The request for a document that is held in it, or named, or both.
    ///
    /// # Errors
    ///
    /// If there is no such document, or it may not be executed.
    pub fn find(&self, text: Option<String>, name: Option<Name>) -> Result<Request, Error> {
        if let (Some(text), Some(hash)) = (&text, name.as_ref().and_then(Name::hash))
            && digest::sha256(text) != hash
        {
            return Err(Error::OtherHash);
        }
        match self {
            Self::Sent(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.find(text, name).map(Request::new)
            }
            Self::Trusted { by_id, by_hash } => {
                let trusted = match (text, name) {
                    (Some(text), _) => by_hash
                        .get(&digest::sha256(&text))
                        .ok_or(Error::NotTrusted)?,
                    (None, Some(name)) => by_id
                        .get(name.as_str())
                        .or_else(|| by_hash.get(name.hash()?))
                        .ok_or_else(|| Error::not_found(&name))?,
                    (None, None) => return Err(Error::Nothing),
                };
                Ok(Request::new("").data(IsChecked(trusted.clone())))
            }
        }
    }
}

impl Error {
    fn not_found(name: &Name) -> Self {
        match name {
            Name::Hash(_) => Self::NotFound,
            Name::Id(id) => Self::Unknown(id.chars().take(100).collect()),
        }
    }

    /// `extensions.code`.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound | Self::Unknown(_) => ErrorCode::PersistedQueryNotFound,
            Self::OtherHash | Self::NotTrusted | Self::Nothing => ErrorCode::BadRequest,
        }
    }
}

impl Kept {
    fn find(&mut self, text: Option<String>, name: Option<Name>) -> Result<String, Error> {
        match (text, name) {
            (Some(text), name) => {
                if let Some(hash) = name.as_ref().and_then(Name::hash) {
                    self.keep(hash, &text);
                }
                Ok(text)
            }
            (None, Some(name)) => name
                .hash()
                .and_then(|hash| self.by_hash.get(hash))
                .map(ToString::to_string)
                .ok_or_else(|| Error::not_found(&name)),
            (None, None) => Err(Error::Nothing),
        }
    }

    fn keep(&mut self, hash: &str, text: &str) {
        // What is too large to be executed need not be kept.
        if bounds::check_text(text).is_err() || self.by_hash.get(hash).is_some() {
            return;
        }
        let forgotten = self.by_hash.push(hash.to_owned(), text.into());
        self.bytes += text.len();
        self.bytes -= forgotten.map_or(0, |(_, text)| text.len());
        while self.bytes > KEPT_BYTES
            && let Some((_, text)) = self.by_hash.pop_lru()
        {
            self.bytes -= text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(documents: &Documents, text: Option<&str>, hash: &str) -> Result<String, Error> {
        let name = Name::Hash(hash.to_owned());
        let request = documents.find(text.map(str::to_owned), Some(name))?;
        Ok(request.query)
    }

    #[test]
    fn what_was_sent_last_is_kept_within_bounds() {
        let documents = Documents::sent();
        // 4 MiB are 69 of these.
        let texts: Vec<_> = (0..80)
            .map(|n| format!("{{ a{n} # {}\n}}", "x".repeat(60_000)))
            .collect();
        let hashes: Vec<_> = texts.iter().map(|text| digest::sha256(text)).collect();
        for (text, hash) in texts.iter().zip(&hashes) {
            assert_eq!(ask(&documents, Some(text), hash).unwrap(), *text);
            // The first is used again and again.
            assert!(ask(&documents, None, &hashes[0]).is_ok());
        }

        let is_kept = |hash: &&String| ask(&documents, None, hash).is_ok();
        assert_eq!(hashes.iter().filter(is_kept).count(), 69);
        assert!(is_kept(&&hashes[0]) && is_kept(&&hashes[79]));
        assert!(matches!(
            ask(&documents, None, &hashes[1]),
            Err(Error::NotFound)
        ));

        for n in 0..2_000 {
            let text = format!("{{ a{n} }}");
            ask(&documents, Some(&text), &digest::sha256(&text)).unwrap();
        }
        let Documents::Sent(kept) = documents else {
            panic!("it is made so");
        };
        let kept = kept.into_inner().unwrap();
        assert_eq!(kept.by_hash.len(), KEPT.get());
        let bytes: usize = kept.by_hash.iter().map(|(_, text)| text.len()).sum();
        assert_eq!(kept.bytes, bytes);
    }

    #[test]
    fn what_cannot_be_executed_is_not_kept() {
        let documents = Documents::sent();
        for text in [
            "[".repeat(100),
            "x ".repeat(3_000),
            "{ a(x: \"\"\" ) }".into(),
        ] {
            let hash = digest::sha256(&text);
            assert!(ask(&documents, Some(&text), &hash).is_ok());
            assert!(ask(&documents, None, &hash).is_err(), "{text}");
        }
    }
}

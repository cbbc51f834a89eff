//! Documents that a request names instead of holding them: automatic persisted queries
//! (<https://www.apollographql.com/docs/apollo-server/performance/apq>), and trusted documents
//! (<https://github.com/graphql/graphql-over-http/pull/264>), which are all that is executed where
//! there is a file of them.

use std::{
    collections::HashMap,
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_graphql::Request;
use parking_lot::Mutex;

use super::{
    ErrorCode,
    byte_lru::ByteLru,
    limits,
    validated::{Schema, Validated, ValidatedDocument},
};
use crate::digest;

/// The most automatic persisted queries that are kept, and their bytes together.
const PERSISTED: NonZeroUsize = NonZeroUsize::new(1_000).expect("more than none");
const PERSISTED_BYTES: usize = 4 * 1024 * 1024;

/// How a request names its document.
pub enum DocumentName {
    /// By `extensions.persistedQuery`: the SHA-256 of its text, in hexadecimal.
    Hash(String),
    /// By `documentId` and the like.
    Id(String),
}

impl DocumentName {
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
pub enum DocumentError {
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
    /// Sent by clients; those sent with a hash are kept by it.
    Sent(Mutex<ByteLru<Arc<str>>>),
    /// From a file alone.
    Trusted {
        by_id: HashMap<String, Arc<ValidatedDocument>>,
        /// By the SHA-256 of the text.
        by_hash: HashMap<String, Arc<ValidatedDocument>>,
    },
}

impl Documents {
    /// From clients.
    #[must_use]
    pub fn sent() -> Self {
        Self::Sent(Mutex::new(ByteLru::new(PERSISTED, PERSISTED_BYTES)))
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
    pub fn find(
        &self,
        text: Option<String>,
        name: Option<DocumentName>,
    ) -> Result<Request, DocumentError> {
        if let (Some(text), Some(hash)) = (&text, name.as_ref().and_then(DocumentName::hash))
            && digest::sha256(text) != hash
        {
            return Err(DocumentError::OtherHash);
        }
        match self {
            Self::Sent(by_hash) => {
                let mut by_hash = by_hash.lock();
                persisted(&mut by_hash, text, name).map(Request::new)
            }
            Self::Trusted { by_id, by_hash } => {
                let trusted = match (text, name) {
                    (Some(text), _) => by_hash
                        .get(&digest::sha256(&text))
                        .ok_or(DocumentError::NotTrusted)?,
                    (None, Some(name)) => by_id
                        .get(name.as_str())
                        .or_else(|| by_hash.get(name.hash()?))
                        .ok_or_else(|| DocumentError::not_found(&name))?,
                    (None, None) => return Err(DocumentError::Nothing),
                };
                Ok(Request::new("").data(Validated(trusted.clone())))
            }
        }
    }
}

impl DocumentError {
    fn not_found(name: &DocumentName) -> Self {
        match name {
            DocumentName::Hash(_) => Self::NotFound,
            DocumentName::Id(id) => Self::Unknown(id.chars().take(100).collect()),
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

/// The document of a request: the one it holds, or an automatic persisted query.
fn persisted(
    by_hash: &mut ByteLru<Arc<str>>,
    text: Option<String>,
    name: Option<DocumentName>,
) -> Result<String, DocumentError> {
    match (text, name) {
        (Some(text), name) => {
            if let Some(hash) = name.as_ref().and_then(DocumentName::hash)
                // A document that is too large to be executed is not kept.
                && limits::check_text(&text).is_ok()
                && by_hash.get(hash).is_none()
            {
                by_hash.put(hash, text.as_str().into(), text.len());
            }
            Ok(text)
        }
        (None, Some(name)) => name
            .hash()
            .and_then(|hash| by_hash.get(hash))
            .map(ToString::to_string)
            .ok_or_else(|| DocumentError::not_found(&name)),
        (None, None) => Err(DocumentError::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(documents: &Documents, text: Option<&str>, hash: &str) -> Result<String, DocumentError> {
        let name = DocumentName::Hash(hash.to_owned());
        let request = documents.find(text.map(str::to_owned), Some(name))?;
        Ok(request.query)
    }

    #[test]
    fn texts_of_4_mib_are_kept() {
        let documents = Documents::sent();
        // 4 MiB are 69 of these.
        let texts: Vec<_> = (0..80)
            .map(|n| format!("{{ a{n} # {}\n}}", "x".repeat(60_000)))
            .collect();
        let hashes: Vec<_> = texts.iter().map(|text| digest::sha256(text)).collect();
        for (text, hash) in texts.iter().zip(&hashes) {
            assert_eq!(ask(&documents, Some(text), hash).unwrap(), *text);
        }

        let is_kept = |hash: &&String| ask(&documents, None, hash).is_ok();
        assert_eq!(hashes.iter().filter(is_kept).count(), 69);
        assert!(matches!(
            ask(&documents, None, &hashes[0]),
            Err(DocumentError::NotFound)
        ));
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

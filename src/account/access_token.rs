//! JWT bearer tokens (RFC 7519), HS256 and nothing else. A token names a session; it is never
//! stored, and proves nothing once its session has ended.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Secrets;

/// The issuer we sign as and insist on.
const ISSUER: &str = "mula";

/// The longest token in bytes: ours have some 330.
const MAX: usize = 1024;

/// The header we write, `{"typ":"JWT","alg":"HS256"}`, as it stands in a token.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";

/// The claims of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// The claims by their registered names (RFC 7519, section 4.1); `sid` is `OpenID`'s.
#[derive(Serialize, Deserialize)]
struct Wire {
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    exp: i64,
    iss: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TokenError {
    #[error("there is no token")]
    Missing,
    #[error("invalid access token")]
    Invalid,
    /// By its time; its session has not ended.
    #[error("the token has expired")]
    Expired(Claims),
}

/// Signs with the current secret; verifies with it, and with the previous one.
#[derive(Clone)]
pub struct Tokens {
    sign: EncodingKey,
    verify: Vec<DecodingKey>,
}

impl Tokens {
    #[must_use]
    pub fn new(secrets: &Secrets) -> Self {
        Self {
            sign: EncodingKey::from_secret(secrets.current.as_bytes()),
            verify: std::iter::once(&secrets.current)
                .chain(&secrets.previous)
                .map(|secret| DecodingKey::from_secret(secret.as_bytes()))
                .collect(),
        }
    }

    #[expect(
        clippy::missing_panics_doc,
        reason = "an HMAC of plain claims cannot fail"
    )]
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        let wire = Wire {
            sub: claims.user_id,
            sid: claims.session_id,
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
            iss: ISSUER.to_owned(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &wire, &self.sign)
            .expect("an HMAC of five plain claims cannot fail")
    }

    /// # Errors
    ///
    /// If it was not signed by us as we sign. Its expiry is the caller's to judge, without leeway:
    /// issuer and verifier are one.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > MAX {
            return Err(TokenError::Invalid);
        }
        // Exactly the header we write: no `kid`, `jku`, `crit` or whatever else invites a
        // verifier to look elsewhere for what to trust.
        if token.split('.').next() != Some(HEADER) {
            return Err(TokenError::Invalid);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        // By our own clock, elsewhere.
        validation.validate_exp = false;
        let wire = self
            .verify
            .iter()
            .find_map(|key| jsonwebtoken::decode::<Wire>(token, key, &validation).ok())
            .ok_or(TokenError::Invalid)?
            .claims;
        let time = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(TokenError::Invalid);
        Ok(Claims {
            user_id: wire.sub,
            session_id: wire.sid,
            issued_at: time(wire.iat)?,
            expires_at: time(wire.exp)?,
        })
    }
}

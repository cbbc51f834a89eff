//! Links to readings. A link shows one complete answer with its question to everyone with the token, until
//! it expires or its user ends it.
//!
//! The link is the reading's, not the answer's: after `regenerate` it shows the new answer once that is
//! complete, and nothing before.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, SubsecRound, Utc};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::{Error, Readings, store};
use crate::{
    entity::reading::{self, Engine, Status},
    request_context,
    validation::{FieldErrorCode::InvalidTime, ValidationErrors, Violation},
};

/// Random bytes of a token.
const RANDOM: usize = 32;

/// Characters of a token.
const LENGTH: usize = (RANDOM * 8).div_ceil(6);

/// A link that shows a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub token: String,
    pub created_at: DateTime<Utc>,
    /// None: never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Whether a text has the form of a token.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.len() == LENGTH
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl Readings {
    /// Whether a reading can have a link: its answer is complete, and not the fixed reply.
    #[must_use]
    pub fn is_shareable(&self, reading: &reading::Model) -> bool {
        self.settings.sharing
            && reading.status == Status::Completed
            && reading.engine != Engine::Care
    }

    /// The link of a reading, unless it has expired.
    #[must_use]
    pub fn link_of(&self, reading: &reading::Model) -> Option<Share> {
        if !self.settings.sharing {
            return None;
        }
        let expires_at = reading.share_expires_at;
        if expires_at.is_some_and(|time| time <= self.clock.now()) {
            return None;
        }
        Some(Share {
            token: reading.share_token.clone()?,
            created_at: reading.shared_at?,
            expires_at,
        })
    }

    /// Makes a link to a reading, or moves the end of the one that it has, and returns the reading.
    ///
    /// # Errors
    ///
    /// If the service shares none, the user has no such reading, its answer cannot be shared, or the end is
    /// past; then nothing has changed.
    pub async fn share(
        &self,
        user_id: Uuid,
        id: Uuid,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<reading::Model, Error> {
        if !self.settings.sharing {
            return Err(Error::SharingOff);
        }
        request_context::record_reading(id);
        let now = self.clock.now();
        if expires_at.is_some_and(|time| time <= now || time.year() > 9999) {
            let message = "A link expires in the future, before the year 10000.";
            let violation = Violation::new(InvalidTime, message);
            let errors = ValidationErrors::one("input.expiresAt", violation);
            return Err(Error::Invalid(errors));
        }
        let mut bytes = [0; RANDOM];
        getrandom::fill(&mut bytes)?;
        let (tx, earlier) = self.lock_reading(user_id, id).await?;
        if !earlier.status.is_final() {
            return Err(Error::Unfinished);
        }
        if !self.is_shareable(&earlier) {
            return Err(Error::NotShareable);
        }
        let link = self.link_of(&earlier).unwrap_or_else(|| Share {
            token: BASE64_URL_SAFE_NO_PAD.encode(bytes),
            created_at: now,
            expires_at: None,
        });
        let shared = reading::Model {
            share_token: Some(link.token),
            shared_at: Some(link.created_at),
            share_expires_at: expires_at.map(|time| time.trunc_subsecs(6)),
            ..earlier.clone()
        };
        self.set_link(tx, earlier, shared).await
    }

    /// Ends the link of a reading, and returns the reading.
    ///
    /// # Errors
    ///
    /// If the user has no such reading.
    pub async fn unshare(&self, user_id: Uuid, id: Uuid) -> Result<reading::Model, Error> {
        request_context::record_reading(id);
        let (tx, earlier) = self.lock_reading(user_id, id).await?;
        let unshared = reading::Model {
            share_token: None,
            shared_at: None,
            share_expires_at: None,
            ..earlier.clone()
        };
        self.set_link(tx, earlier, unshared).await
    }

    /// The reading that a token shows, from the primary: a link that has ended shows nothing from then on.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn find_shared(&self, token: &str) -> Result<Option<reading::Model>, Error> {
        if !self.settings.sharing || !is_token(token) {
            return Ok(None);
        }
        let found = store::with_link(self.db.reads(), token, self.clock.now()).await?;
        Ok(found.filter(|reading| self.is_shareable(reading)))
    }

    async fn set_link(
        &self,
        tx: DatabaseTransaction,
        earlier: reading::Model,
        reading: reading::Model,
    ) -> Result<reading::Model, Error> {
        if reading == earlier {
            return Ok(reading);
        }
        store::set_link(&tx, &reading).await?;
        self.commit_change(tx, &reading).await?;
        Ok(reading)
    }
}

//! Lines from rows, and rows from lines.

use chrono::{DateTime, Utc};

use super::{
    AccountEvent, Generation, IdempotencyKey, Outcome, Reading, ServiceMonth, Session, Share,
    UsageDay, UsageMonth, User,
};
use crate::entity::{
    PieceEnds, Sources, account_event, generation, reading, service_month, session, usage_day,
    usage_month, user,
};

impl User {
    /// With the password's hash, or without.
    pub(in crate::archive) fn new(row: user::Model, with_password: bool) -> Self {
        Self {
            id: row.id,
            email: row.email,
            username: row.username,
            hashed_password: with_password.then_some(row.hashed_password),
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
            locale: row.locale,
            memory: row.memory,
            email_verified_at: row.email_verified_at,
            pending_email: row.pending_email,
            is_guest: row.is_guest,
            readings_per_day: row.readings_per_day,
            cost_per_month_nano_usd: row.cost_per_month,
        }
    }

    pub(in crate::archive) fn row(
        self,
        email_key: String,
        username_key: String,
        hashed_password: String,
    ) -> user::Model {
        user::Model {
            id: self.id,
            email: self.email,
            email_key,
            username: self.username,
            username_key,
            hashed_password,
            is_active: self.is_active,
            created_at: self.created_at,
            updated_at: self.updated_at,
            locale: self.locale,
            memory: self.memory,
            email_verified_at: self.email_verified_at,
            pending_email: self.pending_email,
            is_guest: self.is_guest,
            readings_per_day: self.readings_per_day,
            cost_per_month: self.cost_per_month_nano_usd,
        }
    }
}

impl From<usage_day::Model> for UsageDay {
    fn from(row: usage_day::Model) -> Self {
        Self {
            user_id: row.user_id,
            day: row.day,
            readings: row.readings,
        }
    }
}

impl From<UsageDay> for usage_day::Model {
    fn from(line: UsageDay) -> Self {
        Self {
            user_id: line.user_id,
            day: line.day,
            readings: line.readings,
        }
    }
}

impl From<usage_month::Model> for UsageMonth {
    fn from(row: usage_month::Model) -> Self {
        Self {
            user_id: row.user_id,
            month: row.month,
            tokens: row.tokens,
            cost_nano_usd: row.cost,
        }
    }
}

impl From<UsageMonth> for usage_month::Model {
    fn from(line: UsageMonth) -> Self {
        Self {
            user_id: line.user_id,
            month: line.month,
            tokens: line.tokens,
            cost: line.cost_nano_usd,
        }
    }
}

impl From<service_month::Model> for ServiceMonth {
    fn from(row: service_month::Model) -> Self {
        Self {
            month: row.month,
            tokens: row.tokens,
            cost_nano_usd: row.cost,
        }
    }
}

impl From<ServiceMonth> for service_month::Model {
    fn from(line: ServiceMonth) -> Self {
        Self {
            month: line.month,
            tokens: line.tokens,
            cost: line.cost_nano_usd,
        }
    }
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            user_agent: row.user_agent,
            created_at: row.created_at,
            expires_at: row.expires_at,
            is_revoked: row.is_revoked,
            last_used_at: row.last_used_at,
        }
    }
}

impl From<account_event::Model> for AccountEvent {
    fn from(row: account_event::Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            kind: row.kind,
            session_id: row.session_id,
            user_agent: row.user_agent,
            created_at: row.created_at,
        }
    }
}

impl From<AccountEvent> for account_event::Model {
    fn from(line: AccountEvent) -> Self {
        Self {
            id: line.id,
            user_id: line.user_id,
            kind: line.kind,
            session_id: line.session_id,
            user_agent: line.user_agent,
            created_at: line.created_at,
        }
    }
}

impl Reading {
    /// The reading with what hangs off it, as `generations` and `idempotency_keys` have it.
    pub(in crate::archive) fn new(
        row: reading::Model,
        generations: Vec<Generation>,
        idempotency_keys: Option<Vec<IdempotencyKey>>,
        completed_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            advisor: row.advisor,
            question: row.question,
            response: row.response,
            generation_id: row.generation_id,
            care: row.care,
            outcome: Outcome {
                status: row.status,
                engine: row.engine,
                model: row.model,
                sources: row.sources.0,
                tokens_used: row.tokens_used,
                cost_nano_usd: row.cost,
                is_estimated: row.is_estimated,
                is_truncated: row.is_truncated,
                failure_code: row.failure_code,
                failure_message: row.failure_message,
                created_at: row.created_at,
                completed_at: row.completed_at.unwrap_or(completed_at),
            },
            is_cached: row.is_cached,
            is_favourite: row.is_favourite,
            note: row.note,
            in_reply_to: row.in_reply_to,
            share: row
                .share_token
                .zip(row.shared_at)
                .map(|(token, created_at)| Share {
                    token,
                    created_at,
                    expires_at: row.share_expires_at,
                }),
            cache_key: row.cache_key,
            generations,
            idempotency_keys,
        }
    }

    /// Takes over what its user may have changed here since: the mark, the note, the link and the ratings.
    pub(in crate::archive) fn keep_of(&mut self, here: &Self) {
        self.is_favourite = here.is_favourite;
        self.note.clone_from(&here.note);
        self.share.clone_from(&here.share);
        // Null since the other was deleted.
        self.in_reply_to = here.in_reply_to.and(self.in_reply_to);
        for generation in &mut self.generations {
            let mut there = here.generations.iter();
            if let Some(there) = there.find(|one| one.id == generation.id) {
                generation.rating = there.rating;
                generation.rating_reason.clone_from(&there.rating_reason);
            }
        }
    }

    pub(in crate::archive) fn row(&self) -> reading::Model {
        let outcome = self.outcome.clone();
        let mut generations = self.generations.iter();
        let present = generations.find(|one| one.id == self.generation_id);
        reading::Model {
            id: self.id,
            user_id: self.user_id,
            advisor: self.advisor,
            question: self.question.clone(),
            cache_key: self.cache_key.clone(),
            generation_id: self.generation_id,
            status: outcome.status,
            response: self.response.clone(),
            engine: outcome.engine,
            care: self.care,
            model: outcome.model,
            sources: Sources(outcome.sources),
            tokens_used: outcome.tokens_used,
            cost: outcome.cost_nano_usd,
            is_estimated: outcome.is_estimated,
            is_cached: self.is_cached,
            is_truncated: outcome.is_truncated,
            failure_code: outcome.failure_code,
            failure_message: outcome.failure_message,
            created_at: outcome.created_at,
            completed_at: Some(outcome.completed_at),
            is_favourite: self.is_favourite,
            note: self.note.clone(),
            rating: present.and_then(|one| one.rating),
            in_reply_to: self.in_reply_to,
            is_indexed: false,
            share_token: self.share.as_ref().map(|share| share.token.clone()),
            shared_at: self.share.as_ref().map(|share| share.created_at),
            share_expires_at: self.share.as_ref().and_then(|share| share.expires_at),
        }
    }
}

impl Generation {
    pub(in crate::archive) fn new(row: generation::Model, completed_at: DateTime<Utc>) -> Self {
        Self {
            id: row.id,
            response: row.response,
            outcome: Outcome {
                status: row.status,
                engine: row.engine,
                model: row.model,
                sources: row.sources.0,
                tokens_used: row.tokens_used,
                cost_nano_usd: row.cost,
                is_estimated: row.is_estimated,
                is_truncated: row.is_truncated,
                failure_code: row.failure_code,
                failure_message: row.failure_message,
                created_at: row.created_at,
                completed_at: row.completed_at.unwrap_or(completed_at),
            },
            cast_open: row.cast_open,
            piece_ends: row.piece_ends.0,
            cached_tokens: row.cached_tokens,
            reasoning_tokens: row.reasoning_tokens,
            rating: row.rating,
            rating_reason: row.rating_reason,
            prompt_version: row.prompt_version,
        }
    }

    /// A row without a lease or a reservation: the generation has ended.
    pub(in crate::archive) fn row(&self, of: &Reading) -> generation::Model {
        let outcome = self.outcome.clone();
        generation::Model {
            id: self.id,
            reading_id: of.id,
            user_id: of.user_id,
            status: outcome.status,
            cast_open: self.cast_open,
            owner: None,
            epoch: 0,
            lease_expires_at: None,
            cancel_requested: false,
            sent_at: None,
            reserved: 0,
            provider_response_id: None,
            provider_sequence: None,
            last_sequence: i32::try_from(self.piece_ends.len()).unwrap_or(i32::MAX),
            piece_ends: PieceEnds(self.piece_ends.clone()),
            response: self.response.clone(),
            engine: outcome.engine,
            model: outcome.model,
            sources: Sources(outcome.sources),
            tokens_used: outcome.tokens_used,
            cached_tokens: self.cached_tokens,
            reasoning_tokens: self.reasoning_tokens,
            cost: outcome.cost_nano_usd,
            is_estimated: outcome.is_estimated,
            is_truncated: outcome.is_truncated,
            is_thinking: false,
            failure_code: outcome.failure_code,
            failure_message: outcome.failure_message,
            created_at: outcome.created_at,
            completed_at: Some(outcome.completed_at),
            rating: self.rating,
            rating_reason: self.rating_reason.clone(),
            prompt_version: self.prompt_version.clone(),
        }
    }
}

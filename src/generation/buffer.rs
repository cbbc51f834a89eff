//! The text of an answer on its way, stored and not yet stored, in pieces.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr};
use tokio::time::Instant;

use super::store::{Outcome, stored_text};
use crate::{
    advisor::engine::{Begun, EngineEvent, Failure, Position, TokenUsage},
    entity::{
        Source, Sources, generation,
        reading::{Engine, Status},
    },
};

/// A piece is stored when it is this old; text that need not wait is cut into pieces of as many
/// bytes.
const PIECE_AGE: Duration = Duration::from_millis(250);
const PIECE: usize = 256;

/// The text of an answer as its writer has it, stored and not yet stored.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
pub(super) struct AnswerBuffer {
    /// The stored text, and the ends of its pieces.
    text: String,
    piece_ends: Vec<usize>,
    pending: String,
    /// When something was stored last.
    since: Instant,
    /// A new place to resume from is worth storing at once: without it all would be lost.
    is_urgent: bool,
    /// Whether a piece was committed without word of it: then it may be stored, or not.
    pub in_doubt: bool,
    /// As many of the sources are stored.
    stored_sources: usize,
    pub sources: Vec<Source>,
    pub model: Option<String>,
    /// As the provider reported it.
    pub usage: Option<TokenUsage>,
    /// Where the provider's response can be taken up again.
    pub position: Option<Position>,
    /// Whether the model thinks, and has not written a word yet.
    pub is_thinking: bool,
    /// Whether the answer ended at a limit.
    pub is_truncated: bool,
}

impl AnswerBuffer {
    /// A generation as far as it is stored.
    pub(super) async fn load(
        db: &impl ConnectionTrait,
        generation: &generation::Model,
    ) -> Result<Self, DbErr> {
        let (text, piece_ends) = if generation.last_sequence > 0 {
            stored_text(db, generation.id).await?
        } else {
            Default::default()
        };
        Ok(Self {
            text,
            piece_ends,
            pending: String::new(),
            since: Instant::now(),
            is_urgent: false,
            in_doubt: false,
            stored_sources: generation.sources.0.len(),
            sources: generation.sources.0.clone(),
            model: generation.model.clone(),
            // Of a model that failed, before the built-in advisor took its place.
            usage: (generation.tokens_used > 0 || generation.cost > 0).then_some(TokenUsage {
                tokens: generation.tokens_used,
                cost: generation.cost,
                is_estimated: generation.is_estimated,
                cached_tokens: generation.cached_tokens,
                reasoning_tokens: generation.reasoning_tokens,
            }),
            position: generation
                .provider_response_id
                .clone()
                .zip(generation.provider_sequence)
                .map(|(response_id, sequence)| Position {
                    response_id,
                    sequence,
                }),
            is_thinking: generation.is_thinking,
            is_truncated: false,
        })
    }

    /// For an engine to go on from.
    pub(super) fn begun(&self) -> Begun {
        Begun {
            text: self.text.clone(),
            sources: self.sources.clone(),
            position: self.position.clone(),
        }
    }

    pub(super) fn take(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::Text { text, position } => {
                self.pending.push_str(&text);
                self.is_urgent |= self.position.is_none() && position.is_some();
                self.position = position.or(self.position.take());
            }
            EngineEvent::Source(source) => self.sources.push(source),
            EngineEvent::Model(name) => self.model = Some(name),
            EngineEvent::Usage(usage) => self.usage = Some(usage),
            EngineEvent::Thinking(is_thinking) => {
                // The first word says by itself that the thinking is over.
                self.is_urgent |= is_thinking;
                self.is_thinking = is_thinking;
            }
            EngineEvent::Truncated => self.is_truncated = true,
            EngineEvent::Retracted => {
                self.text.clear();
                self.pending.clear();
                self.sources.clear();
                // Pieces that followers have keep their numbers.
                self.piece_ends.fill(0);
            }
        }
    }

    pub(super) fn pending(&self) -> &str {
        &self.pending
    }

    /// Everything that was written, stored or not.
    pub(super) fn whole_text(&self) -> String {
        format!("{}{}", self.text, self.pending)
    }

    pub(super) fn is_empty(&self) -> bool {
        // Pieces that were taken back have been seen all the same.
        self.piece_ends.is_empty() && self.pending.is_empty()
    }

    /// When to store something next: text soon, else the lease in time.
    pub(super) fn due(&self, heartbeat: Duration) -> Instant {
        if self.is_urgent {
            self.since
        } else if self.pending.is_empty() {
            self.since + heartbeat
        } else {
            self.since + PIECE_AGE
        }
    }

    pub(super) fn next_sequence(&self) -> i32 {
        i32::try_from(self.piece_ends.len() + 1).unwrap_or(i32::MAX)
    }

    /// So many bytes of what was pending are stored, as a piece.
    pub(super) fn stored(&mut self, bytes: usize) {
        self.text.extend(self.pending.drain(..bytes));
        self.piece_ends.push(self.text.len());
        self.in_doubt = false;
        self.renewed();
    }

    /// The sources, if there is a new one to store.
    pub(super) fn new_sources(&self) -> Option<Sources> {
        (self.sources.len() > self.stored_sources).then(|| Sources(self.sources.clone()))
    }

    /// Nothing has to be stored for a while.
    pub(super) fn renewed(&mut self) {
        self.since = Instant::now();
        self.stored_sources = self.sources.len();
        self.is_urgent = false;
    }

    /// Takes what is pending for stored: it will be, with the end, cut into pieces.
    pub(super) fn ended(
        mut self,
        status: Status,
        engine: Engine,
        usage: TokenUsage,
        failure: Option<Failure>,
    ) -> Outcome {
        let start = self.text.len();
        self.text.push_str(&self.pending);
        let more = pieces(&self.pending).into_iter().map(|end| start + end);
        self.piece_ends.extend(more);
        Outcome {
            status,
            engine,
            model: self.model,
            text: self.text,
            piece_ends: self.piece_ends,
            sources: self.sources,
            usage,
            is_truncated: self.is_truncated,
            failure,
        }
    }
}

/// Where the pieces end that a text is cut into which is there at once: after words, if it can be.
pub(super) fn pieces(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut start = 0;
    while text.len() - start > PIECE {
        let limit = text.floor_char_boundary(start + PIECE);
        let end = text[start..limit]
            .rfind(' ')
            .map_or(limit, |space| start + space + 1);
        ends.push(end);
        start = end;
    }
    if start < text.len() {
        ends.push(text.len());
    }
    ends
}

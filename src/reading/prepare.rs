//! All of an answer that needs no transaction: the crisis check, the search and the prompt. On SQLite a
//! transaction holds the only writer.

use uuid::Uuid;

use super::{Error, Readings, key, store};
use crate::{
    advisor::{Answer, History, engine::EngineInput, obi::Cast},
    entity::{
        Sources,
        reading::{self, Advisor, Care, Engine, Status},
    },
    generation,
};

/// A request for an answer.
pub(super) struct Submission {
    pub user_id: Uuid,
    /// The key of a guest's address, for a question of a guest's.
    pub guest_network: Option<String>,
    pub idempotency_key: Option<String>,
    /// A digest of the request that the key stands for.
    pub request: String,
    pub advisor: Advisor,
    pub question: String,
    pub in_reply_to: Option<Uuid>,
    /// The reading to answer again, as it was just now. None: a new one.
    pub again: Option<reading::Model>,
}

/// A request with everything that needs no transaction.
pub(super) struct Prepared {
    pub cast: Cast,
    pub cache_key: String,
    pub care: Care,
    /// The answer that is replied to.
    pub parent: Option<Uuid>,
    pub source: Source,
}

/// Where the answer comes from.
pub(super) enum Source {
    /// An engine that is done with it: the fixed reply to a cry for help, or the built-in engine, which composes
    /// an answer in less time than storing a lease would take.
    Answer(Engine, Answer),
    /// A writer, at this cost at most, in nano-dollars; 0 without prices, None without a model. Also without a
    /// budget: it is what an answer is settled with whose writer is gone.
    Writer(Option<i64>),
}

impl Readings {
    pub(super) async fn prepare(&self, submission: &Submission) -> Result<Prepared, Error> {
        let (user_id, advisors) = (submission.user_id, &self.advisors);
        let (db, again) = (self.db.reads(), submission.again.as_ref());
        let parent = match store::parent(db, user_id, submission.in_reply_to).await {
            // Decided in the transaction, where a request that is repeated comes first.
            Err(Error::NotFound | Error::UnfinishedParent) => None,
            parent => parent?,
        };
        let thread = generation::thread(db, user_id, submission.in_reply_to).await?;
        let told = (submission.question.as_str(), &thread);
        let before = again.map(|earlier| earlier.id);
        let memory = generation::memory(db, user_id, before, told, advisors.memory()).await?;
        let mut asked = EngineInput {
            advisor: submission.advisor,
            question: submission.question.clone(),
            // A new answer has a cast of its own.
            cast: Cast::draw()?,
            history: History::default(),
            thread,
            memory,
        };
        let source = if let Some(reply) = advisors.care_to(&asked) {
            Source::Answer(Engine::Care, reply)
        } else if self.answers_at_once() {
            let new_id = || self.clock.new_id();
            let ids = (again.map_or_else(new_id, |earlier| earlier.id), new_id());
            let mut history = generation::history(db, user_id, ids, self.clock.now()).await?;
            if let Some(earlier) = again {
                let titles = earlier.sources.0.iter().map(|source| source.title.as_str());
                history.add(earlier.response.as_deref().unwrap_or_default(), titles);
            }
            asked.history = history;
            Source::Answer(Engine::Embedded, advisors.answer(&asked, false))
        } else {
            Source::Writer(advisors.model().map(|model| {
                if model.is_priced() {
                    model.max_cost(&advisors.prompt(&asked))
                } else {
                    0
                }
            }))
        };
        Ok(Prepared {
            cast: asked.cast,
            cache_key: key::cache_key(&asked, submission.in_reply_to, advisors.version()),
            care: advisors.approach_to(&asked).care,
            parent,
            source,
        })
    }

    /// A reading that nothing has been done for yet, in the place of an earlier one if there is one.
    pub(super) fn new_reading(
        &self,
        submission: &Submission,
        prepared: &Prepared,
        earlier: Option<&reading::Model>,
    ) -> reading::Model {
        let new = reading::Model {
            id: self.clock.new_id(),
            user_id: submission.user_id,
            advisor: submission.advisor,
            question: submission.question.clone(),
            cache_key: prepared.cache_key.clone(),
            generation_id: self.clock.new_id(),
            status: Status::Pending,
            engine: self.advisors.engine(),
            care: prepared.care,
            model: None,
            sources: Sources::default(),
            tokens_used: 0,
            cost: 0,
            is_estimated: false,
            is_cached: false,
            is_truncated: false,
            failure_code: None,
            failure_message: None,
            created_at: self.clock.now(),
            completed_at: None,
            response: None,
            is_favourite: false,
            note: None,
            rating: None,
            in_reply_to: submission.in_reply_to,
            is_indexed: false,
            share_token: None,
            shared_at: None,
            share_expires_at: None,
        };
        let Some(earlier) = earlier.cloned() else {
            return new;
        };
        reading::Model {
            id: earlier.id,
            created_at: earlier.created_at,
            is_favourite: earlier.is_favourite,
            note: earlier.note,
            in_reply_to: earlier.in_reply_to,
            share_token: earlier.share_token,
            shared_at: earlier.shared_at,
            share_expires_at: earlier.share_expires_at,
            ..new
        }
    }

    /// Whether an answer need not be written.
    fn answers_at_once(&self) -> bool {
        self.advisors.engine() == Engine::Embedded && self.settings.embedded_pause.is_zero()
    }
}

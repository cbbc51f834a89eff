//! The advisors: who they are, what they know, and what they answer.

mod approach;
mod compose;
pub mod crisis;
mod embedded;
mod embedding;
pub mod engine;
mod history;
mod knowledge;
mod language;
mod library;
pub mod model;
pub mod obi;
mod thread;
mod topic;
mod yes_no;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::{
    digest,
    entity::reading::{Advisor, Care, Engine},
};
pub use approach::{Approach, CastRule};
use compose::Composer;
pub use compose::cited_title;
use crisis::Crisis;
pub use embedded::Answer;
use engine::{Begun, EngineEvent, EngineInput, Failure};
pub use history::History;
pub use knowledge::{Error, Errors, Passage, Persona};
use knowledge::{Files, Knowledge, Obi, Subject};
pub use language::Language;
use language::Languages;
use library::{Library, OffTopic};
pub use library::{Nearest, Ranked, Ranking, Signals};
use model::{LanguageModel, Parts, Prompt};
pub use thread::{Thread, Turn};
use topic::Topics;

/// Which text came from which code: part of every cache key, so that a change of the writer is
/// not hidden by what an earlier one wrote.
const WRITER_VERSION: &str = "embedded-3";

/// All four, ready to answer.
#[derive(Debug)]
pub struct Advisors {
    known: Arc<KnowledgeBase>,
    /// None: the built-in engine answers.
    model: Option<LanguageModel>,
    version: String,
}

/// The loaded files.
#[derive(Debug)]
struct KnowledgeBase {
    all: [(Knowledge, Library); 4],
    obi: Obi,
    crisis: Crisis,
    languages: Languages,
    topics: Topics,
    /// Of all texts.
    digest: String,
}

/// The built-in files, loaded once: a process may start many servers, as tests do.
static BUILT_IN: OnceLock<Arc<KnowledgeBase>> = OnceLock::new();

impl KnowledgeBase {
    fn load(folder: Option<&Path>) -> Result<Arc<Self>, Errors> {
        if folder.is_some() {
            return Self::read(folder).map(Arc::new);
        }
        if let Some(known) = BUILT_IN.get() {
            return Ok(known.clone());
        }
        let known = Arc::new(Self::read(None)?);
        Ok(BUILT_IN.get_or_init(|| known).clone())
    }

    fn read(folder: Option<&Path>) -> Result<Self, Errors> {
        let files = Files::read(folder)?;
        let mut errors = Errors::default();
        let subjects = errors.or(Subject::parse(files.get("off-topic.toml")));
        let obi = errors.or(Obi::parse(files.get("obi.toml")));
        let crisis = errors.or(Crisis::parse(files.get("crisis.toml")));
        let languages = errors.or(Languages::parse(files.get("languages.toml")));
        let topics = errors.or(Topics::parse(files.get("topics.toml")));
        let all = ["legba", "oshun", "shango", "yemaya"].map(|advisor| {
            let more = files.maybe(&format!("{advisor}.more.toml"));
            errors.or(Knowledge::parse(
                files.get(&format!("{advisor}.toml")),
                more,
            ))
        });
        let (
            Some(subjects),
            Some(obi),
            Some(crisis),
            Some(languages),
            Some(topics),
            [Some(legba), Some(oshun), Some(shango), Some(yemaya)],
        ) = (subjects, obi, crisis, languages, topics, all)
        else {
            return Err(errors);
        };
        let off_topic = Arc::new(OffTopic::new(&subjects));
        let all = [legba, oshun, shango, yemaya].map(|knowledge| {
            let library = Library::new(&knowledge.passages, off_topic.clone());
            (knowledge, library)
        });
        Ok(Self {
            all,
            obi,
            crisis,
            languages,
            topics,
            digest: digest::hash_parts(files.texts()),
        })
    }
}

impl Advisors {
    /// Reads what the binary carries, and over it what is in a folder.
    ///
    /// # Errors
    ///
    /// All invalid entries, by file and line.
    pub fn load(folder: Option<&Path>, model: Option<LanguageModel>) -> Result<Self, Errors> {
        let known = KnowledgeBase::load(folder)?;
        let writer = model
            .as_ref()
            .map_or_else(|| WRITER_VERSION.to_owned(), LanguageModel::version);
        Ok(Self {
            version: digest::hash_parts([known.digest.as_str(), &writer]),
            known,
            model,
        })
    }

    /// Changes whenever the same question could be answered in other words.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The version of an engine's instructions; None for the fixed reply.
    #[must_use]
    pub fn prompt_version(&self, engine: Engine) -> Option<String> {
        match engine {
            Engine::Embedded => Some(WRITER_VERSION.to_owned()),
            Engine::Model => self.model.as_ref().map(|_| Prompt::version()),
            Engine::Care => None,
        }
    }

    #[must_use]
    pub fn persona(&self, advisor: Advisor) -> &Persona {
        &self.of(advisor).0.persona
    }

    /// The passages of an advisor's library.
    #[must_use]
    pub fn passages(&self, advisor: Advisor) -> &[Passage] {
        &self.of(advisor).0.passages
    }

    /// All of an advisor's passages for a question, and which of them an answer would bring.
    #[must_use]
    pub fn rank(&self, advisor: Advisor, question: &str) -> Ranking {
        self.of(advisor).1.rank(question, compose::CANDIDATES)
    }

    /// The engine that answers while it is available.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.model {
            Some(_) => Engine::Model,
            None => Engine::Embedded,
        }
    }

    #[must_use]
    pub fn model(&self) -> Option<&LanguageModel> {
        self.model.as_ref()
    }

    /// The user's last questions that the engine is told; 0 for none.
    #[must_use]
    pub fn memory(&self) -> u32 {
        self.model.as_ref().map_or(0, LanguageModel::memory)
    }

    /// The prompt for a model, with as many earlier questions, turns of the conversation and passages as leave room for the
    /// answer.
    #[must_use]
    pub fn prompt(&self, asked: &EngineInput) -> Prompt {
        let (knowledge, library) = self.of(asked.advisor);
        let subject = asked.thread.subject(&asked.question);
        let found = library.search(&subject, model::PASSAGES);
        let mut passages: Vec<_> = found.iter().map(|at| &knowledge.passages[*at]).collect();
        let mut before = asked.memory.as_deref().unwrap_or_default();
        let mut turns = asked.thread.0.as_slice();
        loop {
            let prompt = Prompt::new(
                knowledge,
                &self.known.obi,
                self.approach_to(asked),
                self.known.crisis.preface(),
                asked,
                &Parts {
                    before,
                    turns,
                    passages: &passages,
                },
            );
            let fits = self.model.as_ref().is_none_or(|model| model.fits(&prompt));
            if fits {
                return prompt;
            }
            if !before.is_empty() {
                before = &[];
                continue;
            }
            // The oldest goes first, and the newest last.
            if turns.len() > 1 || passages.pop().is_none() {
                match turns.split_last() {
                    Some((_, newer)) => turns = newer,
                    None => return prompt,
                }
            }
        }
    }

    /// How a question of a conversation is to be answered.
    #[must_use]
    pub fn approach_to(&self, asked: &EngineInput) -> Approach<'_> {
        if asked.thread.is_empty() {
            return self.approach(&asked.question);
        }
        let mut approach = self.approach(&asked.thread.subject(&asked.question));
        // Nothing is cast anew.
        approach.cast = CastRule::None;
        let had_crisis = asked.thread.had(Care::Crisis);
        if self.approach(&asked.question).care == Care::Crisis {
            approach.care = Care::Crisis;
        } else if had_crisis || (approach.care == Care::None && asked.thread.had(Care::Soft)) {
            approach.care = Care::Soft;
        }
        approach.is_gentle |= approach.care != Care::None;
        approach.is_bright &= approach.care == Care::None;
        approach
    }

    /// How a question is to be answered; takes microseconds.
    #[must_use]
    pub fn approach(&self, question: &str) -> Approach<'_> {
        Approach::of(question, &self.known.crisis, &self.known.topics)
    }

    /// The built-in engine's answer: the same for the same question, cast and library. If it is
    /// written in place of a model's, it says so. Takes a fraction of a millisecond.
    #[must_use]
    pub fn answer(&self, asked: &EngineInput, fell_back: bool) -> Answer {
        let (knowledge, library) = self.of(asked.advisor);
        let language = self.language(&asked.question);
        let language = language.map(|language| language.note.as_str());
        let composer = Composer {
            knowledge,
            library,
            obi: &self.known.obi,
            approach: self.approach_to(asked),
            thread: &asked.thread,
            preface: self.known.crisis.preface(),
            notices: fell_back
                .then_some(embedded::NOTICE)
                .into_iter()
                .chain(language)
                .collect(),
        };
        composer.answer(&asked.question, asked.cast, &asked.history)
    }

    /// Has the built-in engine write [its answer](Self::answer).
    ///
    /// # Errors
    ///
    /// If a begun answer cannot be continued, or the receiver is gone.
    pub async fn write(
        &self,
        asked: &EngineInput,
        fell_back: bool,
        begun: Begun,
        pause: Duration,
        out: &mpsc::Sender<EngineEvent>,
    ) -> Result<(), Failure> {
        let answer = self.answer(asked, fell_back);
        embedded::tell(&answer, &begun, pause, out).await
    }

    /// The fixed reply to a question that speaks of suicide, self-harm or violence, with where
    /// to find help as its sources; none for any other question. It takes microseconds.
    #[must_use]
    pub fn care(&self, question: &str) -> Option<Answer> {
        self.known.crisis.answer(question).cloned()
    }

    /// The same for a question of a conversation, which may only together say so.
    #[must_use]
    pub fn care_to(&self, asked: &EngineInput) -> Option<Answer> {
        let together = || {
            let is_crisis =
                !asked.thread.is_empty() && self.approach_to(asked).care == Care::Crisis;
            let subject = asked.thread.subject(&asked.question);
            is_crisis.then(|| self.care(&subject)).flatten()
        };
        self.care(&asked.question).or_else(together)
    }

    /// The language a question is asked in, with the sentence that says that the library speaks
    /// English alone; None for English, and where it is uncertain.
    #[must_use]
    pub fn language(&self, question: &str) -> Option<&Language> {
        self.known.languages.of(question)
    }

    fn of(&self, advisor: Advisor) -> &(Knowledge, Library) {
        &self.known.all[match advisor {
            Advisor::Legba => 0,
            Advisor::Oshun => 1,
            Advisor::Shango => 2,
            Advisor::Yemaya => 3,
        }]
    }
}

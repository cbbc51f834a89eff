//! The advisors: who they are, what they know, and what they answer.
//!
//! May use: `entity` for the names that are stored (advisor, source), `config` (the model's
//! settings). Knows nothing of users and readings.

mod care;
mod embedded;
pub mod engine;
mod knowledge;
mod library;
pub mod model;
pub mod obi;
mod vectors;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::{
    digest,
    entity::reading::{Advisor, Engine},
};
use care::Care;
pub use embedded::Answer;
use engine::{Asked, Begun, Event, Failure};
pub use knowledge::{Error, Errors, Passage, Persona};
use knowledge::{Files, Knowledge, Obi, Subject};
use library::{Elsewhere, Library};
pub use library::{Ranked, Ranking, Vote};
use model::{Model, Prompt};

/// Which text came from which code: part of every cache key, so that a change of the writer is
/// not hidden by what an earlier one wrote.
const WRITER_VERSION: &str = "embedded-2";

/// All four, ready to answer.
#[derive(Debug)]
pub struct Advisors {
    known: Arc<Known>,
    /// None: the built-in engine answers.
    model: Option<Model>,
    version: String,
}

/// What is read from the files.
#[derive(Debug)]
struct Known {
    all: [(Knowledge, Library); 4],
    obi: Obi,
    care: Care,
    /// Of all texts.
    digest: String,
}

/// What the binary carries, once it was read: a process may start many servers, as tests do.
static BUILT_IN: OnceLock<Arc<Known>> = OnceLock::new();

impl Known {
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
        let subjects = errors.or(Subject::parse(files.get("elsewhere.txt")));
        let obi = errors.or(Obi::parse(files.get("obi.txt")));
        let care = errors.or(Care::parse(files.get("care.txt")));
        let all = ["legba", "oshun", "shango", "yemaya"].map(|advisor| {
            let more = files.maybe(&format!("{advisor}.more.txt"));
            errors.or(Knowledge::parse(files.get(&format!("{advisor}.txt")), more))
        });
        let (
            Some(subjects),
            Some(obi),
            Some(care),
            [Some(legba), Some(oshun), Some(shango), Some(yemaya)],
        ) = (subjects, obi, care, all)
        else {
            return Err(errors);
        };
        let elsewhere = Arc::new(Elsewhere::new(&subjects));
        let all = [legba, oshun, shango, yemaya].map(|knowledge| {
            let library = Library::new(&knowledge.passages, elsewhere.clone());
            (knowledge, library)
        });
        Ok(Self {
            all,
            obi,
            care,
            digest: digest::hex(files.texts()),
        })
    }
}

impl Advisors {
    /// Reads what the binary carries, and over it what is in a folder.
    ///
    /// # Errors
    ///
    /// All entries that are not right, by file and line.
    pub fn load(folder: Option<&Path>, model: Option<Model>) -> Result<Self, Errors> {
        let known = Known::load(folder)?;
        let writer = model
            .as_ref()
            .map_or_else(|| WRITER_VERSION.to_owned(), Model::version);
        Ok(Self {
            version: digest::hex([known.digest.as_str(), &writer]),
            known,
            model,
        })
    }

    /// Changes whenever the same question could be answered in other words.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    #[must_use]
    pub fn persona(&self, advisor: Advisor) -> &Persona {
        &self.of(advisor).0.persona
    }

    /// What an advisor's library holds.
    #[must_use]
    pub fn passages(&self, advisor: Advisor) -> &[Passage] {
        &self.of(advisor).0.passages
    }

    /// All of an advisor's passages for a question, and which of them an answer would bring.
    #[must_use]
    pub fn rank(&self, advisor: Advisor, question: &str) -> Ranking {
        self.of(advisor).1.rank(question, embedded::PASSAGES)
    }

    /// What answers, when it can.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.model {
            Some(_) => Engine::Model,
            None => Engine::Embedded,
        }
    }

    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        self.model.as_ref()
    }

    /// What a model is told.
    #[must_use]
    pub fn prompt(&self, asked: &Asked) -> Prompt {
        let (knowledge, library) = self.of(asked.advisor);
        let found = library.search(&asked.question, model::PASSAGES);
        let passages: Vec<_> = found.iter().map(|at| &knowledge.passages[*at]).collect();
        Prompt::new(
            knowledge,
            &self.known.obi,
            asked.cast,
            &passages,
            &asked.question,
        )
    }

    /// What the built-in engine writes: the same for the same question, cast and library. It says
    /// so if it writes in a model's place. Takes a fraction of a millisecond.
    #[must_use]
    pub fn answer(&self, asked: &Asked, fell_back: bool) -> Answer {
        let (knowledge, library) = self.of(asked.advisor);
        embedded::answer(
            knowledge,
            library,
            &self.known.obi,
            &asked.question,
            asked.cast,
            fell_back,
        )
    }

    /// Has the built-in engine write [its answer](Self::answer).
    ///
    /// # Errors
    ///
    /// If what was begun cannot be gone on with, or nobody wants the rest.
    pub async fn write(
        &self,
        asked: &Asked,
        fell_back: bool,
        begun: Begun,
        pause: Duration,
        out: &mpsc::Sender<Event>,
    ) -> Result<(), Failure> {
        let answer = self.answer(asked, fell_back);
        embedded::tell(&answer, &begun, pause, out).await
    }

    /// The fixed reply to a question that speaks of suicide, self-harm or violence, with where
    /// to find help as its sources; none for any other question. It takes microseconds.
    #[must_use]
    pub fn care(&self, question: &str) -> Option<Answer> {
        self.known.care.answer(question).cloned()
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

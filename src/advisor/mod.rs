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

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    digest,
    entity::reading::{Advisor, Engine},
};
use care::Care;
pub use embedded::Answer;
use engine::{Asked, Begun, Event, Failure};
pub use knowledge::{Error, Persona};
use knowledge::{Knowledge, Obi};
use library::Library;
use model::{Model, Prompt};

/// Which text came from which code: part of every cache key, so that a change of the writer is
/// not hidden by what an earlier one wrote.
const WRITER_VERSION: &str = "embedded-1";

const FILES: [(&str, &str); 4] = [
    ("legba.txt", include_str!("../../knowledge/legba.txt")),
    ("oshun.txt", include_str!("../../knowledge/oshun.txt")),
    ("shango.txt", include_str!("../../knowledge/shango.txt")),
    ("yemaya.txt", include_str!("../../knowledge/yemaya.txt")),
];
const OBI: (&str, &str) = ("obi.txt", include_str!("../../knowledge/obi.txt"));
const CARE: (&str, &str) = ("care.txt", include_str!("../../knowledge/care.txt"));

/// All four, ready to answer.
#[derive(Debug)]
pub struct Advisors {
    all: [(Knowledge, Library); 4],
    obi: Obi,
    care: Care,
    /// None: the built-in engine answers.
    model: Option<Model>,
    version: String,
}

impl Advisors {
    /// Reads what the binary carries.
    ///
    /// # Errors
    ///
    /// The first entry that is not right, by file and line.
    pub fn load(model: Option<Model>) -> Result<Self, Error> {
        let [legba, oshun, shango, yemaya] = FILES.map(|(file, text)| {
            Knowledge::parse(file, text).map(|knowledge| {
                let library = Library::new(&knowledge.passages);
                (knowledge, library)
            })
        });
        let by = model
            .as_ref()
            .map_or_else(|| WRITER_VERSION.to_owned(), Model::version);
        let texts = FILES
            .iter()
            .map(|(_, text)| *text)
            .chain([OBI.1, by.as_str()]);
        Ok(Self {
            all: [legba?, oshun?, shango?, yemaya?],
            obi: Obi::parse(OBI.0, OBI.1)?,
            care: Care::parse(CARE.0, CARE.1)?,
            version: digest::hex(texts),
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
        Prompt::new(knowledge, &self.obi, asked.cast, &passages, &asked.question)
    }

    /// Has the built-in engine write: the same for the same question, cast and library. It says
    /// so if it writes in a model's place.
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
        let (knowledge, library) = self.of(asked.advisor);
        let answer = embedded::answer(
            knowledge,
            library,
            &self.obi,
            &asked.question,
            asked.cast,
            fell_back,
        );
        embedded::tell(&answer, &begun, pause, out).await
    }

    /// The fixed reply to a question that speaks of suicide, self-harm or violence, with where
    /// to find help as its sources; none for any other question. It takes microseconds.
    #[must_use]
    pub fn care(&self, question: &str) -> Option<Answer> {
        self.care.answer(question).cloned()
    }

    fn of(&self, advisor: Advisor) -> &(Knowledge, Library) {
        &self.all[match advisor {
            Advisor::Legba => 0,
            Advisor::Oshun => 1,
            Advisor::Shango => 2,
            Advisor::Yemaya => 3,
        }]
    }
}

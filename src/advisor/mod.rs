//! The advisors: who they are, what they know, and what they answer.
//!
//! May use: `entity` for the names that are stored (advisor, source). Knows nothing of users,
//! readings or the network.

mod embedded;
pub mod engine;
mod knowledge;
mod library;
pub mod model;
pub mod obi;

use crate::entity::reading::Advisor;
pub use embedded::Answer;
use engine::Asked;
pub use knowledge::{Error, Persona};
use knowledge::{Knowledge, Obi};
use library::Library;
use model::Prompt;

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

/// All four, ready to answer.
#[derive(Debug)]
pub struct Advisors {
    all: [(Knowledge, Library); 4],
    obi: Obi,
    version: String,
}

impl Advisors {
    /// Reads what the binary carries.
    ///
    /// # Errors
    ///
    /// The first entry that is not right, by file and line.
    pub fn load() -> Result<Self, Error> {
        let [legba, oshun, shango, yemaya] = FILES.map(|(file, text)| {
            Knowledge::parse(file, text).map(|knowledge| {
                let library = Library::new(&knowledge.passages);
                (knowledge, library)
            })
        });
        let texts = FILES
            .iter()
            .map(|(_, text)| *text)
            .chain([OBI.1, WRITER_VERSION]);
        Ok(Self {
            all: [legba?, oshun?, shango?, yemaya?],
            obi: Obi::parse(OBI.0, OBI.1)?,
            version: crate::digest::hex(texts),
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

    /// What the built-in engine answers: the same for the same question, cast and library.
    #[must_use]
    pub fn answer(&self, advisor: Advisor, question: &str, cast: obi::Cast) -> Answer {
        let (knowledge, library) = self.of(advisor);
        embedded::answer(knowledge, library, &self.obi, question, cast)
    }

    /// What a model is told to answer the same.
    #[must_use]
    pub fn prompt(&self, asked: &Asked) -> Prompt {
        let (knowledge, library) = self.of(asked.advisor);
        let found: Vec<_> = library
            .search(&asked.question, model::PASSAGES)
            .into_iter()
            .map(|index| &knowledge.passages[index])
            .collect();
        Prompt::new(knowledge, &self.obi, asked.cast, &found, &asked.question)
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

//! The advisors: who they are, what they know, and what they answer.
//!
//! May use: `entity` for the names that are stored (advisor, source). Knows nothing of users,
//! readings or the network.

mod embedded;
mod knowledge;
mod library;
pub mod obi;
mod vectors;

use std::{path::Path, sync::Arc};

use crate::entity::reading::Advisor;
pub use embedded::Answer;
pub use knowledge::{Error, Errors, Passage, Persona};
use knowledge::{Files, Knowledge, Obi, Subject};
use library::{Elsewhere, Library};
pub use library::{Ranked, Ranking, Vote};

/// Which text came from which code: part of every cache key, so that a change of the writer is
/// not hidden by what an earlier one wrote.
const WRITER_VERSION: &str = "embedded-2";

/// All four, ready to answer.
#[derive(Debug)]
pub struct Advisors {
    all: [(Knowledge, Library); 4],
    obi: Obi,
    version: String,
}

impl Advisors {
    /// Reads what the binary carries, and over it what is in a folder.
    ///
    /// # Errors
    ///
    /// All entries that are not right, by file and line.
    pub fn load(folder: Option<&Path>) -> Result<Self, Errors> {
        let files = Files::read(folder)?;
        let mut errors = Errors::default();
        let subjects = errors.or(Subject::parse(files.get("elsewhere.txt")));
        let obi = errors.or(Obi::parse(files.get("obi.txt")));
        let all = ["legba", "oshun", "shango", "yemaya"].map(|advisor| {
            let more = files.maybe(&format!("{advisor}.more.txt"));
            errors.or(Knowledge::parse(files.get(&format!("{advisor}.txt")), more))
        });
        let (Some(subjects), Some(obi), [Some(legba), Some(oshun), Some(shango), Some(yemaya)]) =
            (subjects, obi, all)
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
            version: crate::digest::hex(files.texts().chain([WRITER_VERSION])),
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

    /// What the built-in engine answers: the same for the same question, cast and library.
    #[must_use]
    pub fn answer(&self, advisor: Advisor, question: &str, cast: obi::Cast) -> Answer {
        let (knowledge, library) = self.of(advisor);
        embedded::answer(knowledge, library, &self.obi, question, cast)
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

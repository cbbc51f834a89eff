//! The advisors: who they are, what they know, and what they answer.
//!
//! May use: `entity` for the names that are stored (advisor, source). Knows nothing of users,
//! readings or the network.

mod care;
mod embedded;
mod knowledge;
mod library;
pub mod obi;

use crate::entity::reading::Advisor;
use care::Care;
pub use embedded::Answer;
pub use knowledge::{Error, Persona};
use knowledge::{Knowledge, Obi};
use library::Library;

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
            care: Care::parse(CARE.0, CARE.1)?,
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

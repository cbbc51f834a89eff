//! The built-in engine: words in the advisor's voice, put together from the cast and the
//! library. No model writes here, and nothing here pretends that one does.

use super::{
    knowledge::{Knowledge, Obi},
    library::Library,
    obi::Cast,
};
use crate::entity::Source;

/// Passages an answer brings, at most.
pub(super) const PASSAGES: usize = 3;

/// Characters of a source's excerpt, at most.
const EXCERPT: usize = 160;

/// A whole answer, and what it rests on in the order it is cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub sources: Vec<Source>,
}

pub(super) fn answer(
    knowledge: &Knowledge,
    library: &Library,
    obi: &Obi,
    question: &str,
    cast: Cast,
) -> Answer {
    let voice = &knowledge.voice;
    let open = usize::from(cast.open());
    let figure = &obi.figures[open];
    let mut choose = Choose::new(question, cast);
    let mut sources = vec![Source {
        title: obi.source.clone(),
        excerpt: Some(excerpt(&obi.about)),
        url: None,
    }];

    let throw = choose
        .one(&voice.throw)
        .replace("{figure}", &figure.name)
        .replace("{count}", ["none", "one", "two", "three", "four"][open]);
    let mut reading = vec![format!("{}: {} [1]", figure.name, figure.meaning)];
    reading.extend(figure.other.clone());
    reading.push(voice.figures[open].clone());
    let mut paragraphs = vec![
        format!("{} {throw}", choose.one(&voice.open)),
        reading.join(" "),
    ];
    let found = library.search(question, PASSAGES);
    for (n, index) in found.iter().enumerate() {
        let passage = &knowledge.passages[*index];
        let lead = choose.one(if n == 0 { &voice.first } else { &voice.next });
        sources.push(Source {
            title: format!("{}: {}", passage.title, passage.source),
            excerpt: Some(excerpt(&passage.body)),
            url: None,
        });
        paragraphs.push(format!("{lead} {} [{}]", passage.body, sources.len()));
    }
    if found.is_empty() {
        paragraphs.push(choose.one(&voice.nothing).to_owned());
    }
    paragraphs.push(choose.one(&voice.close).to_owned());
    Answer {
        text: paragraphs.join("\n\n"),
        sources,
    }
}

/// Picks among an advisor's phrases: as it seems at random, but the same for the same question
/// and cast, and never the same phrase of a list twice in an answer while others are left.
struct Choose {
    state: u64,
    used: Vec<*const String>,
}

impl Choose {
    fn new(question: &str, cast: Cast) -> Self {
        let digest = crate::digest::hex([question, &cast.open().to_string()]);
        let state = u64::from_str_radix(&digest[..16], 16).expect("a digest is hexadecimal");
        Self {
            state,
            used: Vec::new(),
        }
    }

    fn one<'a>(&mut self, phrases: &'a [String]) -> &'a str {
        // Knuth's MMIX generator: the choice need not be good, only even and repeatable.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let start = usize::try_from(self.state >> 33).unwrap_or_default();
        let chosen = (0..phrases.len())
            .map(|n| &phrases[(start + n) % phrases.len()])
            .find(|phrase| !self.used.contains(&std::ptr::from_ref(*phrase)))
            .unwrap_or(&phrases[start % phrases.len()]);
        self.used.push(std::ptr::from_ref(chosen));
        chosen
    }
}

/// The beginning of a text, to the end of a word.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => {
            let end = text[..end].rfind(' ').unwrap_or(end);
            format!("{}…", &text[..end])
        }
    }
}

//! The built-in engine: words in the advisor's voice, put together from the cast and the
//! library. No model writes here, and nothing here pretends that one does.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{
    engine::{Begun, Event, Failure},
    knowledge::{Knowledge, Obi, Passage},
    library::Library,
    obi::Cast,
};
use crate::entity::Source;

/// Passages an answer brings, at most.
pub(super) const PASSAGES: usize = 3;

/// Characters of a source's excerpt, at most.
const EXCERPT: usize = 160;

/// What stands first in an answer that a language model was to write.
const NOTICE: &str = "The language model could not answer just now. These words come from the \
                      library and the cast alone.";

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
    fell_back: bool,
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
    let mut paragraphs: Vec<_> = fell_back.then(|| NOTICE.to_owned()).into_iter().collect();
    paragraphs.extend([
        format!("{} {throw}", choose.one(&voice.open)),
        reading.join(" "),
    ]);
    let found = library.search(question, PASSAGES);
    for (n, index) in found.iter().enumerate() {
        let passage = &knowledge.passages[*index];
        let lead = choose.one(if n == 0 { &voice.first } else { &voice.next });
        sources.push(source(passage));
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

/// A passage, as it is cited.
pub(super) fn source(passage: &Passage) -> Source {
    Source {
        title: format!("{}: {}", passage.title, passage.source),
        excerpt: Some(excerpt(&passage.body)),
        url: None,
    }
}

/// Tells an answer word by word, from where it was begun, with a pause before each; or at once,
/// if there is to be none.
pub(super) async fn tell(
    answer: &Answer,
    begun: &Begun,
    pause: Duration,
    out: &mpsc::Sender<Event>,
) -> Result<(), Failure> {
    // What another version of us began cannot be gone on with.
    let rest = answer
        .text
        .strip_prefix(&begun.text)
        .ok_or(Failure::Interrupted)?;
    let text = |text: &str| Event::Text {
        text: text.to_owned(),
        position: None,
    };
    let mut sources = answer.sources.iter().enumerate().skip(begun.sources.len());
    let mut next = sources.next();
    if !pause.is_zero() {
        for word in rest.split_inclusive(' ') {
            tokio::time::sleep(pause).await;
            while let Some((index, source)) = next
                && word.contains(&format!("[{}]", index + 1))
            {
                send(out, Event::Source(source.clone())).await?;
                next = sources.next();
            }
            send(out, text(word)).await?;
        }
    }
    for (_, source) in next.into_iter().chain(sources) {
        send(out, Event::Source(source.clone())).await?;
    }
    if pause.is_zero() {
        send(out, text(rest)).await?;
    }
    Ok(())
}

async fn send(out: &mpsc::Sender<Event>, event: Event) -> Result<(), Failure> {
    // Nobody wants the rest.
    out.send(event).await.map_err(|_| Failure::Interrupted)
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

//! An answer as it is told: what comes from a provider, made into what the reading is to hold.

use tokio::sync::mpsc;

use super::{
    super::engine::{Begun, Event, Failure, Position},
    citations::{Citations, Cited},
    money,
    prompt::Prompt,
    server,
    wire::{self, Part, Reported},
};
use crate::{config::Model as Settings, entity::Source};

/// Web pages an answer rests on, at most.
const PAGES: usize = 20;

/// Bytes of an answer at most, or this many for each of its tokens if that is more: a provider
/// that does not stop is stopped.
const LONGEST: usize = 64 * 1024;
const BYTES_A_TOKEN: usize = 16;

/// Characters of a model's name, at most.
const NAME: usize = 100;

pub(super) struct Draft<'a> {
    settings: &'a Settings,
    prompt: &'a Prompt,
    out: &'a mpsc::Sender<Event>,
    citations: Citations,
    /// Where the response can be taken up again: after the last event that was read. None where
    /// it cannot.
    position: Option<Position>,
    /// What is let through, but ends within an event that is not: a position stands between two.
    unsent: Cited,
    /// Bytes that came.
    length: usize,
    pages: Vec<Source>,
    model: String,
    reported: Reported,
    /// Whether the provider has said that the answer is whole.
    is_finished: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        prompt: &'a Prompt,
        begun: Begun,
        out: &'a mpsc::Sender<Event>,
    ) -> Self {
        Self {
            settings,
            prompt,
            out,
            length: begun.text.len(),
            citations: Citations::new(prompt.passages.clone(), &begun.text, begun.sources),
            position: begun.position,
            unsent: Cited::default(),
            pages: Vec::new(),
            model: String::new(),
            reported: Reported::default(),
            is_finished: false,
        }
    }

    pub(super) fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Whether any text has come.
    pub(super) fn has_text(&self) -> bool {
        self.length > 0
    }

    /// Takes what an event says, with its number if it has one. Returns whether the text went on.
    ///
    /// # Errors
    ///
    /// What the event says has gone wrong; `Cut` if nobody listens any more.
    pub(super) async fn take(
        &mut self,
        sequence: Option<i64>,
        parts: Vec<Part>,
    ) -> Result<bool, Failure> {
        if let (Some(position), Some(sequence)) = (&mut self.position, sequence) {
            if sequence <= position.sequence {
                return Ok(false);
            }
            position.sequence = sequence;
        }
        let length = self.length;
        for part in parts {
            match part {
                Part::Id(id) => self.begin(id, sequence).await?,
                Part::Model(name) => self.name(&name).await?,
                Part::Text(text) => self.text(&text).await?,
                Part::Whole(text) if !self.has_text() => self.text(&text).await?,
                Part::Whole(_) => {}
                Part::Web(pages) => self.add(pages),
                Part::Usage(reported) => self.usage(reported).await?,
                Part::Finished if self.has_text() => self.is_finished = true,
                Part::Finished => {
                    tracing::warn!("the model ended its answer without a word");
                    return Err(Failure::Failed);
                }
                Part::Failed(failure, said) => {
                    let said = server::clean(&said, self.settings, Some(self.prompt));
                    tracing::warn!(
                        code = failure.code(),
                        said,
                        "the model's server broke an answer off"
                    );
                    return Err(failure);
                }
            }
        }
        Ok(self.length > length)
    }

    /// Tells what is left: the end of the text, and the web pages.
    pub(super) async fn end(mut self) -> Result<(), Failure> {
        let mut rest = std::mem::take(&mut self.unsent);
        self.citations.flush(&mut rest);
        self.tell(rest).await?;
        for page in std::mem::take(&mut self.pages) {
            self.send(Event::Source(page)).await?;
        }
        Ok(())
    }

    /// The provider's name for the response: from here on it can be taken up again.
    async fn begin(&mut self, id: String, sequence: Option<i64>) -> Result<(), Failure> {
        // It becomes part of an address.
        let is_plain = (1..=200).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if !self.settings.background || self.position.is_some() || !is_plain {
            return Ok(());
        }
        if let Some(sequence) = sequence {
            self.position = Some(Position {
                response_id: id,
                sequence,
            });
            self.tell(Cited::default()).await?;
        }
        Ok(())
    }

    async fn name(&mut self, name: &str) -> Result<(), Failure> {
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        let name = wire::clip(&name, NAME);
        if !name.is_empty() && name != self.model {
            self.model.clone_from(&name);
            self.send(Event::Model(name)).await?;
        }
        Ok(())
    }

    async fn text(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        self.length += text.len();
        let tokens = usize::try_from(self.settings.max_tokens).unwrap_or(usize::MAX);
        if self.length > LONGEST.max(tokens.saturating_mul(BYTES_A_TOKEN)) {
            tracing::warn!("the model does not stop: its answer is cut off");
            return Err(Failure::Cut);
        }
        let mut cited = self.citations.push(text);
        if self.position.is_none() {
            return self.tell(cited).await;
        }
        self.citations.push_space(&mut cited);
        self.unsent.text += &cited.text;
        self.unsent.sources.extend(cited.sources);
        if self.citations.is_open() {
            return Ok(());
        }
        let unsent = std::mem::take(&mut self.unsent);
        self.tell(unsent).await
    }

    /// A page once, with the title it came with first, if it ever comes with one.
    fn add(&mut self, pages: Vec<Source>) {
        for page in pages {
            match self.pages.iter().position(|known| known.url == page.url) {
                None if self.pages.len() < PAGES => self.pages.push(page),
                Some(at) if self.pages[at].url.as_ref() == Some(&self.pages[at].title) => {
                    self.pages[at] = page;
                }
                None | Some(_) => {}
            }
        }
    }

    async fn usage(&mut self, reported: Reported) -> Result<(), Failure> {
        let before = self.reported;
        self.reported.update(reported);
        if self.reported == before {
            return Ok(());
        }
        let guess = (self.prompt.tokens(), money::tokens(self.length));
        let usage = self.reported.usage(self.settings.prices, guess);
        self.send(Event::Usage(usage)).await
    }

    async fn tell(&self, cited: Cited) -> Result<(), Failure> {
        for source in cited.sources {
            self.send(Event::Source(source)).await?;
        }
        if cited.text.is_empty() && self.position.is_none() {
            return Ok(());
        }
        self.send(Event::Text {
            text: cited.text,
            position: self.position.clone(),
        })
        .await
    }

    async fn send(&self, event: Event) -> Result<(), Failure> {
        self.out.send(event).await.map_err(|_| Failure::Cut)
    }
}

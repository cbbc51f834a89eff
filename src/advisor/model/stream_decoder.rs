//! Decodes a provider's stream into the text, sources and usage of a reading.

mod report;

use tokio::sync::mpsc;

use super::{
    super::{
        embedded::Answer,
        engine::{Begun, EngineEvent, Failure, Position},
    },
    citations::{Citations, Cited},
    deadlines::Heard,
    money,
    opening::Opening,
    plain::Plain,
    prompt::Prompt,
    repetition::Repetition,
    thinking::{Habits, Thinking},
    usage::Reported,
    wire::{self, Finish, StreamEvent},
};
use crate::{config::ModelSettings, entity::Source};

/// Web pages an answer rests on, at most.
const PAGES: usize = 20;

/// Bytes that are read of an answer at most, thinking included, or this many for each of its tokens
/// if that is more.
const LONGEST: usize = 64 * 1024;
const BYTES_A_TOKEN: usize = 16;

/// Characters of a model's name, at most.
const NAME: usize = 100;

#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
pub(super) struct StreamDecoder<'a> {
    settings: &'a ModelSettings,
    prompt: &'a Prompt,
    out: &'a mpsc::Sender<EngineEvent>,
    plain: Plain,
    thinking: Thinking<'a>,
    opening: Opening,
    citations: Citations,
    /// Goes out before the first word.
    preface: Option<Answer>,
    /// Where the response can be taken up again: after the last event that was read. None where
    /// it cannot.
    position: Option<Position>,
    /// Text that is resolved and ends within a provider's event: a position stands between two
    /// events.
    unsent: Cited,
    /// Bytes that came.
    received: usize,
    /// Bytes of text that were let through.
    length: usize,
    repetition: Repetition,
    pages: Vec<Source>,
    model: String,
    response_id: Option<String>,
    reported: Reported,
    /// Whether the event that the model thinks was sent.
    is_thinking: bool,
    has_declined: bool,
    finish: Option<Finish>,
    /// Whether the finish came with text: some servers send one with every word.
    is_finish_doubtful: bool,
    is_enough: bool,
}

impl<'a> StreamDecoder<'a> {
    pub(super) fn new(
        settings: &'a ModelSettings,
        prompt: &'a Prompt,
        habits: &'a Habits,
        begun: Begun,
        out: &'a mpsc::Sender<EngineEvent>,
    ) -> Self {
        // What was begun has it already.
        let preface = prompt.preface.clone().filter(|_| begun.text.is_empty());
        let mut sources = begun.sources;
        sources.extend(preface.iter().flat_map(|preface| preface.sources.clone()));
        Self {
            settings,
            prompt,
            out,
            plain: Plain::default(),
            opening: Opening::new(settings.fallback, !begun.text.is_empty()),
            thinking: Thinking::new(habits, !begun.text.is_empty()),
            received: begun.text.len(),
            length: begun.text.len(),
            citations: Citations::new(prompt.passages.clone(), &begun.text, sources),
            repetition: Repetition::default(),
            preface,
            position: begun.position,
            unsent: Cited::default(),
            pages: Vec::new(),
            model: String::new(),
            response_id: None,
            reported: Reported::default(),
            is_thinking: false,
            has_declined: false,
            finish: None,
            is_finish_doubtful: false,
            is_enough: false,
        }
    }

    pub(super) fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some() || self.has_declined
    }

    /// Whether no more text can come.
    pub(super) fn is_surely_finished(&self) -> bool {
        self.finish.is_some() && !self.is_finish_doubtful
    }

    /// Whether there is as much as is wanted of it.
    pub(super) fn is_enough(&self) -> bool {
        self.is_enough
    }

    /// Whether any visible text has come.
    pub(super) fn has_text(&self) -> bool {
        self.length > 0
    }

    /// Takes an event's parts, with its number if it has one.
    ///
    /// # Errors
    ///
    /// The failure in the event; `Cut` if the receiver is gone.
    pub(super) async fn take(
        &mut self,
        sequence: Option<i64>,
        parts: Vec<StreamEvent>,
    ) -> Result<Heard, Failure> {
        if let (Some(position), Some(sequence)) = (&mut self.position, sequence) {
            if sequence <= position.sequence {
                return Ok(Heard::Nothing);
            }
            position.sequence = sequence;
        }
        let (received, length) = (self.received, self.length);
        let mut heard = Heard::Nothing;
        for part in parts {
            match part {
                StreamEvent::Id(id) => self.begin(id, sequence).await?,
                StreamEvent::Model(name) => self.name(&name).await?,
                StreamEvent::Text(text) => self.text(&text).await?,
                StreamEvent::Whole(text) if self.received == 0 => self.text(&text).await?,
                StreamEvent::Whole(_) => {}
                StreamEvent::Thought { is_silent } => {
                    heard = heard.max(if is_silent {
                        Heard::SilentThought
                    } else {
                        Heard::Life
                    });
                    self.thinking.is_apart();
                    self.think(true).await?;
                }
                StreamEvent::Web(pages) => self.add(pages),
                StreamEvent::Usage(reported) => self.usage(reported).await?,
                StreamEvent::Declined => self.has_declined = true,
                StreamEvent::Finish(finish) => {
                    self.is_finish_doubtful = self.received > received;
                    // `[DONE]` adds nothing to the reason that was given.
                    if !matches!(self.finish, Some(Finish::Truncated | Finish::Failed(_))) {
                        self.finish = Some(finish);
                    }
                }
                StreamEvent::Fault(fault) => return Err(self.failed(&fault)),
            }
        }
        if self.length > length {
            heard = Heard::Text;
        } else if self.received > received {
            heard = heard.max(Heard::Life);
            if self.thinking.is_hidden() {
                self.think(true).await?;
            }
        }
        Ok(heard)
    }

    /// Tells what is left: the end of the text, and the web pages. `read` is how reading the
    /// response ended.
    ///
    /// # Errors
    ///
    /// Why the answer is not complete.
    pub(super) async fn end(mut self, read: Result<(), Failure>) -> Result<(), Failure> {
        let is_truncated = self.is_enough || self.finish == Some(Finish::Truncated);
        let is_whole = read.is_ok() && !is_truncated;
        let visible = self.thinking.flush(is_whole);
        let mut visible = self.opening.push(&visible);
        visible += &self.opening.flush(is_whole);
        self.has_declined |= self.opening.has_declined();
        self.show(&visible).await?;
        let mut rest = std::mem::take(&mut self.unsent);
        self.citations.flush(&mut rest);
        self.tell(rest).await?;
        for page in std::mem::take(&mut self.pages) {
            self.send(EngineEvent::Source(page)).await?;
        }
        if self.thinking.has_leaked() {
            self.retract().await?;
        }
        read?;
        let result = match self.finish {
            _ if self.thinking.has_leaked() => Err(Failure::Malformed),
            _ if self.has_declined => Err(Failure::Declined),
            Some(Finish::Failed(failure)) => Err(failure),
            Some(Finish::Truncated) if !self.has_text() => Err(Failure::TokenLimit),
            _ if !self.has_text() => Err(Failure::Empty),
            _ => Ok(()),
        };
        if let Err(failure) = result {
            self.log_useless(failure);
            return result;
        }
        if is_truncated {
            self.send(EngineEvent::Truncated).await?;
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
        if is_plain {
            self.response_id = Some(id.clone());
        }
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
            self.send(EngineEvent::Model(name)).await?;
        }
        Ok(())
    }

    async fn text(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() || self.is_enough {
            return Ok(());
        }
        self.received += text.len();
        let tokens = usize::try_from(self.settings.max_tokens).unwrap_or(usize::MAX);
        if self.received > LONGEST.max(tokens.saturating_mul(BYTES_A_TOKEN)) {
            self.stop("bytes");
            return Ok(());
        }
        let visible = self.thinking.push(&self.plain.push(text));
        let visible = self.opening.push(&visible);
        self.show(&visible).await
    }

    /// Lets text through that is no thought.
    async fn show(&mut self, text: &str) -> Result<(), Failure> {
        let text = if self.length == 0 {
            text.trim_start()
        } else {
            text
        };
        if text.is_empty() {
            return Ok(());
        }
        self.think(false).await?;
        if let Some(preface) = self.preface.take() {
            let text = format!("{}\n\n", preface.text);
            let sources = preface.sources;
            self.tell(Cited { sources, text }).await?;
        }
        let room = self.settings.max_bytes.saturating_sub(self.length);
        let text = if text.len() > room {
            self.stop("length");
            wire::beginning(text, room)
        } else {
            text
        };
        self.length += text.len();
        if self.repetition.push(text) {
            self.stop("repetition");
        }
        let mut cited = self.citations.push(text);
        if self.position.is_none() {
            return self.tell(cited).await;
        }
        self.citations.push_space(&mut cited);
        self.unsent.text += &cited.text;
        self.unsent.sources.extend(cited.sources);
        if self.citations.is_open() || self.thinking.is_open() || self.opening.is_open() {
            return Ok(());
        }
        let unsent = std::mem::take(&mut self.unsent);
        self.tell(unsent).await
    }

    /// Ends the answer here.
    fn stop(&mut self, limit: &'static str) {
        if !self.is_enough {
            self.log_cut(limit);
        }
        self.is_enough = true;
        self.finish = Some(Finish::Truncated);
    }

    async fn think(&mut self, is_thinking: bool) -> Result<(), Failure> {
        // Once there is text, the text itself shows that the model is alive.
        if self.is_thinking == is_thinking || (is_thinking && self.length > 0) {
            return Ok(());
        }
        self.is_thinking = is_thinking;
        self.send(EngineEvent::Thinking(is_thinking)).await
    }

    /// Takes back thoughts that were shown. They were paid for.
    async fn retract(&mut self) -> Result<(), Failure> {
        let guess = (self.prompt.tokens(), money::tokens(self.received));
        let usage = self.reported.usage(self.settings.prices, guess);
        self.send(EngineEvent::Usage(usage)).await?;
        self.send(EngineEvent::Retracted).await
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
        self.send(EngineEvent::Usage(usage)).await
    }

    async fn tell(&self, cited: Cited) -> Result<(), Failure> {
        for source in cited.sources {
            self.send(EngineEvent::Source(source)).await?;
        }
        if cited.text.is_empty() && self.position.is_none() {
            return Ok(());
        }
        self.send(EngineEvent::Text {
            text: cited.text,
            position: self.position.clone(),
        })
        .await
    }

    async fn send(&self, event: EngineEvent) -> Result<(), Failure> {
        self.out.send(event).await.map_err(|_| Failure::Cut)
    }
}

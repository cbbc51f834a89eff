//! An answer that a language model's engine writes, as it is told.

use std::{sync::LazyLock, time::Duration};

use mula::{
    advisor::{
        Advisors, History, Thread,
        engine::{Begun, EngineEvent, EngineInput, Failure, TokenUsage},
        model::{LanguageModel, Prompt},
        obi::Cast,
    },
    entity::{Source, reading::Advisor},
};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    provider::{Call, Provider},
    server::settings,
};

/// One that the library holds several passages for.
pub const QUESTION: &str = "How do I choose between two paths?";

/// A model that is served there.
pub fn model(url: &str, flags: &[&str]) -> LanguageModel {
    let mut all = vec![
        "--model-base-url",
        url,
        "--model-name",
        "m",
        "--model-api-key",
        "k-1",
    ];
    all.extend(flags);
    LanguageModel::new(settings(&all).model.unwrap()).unwrap()
}

/// The prompt for a question.
pub fn prompt(question: &str) -> Prompt {
    static ADVISORS: LazyLock<Advisors> = LazyLock::new(|| Advisors::load(None, None).unwrap());
    ADVISORS.prompt(&EngineInput {
        history: History::default(),
        thread: Thread::default(),
        memory: None,
        advisor: Advisor::Legba,
        question: question.to_owned(),
        cast: Cast::stored(0).unwrap(),
    })
}

/// The titles of a prompt's passages, number 1 and on, as they are told of.
pub fn titles(prompt: &Prompt) -> Vec<String> {
    let lines = prompt.instructions.lines();
    let titles = lines.filter_map(|line| {
        let (number, rest) = line.strip_prefix("[S")?.split_once("] ")?;
        number.parse::<usize>().ok()?;
        let (title, source) = rest.strip_suffix(')')?.split_once(" (")?;
        Some(format!("{title}: {source}"))
    });
    titles.collect()
}

/// An answer that is being written.
pub struct Writing {
    events: mpsc::Receiver<EngineEvent>,
    task: JoinHandle<Result<(), Failure>>,
}

/// The events of an answer.
#[derive(Debug, Default, PartialEq)]
pub struct Written {
    pub text: String,
    pub sources: Vec<Source>,
    pub model: Option<String>,
    pub usage: Option<TokenUsage>,
    pub has_thought: bool,
    pub is_truncated: bool,
    pub failure: Option<Failure>,
}

impl Writing {
    pub fn begin(model: &LanguageModel) -> Self {
        Self::go_on(model, Begun::default())
    }

    pub fn go_on(model: &LanguageModel, begun: Begun) -> Self {
        Self::go_on_into(mpsc::channel(100), model, begun)
    }

    /// Into a channel of a size of its own.
    pub fn go_on_into(
        (out, events): (mpsc::Sender<EngineEvent>, mpsc::Receiver<EngineEvent>),
        model: &LanguageModel,
        begun: Begun,
    ) -> Self {
        let (model, prompt) = (model.clone(), prompt(QUESTION));
        let task = tokio::spawn(async move { model.write(&prompt, begun, &out).await });
        Self { events, task }
    }

    pub async fn event(&mut self) -> EngineEvent {
        let event = tokio::time::timeout(Duration::from_secs(20), self.events.recv()).await;
        event
            .expect("something is told")
            .expect("it is being written")
    }

    /// The next text; what else is told before it is passed over.
    pub async fn text(&mut self) -> String {
        loop {
            if let EngineEvent::Text { text, .. } = self.event().await {
                return text;
            }
        }
    }

    /// The events from here on.
    pub async fn told(mut self) -> Written {
        let mut told = Written::default();
        while let Some(event) = self.events.recv().await {
            match event {
                EngineEvent::Text { text, .. } => told.text += &text,
                EngineEvent::Source(source) => told.sources.push(source),
                EngineEvent::Model(name) => told.model = Some(name),
                EngineEvent::Usage(usage) => told.usage = Some(usage),
                EngineEvent::Thinking(is_thinking) => told.has_thought |= is_thinking,
                EngineEvent::Truncated => told.is_truncated = true,
                EngineEvent::Retracted => {
                    told.text.clear();
                    told.sources.clear();
                }
            }
        }
        told.failure = self.task.await.unwrap().err();
        told
    }

    /// Drops the receiver.
    pub fn leave(self) {
        drop(self.events);
    }

    /// The future is dropped; the channel is not.
    pub async fn abort(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// The events of an answer when the provider sends these and the stream then ends.
pub async fn told_of(flags: &[&str], events: impl IntoIterator<Item = Value>) -> Written {
    let mut provider = Provider::start().await;
    let writing = Writing::begin(&model(provider.url(), flags));
    let mut call = provider.call().await;
    call.begin().await;
    call.events(events).await;
    call.end().await;
    writing.told().await
}

/// The events of an answer when the provider responds with this.
pub async fn answered(flags: &[&str], answer: impl AsyncFnOnce(Call)) -> Written {
    let mut provider = Provider::start().await;
    let writing = Writing::begin(&model(provider.url(), flags));
    let call = provider.call().await;
    tokio::join!(answer(call), writing.told()).1
}

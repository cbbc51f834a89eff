//! Doors for the fuzzer (`fuzz/`) to what is private here. Compiled for it alone.

use std::time::Duration;

use axum::http;
use futures_util::stream;
use reqwest::{Body, Response};
use tokio::sync::mpsc;

use super::{
    super::{
        Advisors, History, Thread,
        engine::{Begun, EngineEvent, EngineInput, Failure},
        obi::Cast,
    },
    Deadlines, LanguageModel, Prompt, Stop, StreamDecoder,
};
use crate::{
    config::{Dialect, ModelSettings, Prices, Timeouts},
    entity::reading::Advisor,
};

/// The most events of one answer: each comes from some bytes of it.
const EVENTS: usize = 1 << 18;

/// Reads what a provider sends.
pub struct Reader {
    model: LanguageModel,
    prompt: Prompt,
}

impl Reader {
    /// # Panics
    ///
    /// If the built-in library or the system's certificates cannot be read.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        let long = Duration::from_hours(1);
        let settings = ModelSettings {
            base_url: "http://127.0.0.1:9/v1".to_owned(),
            url: "http://127.0.0.1:9/v1/x".to_owned(),
            assumed_path: None,
            api_key: Some("a-key".to_owned()),
            name: "m".to_owned(),
            dialect,
            prices: Some(Prices {
                input: 150_000_000,
                output: 600_000_000,
                answer: 5,
            }),
            max_tokens: 1_000,
            max_bytes: 16_384,
            context_tokens: 8_192,
            web_search: true,
            memory: 0,
            background: dialect == Dialect::Responses,
            timeouts: Timeouts {
                connect: long,
                first_token: long,
                first_word: long,
                idle: long,
                total: long,
            },
            fallback: false,
        };
        let advisors = Advisors::load(None, None).expect("the built-in library is good");
        let asked = EngineInput {
            advisor: Advisor::Legba,
            question: "Which door should I choose, stuck at this crossroads?".to_owned(),
            cast: Cast::stored(0).expect("a cast that can fall"),
            history: History::default(),
            thread: Thread::default(),
            memory: None,
        };
        Self {
            model: LanguageModel::new(settings).expect("the system has certificates"),
            prompt: advisors.prompt(&asked),
        }
    }

    /// The events of an answer that arrives in these pieces, and its failure, if any.
    pub async fn read(
        &self,
        media_type: &str,
        pieces: impl IntoIterator<Item = Vec<u8>, IntoIter: Send + 'static>,
    ) -> (Vec<EngineEvent>, Option<Failure>) {
        let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
        let mut response = http::Response::new(Body::wrap_stream(stream::iter(pieces)));
        let media_type = http::HeaderValue::from_str(media_type).expect("a media type");
        response.headers_mut().insert("content-type", media_type);

        let (out, mut told) = mpsc::channel(EVENTS);
        let mut draft = StreamDecoder::new(
            &self.model.settings,
            &self.prompt,
            &self.model.habits,
            Begun::default(),
            &out,
        );
        let mut clock = Deadlines::new(self.model.settings.timeouts);
        let read = self
            .model
            .read(Response::from(response), &mut draft, &mut clock);
        let read = match read.await {
            Ok(()) => Ok(()),
            Err(Stop::Broken(failure) | Stop::Ended(failure)) => Err(failure),
        };
        let failure = draft.end(read).await.err();
        let mut events = Vec::new();
        while let Ok(event) = told.try_recv() {
            events.push(event);
        }
        (events, failure)
    }
}

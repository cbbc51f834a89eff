//! A model provider that misbehaves by script, and the ledger of its calls.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing,
};
use futures_util::stream;
use serde_json::{Value, json};

/// A call that the provider received.
#[derive(Clone, Debug)]
pub struct Call {
    /// Of the question.
    pub mark: String,
    pub script: Script,
    /// Whether it is charged: an answer has begun.
    pub charged: bool,
    /// Words of the answer that were sent.
    pub words: usize,
    /// Tokens read and written, once they were reported.
    pub reported: Option<(i64, i64)>,
}

/// How a call goes.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    words: usize,
    pause: Duration,
    turn: Turn,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    Whole,
    /// The usage is left out.
    Untold,
    Refused(u16),
    /// The request is lost before the model has it, and nothing answers.
    Lost,
    /// Nothing more comes after so many words.
    Stalls(usize),
    /// The connection breaks after so many words.
    Breaks(usize),
}

#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    calls: Mutex<Vec<Call>>,
    misbehaves: AtomicBool,
    seed: u64,
}

impl Provider {
    pub async fn start(seed: u64) -> (Self, SocketAddr) {
        let provider = Self(Arc::new(Inner {
            calls: Mutex::default(),
            misbehaves: AtomicBool::new(false),
            seed,
        }));
        let router = Router::new()
            .route("/v1/chat/completions", routing::post(answer))
            .with_state(provider.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (provider, address)
    }

    pub fn misbehave(&self, misbehaves: bool) {
        self.0.misbehaves.store(misbehaves, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn calls(&self) -> Vec<Call> {
        self.lock().clone()
    }

    /// Its calls by the mark of their question, each with its number.
    pub fn by_mark(&self) -> HashMap<String, Vec<(usize, Call)>> {
        let mut by_mark: HashMap<_, Vec<_>> = HashMap::new();
        for (number, call) in self.calls().into_iter().enumerate() {
            by_mark
                .entry(call.mark.clone())
                .or_default()
                .push((number, call));
        }
        by_mark
    }

    fn script(&self, mark: &str) -> Script {
        let earlier = self.lock().iter().filter(|call| call.mark == mark).count();
        let seed = mark.bytes().fold(self.0.seed, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into())
        });
        let mut random = fastrand::Rng::with_seed(seed.wrapping_add(earlier as u64));
        let words = random.usize(3..60);
        let turn = match random.u8(..100) {
            _ if !self.0.misbehaves.load(Ordering::Relaxed) => Turn::Whole,
            0..40 => Turn::Whole,
            40..55 => Turn::Untold,
            55..62 => Turn::Refused(500),
            62..68 => Turn::Refused(429),
            68..72 => Turn::Refused(400),
            72..76 => Turn::Lost,
            76..84 => Turn::Stalls(random.usize(..words)),
            _ => Turn::Breaks(random.usize(..words)),
        };
        Script {
            words,
            pause: Duration::from_millis(random.u64(..60)),
            turn,
        }
    }
}

/// The text of a call's answer as far as so many words.
pub fn text(call: usize, words: usize) -> String {
    let words = (0..words).map(|word| format!("c{call}w{word}"));
    words.collect::<Vec<_>>().join(" ")
}

/// A question that a call can be told by.
pub fn question(mark: &str) -> String {
    format!("Where does the road lead after milestone {mark}?")
}

fn mark_of(request: &Value) -> Option<String> {
    let messages = request["messages"].as_array()?;
    let content = messages.last()?["content"].as_str()?;
    // The question comes last, after those that the user has asked before.
    let (_, question) = content.rsplit_once("<question>")?;
    let (_, rest) = question.split_once("milestone ")?;
    Some(rest.split_once('?')?.0.to_owned())
}

async fn answer(State(provider): State<Provider>, request: Bytes) -> Response {
    let request = serde_json::from_slice(&request).unwrap_or_default();
    let Some(mark) = mark_of(&request) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let script = provider.script(&mark);
    let number = {
        let mut calls = provider.lock();
        calls.push(Call {
            mark,
            script,
            charged: !matches!(script.turn, Turn::Refused(_) | Turn::Lost),
            words: 0,
            reported: None,
        });
        calls.len() - 1
    };
    if script.turn == Turn::Lost {
        return std::future::pending().await;
    }
    if let Turn::Refused(status) = script.turn {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = [("content-type", "application/json")];
        return (status, headers, r#"{"error":"not now"}"#).into_response();
    }
    let events = stream::unfold(0, move |step| {
        let provider = provider.clone();
        async move {
            let event = provider.event(number, step).await?;
            Some((event.map(Bytes::from), step + 1))
        }
    });
    let headers = [("content-type", "text/event-stream")];
    (headers, Body::from_stream(events)).into_response()
}

/// Breaks the connection.
type Piece = Result<String, std::io::Error>;

impl Provider {
    /// The event at a step of a call: words, the end, or usage.
    async fn event(&self, number: usize, step: usize) -> Option<Piece> {
        let Script { words, pause, turn } = self.lock()[number].script;
        tokio::time::sleep(pause).await;
        match turn {
            Turn::Stalls(after) if step == after => std::future::pending().await,
            Turn::Breaks(after) if step == after => {
                return Some(Err(std::io::Error::other("broken on purpose")));
            }
            _ => {}
        }
        let event = |data: &Value| Some(Ok(format!("data: {data}\n\n")));
        if step < words {
            let word = text(number, step + 1);
            let word = word.rsplit(' ').next().unwrap_or_default();
            let space = if step == 0 { "" } else { " " };
            self.lock()[number].words = step + 1;
            event(
                &json!({ "model": "chaos-1", "choices": [{ "index": 0, "delta": { "content": format!("{space}{word}") } }] }),
            )
        } else if step == words {
            event(&json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }))
        } else if step == words + 1 && turn == Turn::Whole {
            let tokens = (200, i64::try_from(words).unwrap());
            self.lock()[number].reported = Some(tokens);
            event(
                &json!({ "choices": [], "usage": { "prompt_tokens": tokens.0, "completion_tokens": tokens.1, "total_tokens": tokens.0 + tokens.1 } }),
            )
        } else if step <= words + 2 && turn == Turn::Whole || step == words + 1 {
            Some(Ok("data: [DONE]\n\n".to_owned()))
        } else {
            None
        }
    }
}

impl Script {
    /// Whether the answer comes whole.
    pub fn is_whole(self) -> bool {
        matches!(self.turn, Turn::Whole | Turn::Untold)
    }

    /// Words of the whole answer.
    pub fn words(self) -> usize {
        self.words
    }
}

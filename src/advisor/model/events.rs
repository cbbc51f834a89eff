//! Server-Sent Events of a model's server, none of them longer than is sane.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{Stream, StreamExt};
use reqwest::Response;
use sse_stream::{Sse, SseByteStream};

use super::super::engine::Failure;

/// Bytes of an event at most. The last of a response repeats all of it, with what it found.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;

/// How long a stream may take to end once all has been said.
const LEAVE: Duration = Duration::from_secs(1);

/// The data of one event after another.
pub(super) struct Events {
    /// Whose, for the log.
    model: String,
    stream: Pin<Box<dyn Stream<Item = Result<Sse, sse_stream::Error>> + Send>>,
    /// Bytes since the last event.
    since: Arc<AtomicUsize>,
    /// Changes with whatever comes, also a comment that keeps the connection alive.
    arrivals: Arc<AtomicUsize>,
}

/// An event that has data.
pub(super) struct Data {
    pub text: String,
    /// Whether its name says that it is an error.
    pub is_error: bool,
}

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Connection(reqwest::Error),
    #[error("an event has more than {LONGEST} bytes")]
    TooLong,
}

impl Events {
    pub(super) fn of(response: Response, model: String) -> Self {
        let since = Arc::new(AtomicUsize::new(0));
        let arrivals = Arc::new(AtomicUsize::new(0));
        let (count, arrived) = (since.clone(), arrivals.clone());
        let bytes = response.bytes_stream().map(move |part| {
            let part = part.map_err(Broken::Connection)?;
            arrived.fetch_add(1, Ordering::Relaxed);
            let total = count.fetch_add(part.len(), Ordering::Relaxed) + part.len();
            if total > LONGEST + part.len() {
                Err(Broken::TooLong)
            } else {
                Ok(part)
            }
        });
        Self {
            model,
            stream: Box::pin(SseByteStream::new(bytes)),
            since,
            arrivals,
        }
    }

    /// How often bytes have arrived.
    pub(super) fn arrivals(&self) -> usize {
        self.arrivals.load(Ordering::Relaxed)
    }

    /// Reads on to the end behind the caller's back: only then can the connection be used again.
    pub(super) fn leave(mut self) {
        tokio::spawn(async move { tokio::time::timeout(LEAVE, self.stream.next()).await });
    }

    /// The next event that has data; none when the stream has ended as it should.
    pub(super) async fn next(&mut self) -> Result<Option<Data>, Failure> {
        loop {
            let event = self.stream.next().await;
            self.since.store(0, Ordering::Relaxed);
            match event {
                None => return Ok(None),
                Some(Ok(event)) => {
                    if let Some(text) = event.data.filter(|data| !data.trim().is_empty()) {
                        let is_error = event.event.as_deref() == Some("error");
                        return Ok(Some(Data { text, is_error }));
                    }
                }
                Some(Err(error)) => {
                    let failure = match error {
                        sse_stream::Error::Body(_) => Failure::Cut,
                        _ => Failure::Malformed,
                    };
                    let code = failure.code();
                    tracing::warn!(%error, code, model = self.model, "the model's stream broke");
                    return Err(failure);
                }
            }
        }
    }
}

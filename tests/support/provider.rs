//! A language model's server that says exactly what a test has it say, when the test says so.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Provider {
    url: String,
    calls: mpsc::UnboundedReceiver<Call>,
}

/// A request, and the connection on which it waits for what the test has to say.
pub struct Call {
    pub method: String,
    /// With the query.
    pub path: String,
    /// By their names in lower case.
    pub headers: HashMap<String, String>,
    /// Null without one.
    pub body: Value,
    /// The number of the connection it came on.
    pub connection: usize,
    stream: TcpStream,
    calls: mpsc::UnboundedSender<Call>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (sender, calls) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(Call::read(stream, connection, sender.clone()));
            }
        });
        Self { url, calls }
    }

    /// The value of `MODEL_BASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next request.
    pub async fn call(&mut self) -> Call {
        let call = timeout(PATIENCE, self.calls.recv()).await;
        call.expect("a request comes").unwrap()
    }

    /// Answers each request from now on, given its number from 1. Returns how many there were.
    pub fn answering<F>(
        mut self,
        answer: impl Fn(usize, Call) -> F + Send + 'static,
    ) -> Arc<AtomicUsize>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        tokio::spawn(async move {
            while let Some(call) = self.calls.recv().await {
                let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::spawn(answer(number, call));
            }
        });
        count
    }

    /// Whether no request waits.
    pub fn is_idle(&mut self) -> bool {
        self.calls.try_recv().is_err()
    }
}

impl Call {
    /// Reads a request, if one comes.
    async fn read(mut stream: TcpStream, connection: usize, calls: mpsc::UnboundedSender<Self>) {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
            }
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        };
        let mut lines = head.lines();
        let mut words = lines.next().unwrap().split(' ').map(str::to_owned);
        let headers: HashMap<_, _> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers
            .get("content-length")
            .map_or(0, |length| length.parse().unwrap());
        while bytes.len() < length {
            assert_ne!(
                stream.read_buf(&mut bytes).await.unwrap(),
                0,
                "half a request"
            );
        }
        let _ = calls.clone().send(Self {
            method: words.next().unwrap(),
            path: words.next().unwrap(),
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            connection,
            stream,
            calls,
        });
    }

    /// Answers in one piece; the connection can be used again.
    pub async fn answer(mut self, status: u16, headers: &[(&str, &str)], body: &str) {
        let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        self.write(format!("{head}\r\n{body}").as_bytes()).await;
        tokio::spawn(Self::read(self.stream, self.connection, self.calls));
    }

    /// Answers with JSON.
    pub async fn json(self, status: u16, body: &Value) {
        let media_type = [("content-type", "application/json")];
        self.answer(status, &media_type, &body.to_string()).await;
    }

    /// Begins a stream of events.
    pub async fn begin(&mut self) {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
                    transfer-encoding: chunked\r\n\r\n";
        self.write(head.as_bytes()).await;
    }

    /// Sends bytes of the stream: they arrive as one piece.
    pub async fn bytes(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            // Would be the end.
            return;
        }
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.write(&chunk).await;
    }

    /// Sends an event.
    pub async fn event(&mut self, data: &Value) {
        self.bytes(format!("data: {data}\n\n").as_bytes()).await;
    }

    /// Sends several.
    pub async fn events(&mut self, data: impl IntoIterator<Item = Value>) {
        for data in data {
            self.event(&data).await;
        }
    }

    /// Says that all has been said.
    pub async fn done(mut self) {
        self.bytes(b"data: [DONE]\n\n").await;
        self.end().await;
    }

    /// Ends the stream as HTTP has it; the connection can be used again.
    pub async fn end(mut self) {
        self.write(b"0\r\n\r\n").await;
        tokio::spawn(Self::read(self.stream, self.connection, self.calls));
    }

    /// Closes the connection in the middle of the stream.
    pub fn break_off(self) {
        drop(self.stream);
    }

    /// Waits until the client closes the connection.
    pub async fn closed(mut self) {
        let mut rest = Vec::new();
        let closed = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        // A reset closes it, too.
        let _ = closed.expect("the client closes the connection");
    }

    /// A client that has left may miss it.
    async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }
}

/// A chunk of the chat dialect.
pub fn chunk(content: &str) -> Value {
    serde_json::json!({ "model": "m-1", "choices": [{ "index": 0, "delta": { "content": content } }] })
}

/// The chunk that ends an answer.
pub fn finish(reason: &str) -> Value {
    serde_json::json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

/// The events of the responses dialect that tell these words, the first of them with this number.
pub fn deltas<'a>(first: i64, words: &'a [&'a str]) -> impl Iterator<Item = Value> + 'a {
    words.iter().zip(first..).map(|(word, number)| {
        serde_json::json!({
            "type": "response.output_text.delta", "sequence_number": number, "delta": word,
        })
    })
}

/// An event of the responses dialect that tells how a response stands.
pub fn state(number: i64, kind: &str, response: &Value) -> Value {
    serde_json::json!({ "type": kind, "sequence_number": number, "response": response })
}

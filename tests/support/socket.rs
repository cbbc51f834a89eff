//! Clients for what comes in pieces: WebSocket (`graphql-transport-ws`) and Server-Sent Events.

use std::{net::SocketAddr, pin::Pin, time::Duration};

use futures_util::{SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use super::{client::Credentials, server::Member, service::Service};

pub const PROTOCOL: &str = "graphql-transport-ws";

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A WebSocket and what is heard on it.
pub struct Socket(WebSocketStream<TcpStream>);

/// What comes over a socket.
#[derive(Debug, PartialEq)]
pub enum Heard {
    Message(Value),
    Pong,
    Closed(u16, String),
}

impl Socket {
    /// With the subprotocol, and these headers. Or the status it is refused with.
    pub async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut all = vec![("sec-websocket-protocol", PROTOCOL)];
        all.extend(headers);
        Self::open_with(address, &all).await
    }

    /// With these headers only.
    pub async fn open_with(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let url = format!("ws://{address}/graphql/ws");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(*name, value);
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Message::text(text)).await;
    }

    pub async fn send_frame(&mut self, frame: Message) {
        self.0.send(frame).await.unwrap();
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(&json!({ "id": id, "type": "subscribe", "payload": payload }))
            .await;
    }

    pub async fn hear(&mut self) -> Heard {
        loop {
            let frame = timeout(PATIENCE, self.0.next())
                .await
                .expect("something comes");
            match frame {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Message(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Heard::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Pong(_))) => return Heard::Pong,
                Some(Ok(Message::Ping(_))) => {}
                // Cut without a word, as RFC 6455 numbers it.
                Some(Ok(_) | Err(_)) | None => return Heard::Closed(1006, String::new()),
            }
        }
    }

    /// The next message; there has to be one.
    #[track_caller]
    pub fn message(&mut self) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            match self.hear().await {
                Heard::Message(message) => message,
                other => panic!("{caller}: a message was expected, not {other:?}"),
            }
        }
    }

    /// What it is closed with, whatever comes before.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code, _) = self.hear().await {
                return code;
            }
        }
    }
}

/// Server-Sent Events, one by one.
pub struct Events {
    body: Pin<Box<dyn Stream<Item = reqwest::Result<Vec<u8>>> + Send>>,
    buffer: Vec<u8>,
}

impl Events {
    pub fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        let media_type = response.headers()["content-type"].to_str().unwrap();
        assert!(media_type.starts_with("text/event-stream"), "{media_type}");
        Self {
            body: Box::pin(response.bytes_stream().map(|part| part.map(Vec::from))),
            buffer: Vec::new(),
        }
    }

    /// An event's name and data; none when the stream has ended.
    pub async fn next(&mut self) -> Option<(String, String)> {
        loop {
            let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") else {
                let part = timeout(PATIENCE, self.body.next())
                    .await
                    .expect("something comes");
                self.buffer.extend(part?.ok()?);
                continue;
            };
            let event: Vec<_> = self.buffer.drain(..end + 2).collect();
            let event = String::from_utf8(event).unwrap();
            let field = |name| {
                let mut lines = event.lines();
                lines.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
            };
            // What has no name is a comment: a heartbeat.
            if let Some(name) = field("event:") {
                return Some((name, field("data:").unwrap_or_default()));
            }
        }
    }
}

/// How a reading is followed.
#[derive(Clone, Copy, Debug)]
pub enum Via {
    Socket,
    Events,
}

/// A reading's updates as they come.
pub enum Follower {
    Socket(Box<Socket>),
    Events(Events),
}

/// What a follower hears.
#[derive(Debug)]
pub enum News {
    Update(Value),
    /// There will be no more.
    End,
    /// Errors, or the connection's loss.
    Broken(Value),
}

pub const FOLLOW: &str = "subscription ($id: ID!, $after: Int) {
    readingUpdates(id: $id, after: $after) { sequence text status reading { id } }
}";

impl Follower {
    pub async fn open(
        service: &(impl Service + ?Sized),
        via: Via,
        who: &Member,
        id: &str,
        after: i64,
    ) -> Self {
        let variables = json!({ "id": id, "after": after });
        match via {
            Via::Socket => {
                let mut socket = service.socket(who).await;
                socket.subscribe("1", FOLLOW, variables).await;
                Self::Socket(Box::new(socket))
            }
            Via::Events => {
                let request = service
                    .http("POST", "/graphql")
                    .header("accept", "text/event-stream")
                    .bearer_auth(who.token().unwrap())
                    .json(&json!({ "query": FOLLOW, "variables": variables }));
                Self::Events(Events::of(request.send().await.unwrap()))
            }
        }
    }

    pub async fn next(&mut self) -> News {
        let answer = match self {
            Self::Socket(socket) => match socket.hear().await {
                Heard::Message(message) => match message["type"].as_str() {
                    Some("next") => message["payload"].clone(),
                    Some("complete") => return News::End,
                    _ => return News::Broken(message["payload"].clone()),
                },
                Heard::Closed(code, _) => return News::Broken(code.into()),
                Heard::Pong => panic!("nobody sent a ping"),
            },
            Self::Events(events) => match events.next().await {
                Some((name, data)) if name == "next" => serde_json::from_str(&data).unwrap(),
                Some((name, _)) if name == "complete" => return News::End,
                other => return News::Broken(format!("{other:?}").into()),
            },
        };
        if answer.get("errors").is_some() {
            return News::Broken(answer["errors"].clone());
        }
        News::Update(answer["data"]["readingUpdates"].clone())
    }
}

/// What somebody who follows an answer has put together.
#[derive(Debug, Default)]
pub struct Told {
    pub text: String,
    pub last: i64,
    /// How it ended, once it has.
    pub status: Option<String>,
}

impl Told {
    /// Every number once, in order; the end last and without text.
    pub fn hear(&mut self, update: &Value) {
        assert_eq!(update["sequence"], self.last + 1, "{update}");
        assert_eq!(self.status, None, "nothing comes after the end: {update}");
        self.last += 1;
        let text = update["text"].as_str().unwrap();
        self.text += text;
        if update["status"] != "WRITING" {
            assert_eq!(text, "");
            self.status = Some(update["status"].as_str().unwrap().to_owned());
        }
    }

    /// Listens for some updates more, or until the stream ends or breaks. Returns what ended it.
    pub async fn listen(&mut self, follower: &mut Follower, updates: usize) -> Option<News> {
        for _ in 0..updates {
            match follower.next().await {
                News::Update(update) => self.hear(&update),
                other => return Some(other),
            }
        }
        None
    }

    /// Listens to the end, which has to come.
    pub async fn listen_to_end(&mut self, follower: &mut Follower) {
        match self.listen(follower, usize::MAX).await {
            Some(News::End) => assert!(self.status.is_some(), "the end says how: {self:?}"),
            other => panic!("broken off by {other:?} after {self:?}"),
        }
    }
}

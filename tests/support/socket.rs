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

/// A message of a socket.
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

    /// The next message as it came.
    pub async fn text(&mut self) -> String {
        let frame = timeout(PATIENCE, self.0.next()).await;
        match frame.expect("something comes") {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("a text was expected, not {other:?}"),
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

    /// The close code, after whatever messages come before.
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

/// The parts of a multipart answer, one by one.
pub struct Parts {
    body: Pin<Box<dyn Stream<Item = reqwest::Result<Vec<u8>>> + Send>>,
    buffer: Vec<u8>,
}

impl Parts {
    const BOUNDARY: &str = "\r\n--graphql";

    pub fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        let media_type = response.headers()["content-type"].to_str().unwrap();
        assert!(media_type.starts_with("multipart/mixed"), "{media_type}");
        Self {
            body: Box::pin(response.bytes_stream().map(|part| part.map(Vec::from))),
            // The first boundary is a part's end, too.
            buffer: b"\r\n".to_vec(),
        }
    }

    /// A part; `Ok(None)` after the last, and an error where the answer is cut.
    pub async fn next(&mut self) -> Result<Option<Value>, ()> {
        loop {
            let text = String::from_utf8_lossy(&self.buffer).into_owned();
            let Some((part, rest)) = text.split_once(Self::BOUNDARY) else {
                if text.starts_with("--") {
                    return Ok(None);
                }
                let more = timeout(PATIENCE, self.body.next()).await;
                let more = more.expect("something comes").and_then(Result::ok);
                self.buffer.extend(more.ok_or(())?);
                continue;
            };
            self.buffer = rest.as_bytes().to_vec();
            if let Some((_, json)) = part.split_once("\r\n\r\n") {
                return Ok(Some(serde_json::from_str(json).unwrap()));
            }
        }
    }
}

/// How a reading is followed.
#[derive(Clone, Copy, Debug)]
pub enum Via {
    Socket,
    Events,
    Multipart,
}

/// A reading's updates as they come.
pub enum Follower {
    Socket(Box<Socket>),
    Events(Events),
    Multipart(Parts),
}

/// An update of a follower.
#[derive(Debug)]
pub enum News {
    Update(Value),
    /// There will be no more.
    End,
    /// Errors, or the connection's loss.
    Broken(Value),
}

pub const FOLLOW: &str = "subscription ($id: ID!, $after: Int) {
    readingUpdates(id: $id, after: $after) { sequence offset text status reading { id } }
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
        Self::subscribe(service, via, who, FOLLOW, variables).await
    }

    /// Of any subscription of one field.
    pub async fn subscribe(
        service: &(impl Service + ?Sized),
        via: Via,
        who: &Member,
        query: &str,
        variables: Value,
    ) -> Self {
        match via {
            Via::Socket => {
                let mut socket = service.socket(who).await;
                socket.subscribe("1", query, variables).await;
                Self::Socket(Box::new(socket))
            }
            Via::Events | Via::Multipart => {
                let accept = match via {
                    Via::Multipart => "multipart/mixed;subscriptionSpec=1.0",
                    _ => "text/event-stream",
                };
                let request = service
                    .http("POST", "/graphql")
                    .header("accept", accept)
                    .bearer_auth(who.token().unwrap())
                    .json(&json!({ "query": query, "variables": variables }));
                let response = request.send().await.unwrap();
                match via {
                    Via::Multipart => Self::Multipart(Parts::of(response)),
                    _ => Self::Events(Events::of(response)),
                }
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
            Self::Multipart(parts) => loop {
                match parts.next().await {
                    Ok(Some(part)) if part.get("errors").is_some() => break part,
                    // One without a payload is a heartbeat.
                    Ok(Some(part)) => {
                        if let Some(payload) = part.get("payload") {
                            break payload.clone();
                        }
                    }
                    Ok(None) => return News::End,
                    Err(()) => return News::Broken("cut".into()),
                }
            },
        };
        if answer.get("errors").is_some() {
            return News::Broken(answer["errors"].clone());
        }
        let fields = answer["data"].as_object().unwrap();
        News::Update(fields.values().next().unwrap().clone())
    }
}

/// The text that a follower has assembled.
#[derive(Debug, Default)]
pub struct Told {
    pub text: String,
    pub last: i64,
    /// Characters of the answer up to there, once something was heard.
    pub offset: Option<u64>,
    /// How it ended, once it has.
    pub status: Option<String>,
}

impl Told {
    /// Every number once, in order; the end last and without text.
    pub fn hear(&mut self, update: &Value) {
        assert_eq!(update["sequence"], self.last + 1, "{update}");
        assert_eq!(self.status, None, "nothing comes after the end: {update}");
        let begins_at = if self.last == 0 { Some(0) } else { self.offset };
        if let Some(begins_at) = begins_at {
            assert_eq!(update["offset"], begins_at, "{update}");
        }
        self.last += 1;
        let text = update["text"].as_str().unwrap();
        self.text += text;
        let characters = text.chars().count() as u64;
        self.offset = Some(update["offset"].as_u64().unwrap() + characters);
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

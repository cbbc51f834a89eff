//! Answers that come in pieces: Server-Sent Events, multipart, WebSocket.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::transport::{FORWARDED_FOR, Operation, Outcome, Via, address, root};

/// The answers to one operation.
pub enum Answers {
    Socket(Box<WebSocketStream<TcpStream>>),
    Body {
        via: Via,
        response: reqwest::Response,
        buffer: Vec<u8>,
    },
}

pub enum Item {
    Answer(Value),
    /// An error instead of an answer, which ends the operation.
    Refused(Outcome),
    End,
    /// The connection's end before the operation's.
    Broken(String),
}

impl Answers {
    pub async fn open(operation: &Operation<'_>, http: &reqwest::Client) -> Result<Self, Outcome> {
        match operation.via {
            Via::Socket => socket(operation).await,
            via => {
                let accept = match via {
                    Via::Multipart => "multipart/mixed;subscriptionSpec=\"1.0\"",
                    _ => "text/event-stream",
                };
                let request = operation.request(http).header("accept", accept);
                let response = request
                    .send()
                    .await
                    .map_err(|error| Outcome::Unanswered(root(&error)))?;
                let media_type = response.headers().get("content-type");
                let is_json = media_type
                    .and_then(|value| value.to_str().ok())
                    .is_none_or(|value| value.starts_with("application/"));
                if is_json {
                    let text = response.text().await.unwrap_or_default();
                    let answer = serde_json::from_str(&text).unwrap_or_default();
                    return Err(Outcome::of(&answer));
                }
                Ok(Self::Body {
                    via,
                    response,
                    buffer: Vec::new(),
                })
            }
        }
    }

    pub async fn next(&mut self) -> Item {
        match self {
            Self::Socket(socket) => next_message(socket).await,
            Self::Body {
                via,
                response,
                buffer,
            } => loop {
                let item = match via {
                    Via::Multipart => next_part(buffer),
                    _ => next_event(buffer),
                };
                if let Some(item) = item {
                    return item;
                }
                match response.chunk().await {
                    Ok(Some(bytes)) => buffer.extend_from_slice(&bytes),
                    Ok(None) => return Item::Broken("the body ends before the operation".into()),
                    Err(error) => return Item::Broken(root(&error)),
                }
            },
        }
    }
}

/// Takes what is before a separator, and the separator, off the buffer.
fn take(buffer: &mut Vec<u8>, separator: &[u8]) -> Option<String> {
    let at = buffer
        .windows(separator.len())
        .position(|window| window == separator)?;
    let taken: Vec<_> = buffer.drain(..at + separator.len()).collect();
    Some(String::from_utf8_lossy(&taken[..at]).into_owned())
}

fn next_event(buffer: &mut Vec<u8>) -> Option<Item> {
    loop {
        let event = take(buffer, b"\n\n")?;
        let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
        match field("event:").map(str::trim) {
            Some("next") => {
                let data = field("data:").unwrap_or_default();
                return Some(Item::Answer(serde_json::from_str(data).unwrap_or_default()));
            }
            Some("complete") => return Some(Item::End),
            // A heartbeat.
            _ => {}
        }
    }
}

fn next_part(buffer: &mut Vec<u8>) -> Option<Item> {
    const BOUNDARY: &[u8] = b"--graphql";
    loop {
        // After a boundary comes the next part, or the end.
        let start = buffer
            .windows(BOUNDARY.len())
            .position(|window| window == BOUNDARY)?;
        let rest = &buffer[start + BOUNDARY.len()..];
        if rest.starts_with(b"--") {
            return Some(Item::End);
        }
        let end = rest
            .windows(BOUNDARY.len())
            .position(|window| window == BOUNDARY)?;
        let part = String::from_utf8_lossy(&rest[..end]).into_owned();
        buffer.drain(..start + BOUNDARY.len() + end);
        let json = part.split_once("\r\n\r\n").map_or("", |(_, json)| json);
        let part: Value = serde_json::from_str(json.trim()).unwrap_or_default();
        // A part without a payload is a heartbeat.
        if part["payload"].is_object() {
            return Some(Item::Answer(part["payload"].clone()));
        }
    }
}

async fn socket(operation: &Operation<'_>) -> Result<Answers, Outcome> {
    let lost = |why: String| Outcome::Unanswered(why);
    let url = format!("ws://{}/graphql/ws", operation.to);
    let mut request = url.into_client_request().unwrap();
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let address = HeaderValue::try_from(address()).unwrap();
    request.headers_mut().insert(FORWARDED_FOR, address);
    let stream = TcpStream::connect(operation.to)
        .await
        .map_err(|error| lost(error.to_string()))?;
    let (socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .map_err(|error| lost(error.to_string()))?;
    let mut socket = Box::new(socket);
    let authorization = operation.token.map(|token| format!("Bearer {token}"));
    let payload = authorization.map_or(json!({}), |token| json!({ "Authorization": token }));
    let init = json!({ "type": "connection_init", "payload": payload });
    let send = |message: Value| Message::text(message.to_string());
    socket
        .send(send(init))
        .await
        .map_err(|error| lost(error.to_string()))?;
    match socket.next().await {
        Some(Ok(Message::Text(text))) if text.contains("connection_ack") => {}
        Some(Ok(Message::Close(Some(frame)))) if frame.reason == "Forbidden" => {
            // Also while the database is away, so no word on the session by itself.
            let error = json!({ "extensions": { "code": "SOCKET_FORBIDDEN" } });
            return Err(Outcome::refused(&error));
        }
        other => return Err(lost(format!("no acknowledgement: {other:?}"))),
    }
    let payload = json!({ "query": operation.query, "variables": operation.variables });
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": payload });
    socket
        .send(send(subscribe))
        .await
        .map_err(|error| lost(error.to_string()))?;
    Ok(Answers::Socket(socket))
}

async fn next_message(socket: &mut WebSocketStream<TcpStream>) -> Item {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                let message: Value = serde_json::from_str(&text).unwrap_or_default();
                match message["type"].as_str() {
                    Some("next") => return Item::Answer(message["payload"].clone()),
                    Some("error") => {
                        return Item::Refused(Outcome::refused(&message["payload"][0]));
                    }
                    Some("complete") => return Item::End,
                    _ => {}
                }
            }
            Some(Ok(Message::Close(frame))) => {
                return Item::Broken(format!("the socket is closed: {frame:?}"));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Item::Broken(error.to_string()),
            None => return Item::Broken("the socket ends".to_owned()),
        }
    }
}

//! Clients that send an operation and hang up.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{client::Credentials, server::Member, service::Service};

/// An operation on its way, of a client that can hang up at any time.
pub struct Hasty(pub TcpStream);

/// How an operation is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Post,
    Events,
    Multipart,
    Socket,
}

impl Over {
    pub const EVERY: [Self; 4] = [Self::Post, Self::Events, Self::Multipart, Self::Socket];
}

/// A masked text frame with its length in two bytes (RFC 6455, section 5.2); the mask is zero, so
/// the text is as it is.
fn frame(message: &Value) -> Vec<u8> {
    let text = message.to_string();
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    let mut frame = vec![0x81, 0xfe, length[0], length[1], 0, 0, 0, 0];
    frame.extend(text.as_bytes());
    frame
}

impl Hasty {
    /// Sends it, and does not wait.
    pub async fn send(service: &impl Service, who: &Member, over: Over, query: &str) -> Self {
        let mut stream = TcpStream::connect(service.address()).await.unwrap();
        let token = who.token().unwrap();
        let payload = json!({ "query": query });
        let sent = if over == Over::Socket {
            let upgrade = format!(
                "GET /graphql/ws HTTP/1.1\r\nHost: mula\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Protocol: graphql-transport-ws\r\n\
                 Authorization: Bearer {token}\r\n\r\n"
            );
            let mut sent = upgrade.into_bytes();
            sent.extend(frame(&json!({ "type": "connection_init" })));
            sent.extend(frame(
                &json!({ "type": "subscribe", "id": "1", "payload": payload }),
            ));
            sent
        } else {
            let accept = match over {
                Over::Events => "text/event-stream",
                Over::Multipart => "multipart/mixed;subscriptionSpec=1.0",
                _ => "application/json",
            };
            let body = payload.to_string();
            format!(
                "POST /graphql HTTP/1.1\r\nHost: mula\r\nAccept: {accept}\r\n\
                 Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        };
        stream.write_all(&sent).await.unwrap();
        Self(stream)
    }

    /// Hangs up, and waits until the service has noticed.
    pub async fn hang_up(mut self) {
        // It may be closed already.
        let _ = self.0.shutdown().await;
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_mins(1), self.0.read_to_end(&mut rest))
            .await
            .expect("the service hangs up too");
    }
}

//! The messages of `graphql-transport-ws`, and what a socket is closed with.

use std::borrow::Cow;

use async_graphql::ServerError;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError, protocol::CloseFrame};

use crate::http::graphql::ResponseBody;

pub(super) const PROTOCOL: &str = "graphql-transport-ws";

/// Why a socket is closed. Clients come back at once, later or never, as the code says.
#[derive(Debug)]
pub(super) struct Close {
    code: u16,
    reason: Cow<'static, str>,
}

impl Close {
    pub(super) const FRAMING: Self = Self::new(1002, "Protocol error");
    const NOT_UTF8: Self = Self::new(1007, "Text is not UTF-8");
    pub(super) const TOO_BIG: Self = Self::new(1009, "Message too big");
    pub(super) const BAD_MESSAGE: Self = Self::new(4400, "Invalid message");
    pub(super) const UNAUTHORIZED: Self = Self::new(4401, "Unauthorized");
    pub(super) const SESSION_ENDED: Self = Self::new(4401, "The session has ended");
    /// Clients that get their token anew for each connection come back with the next one.
    pub(super) const TOKEN_EXPIRED: Self = Self::new(4403, "Token expired");
    pub(super) const FORBIDDEN: Self = Self::new(4403, "Forbidden");
    pub(super) const NO_PROTOCOL: Self = Self::new(4406, "Subprotocol not acceptable");
    pub(super) const INIT_TOO_LATE: Self = Self::new(4408, "Connection initialisation timeout");
    pub(super) const TOO_SLOW: Self = Self::new(4408, "Message timeout");
    pub(super) const TOO_MANY_INITS: Self = Self::new(4429, "Too many initialisation requests");
    pub(super) const SILENT: Self = Self::new(1001, "No answer to pings");
    /// The database is away, or memory short, which is no fault of the client's.
    pub(super) const TRY_AGAIN_LATER: Self = Self::new(1013, "Try again later");
    pub(super) const RESTART: Self = Self::new(1012, "Service restart");

    const fn new(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
        }
    }

    /// An operation has this id already.
    pub(super) fn taken(id: &str) -> Self {
        // A reason has at most 123 bytes (RFC 6455, section 5.5).
        let end = id.floor_char_boundary(64);
        Self {
            code: 4409,
            reason: format!("Subscriber for {} already exists", &id[..end]).into(),
        }
    }

    /// Why a socket cannot be read on; none where its client has gone.
    pub(super) fn of(error: &tungstenite::Error) -> Option<Self> {
        match error {
            tungstenite::Error::Capacity(_) => Some(Self::TOO_BIG),
            tungstenite::Error::Utf8(_) => Some(Self::NOT_UTF8),
            tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
            tungstenite::Error::Protocol(_) => Some(Self::FRAMING),
            _ => None,
        }
    }

    pub(super) fn into_frame(self) -> CloseFrame {
        CloseFrame {
            code: self.code.into(),
            reason: self.reason.into_owned().into(),
        }
    }
}

/// A message from a client.
#[derive(Debug)]
pub(super) enum ClientMessage {
    Init(Option<Value>),
    Ping,
    Pong,
    Subscribe(String, Map<String, Value>),
    Complete(String),
}

impl ClientMessage {
    /// # Errors
    ///
    /// If it is not a message of the protocol.
    pub(super) fn parse(text: &str) -> Result<Self, Close> {
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err(Close::BAD_MESSAGE);
        };
        let id = match message.remove("id") {
            Some(Value::String(id)) if !id.is_empty() => Some(id),
            None => None,
            Some(_) => return Err(Close::BAD_MESSAGE),
        };
        let payload = message.remove("payload");
        match (message.get("type").and_then(Value::as_str), id, payload) {
            (Some("connection_init"), None, payload) => Ok(Self::Init(payload)),
            (Some("ping"), None, _) => Ok(Self::Ping),
            (Some("pong"), None, _) => Ok(Self::Pong),
            (Some("complete"), Some(id), _) => Ok(Self::Complete(id)),
            (Some("subscribe"), Some(id), Some(Value::Object(payload))) => {
                Ok(Self::Subscribe(id, payload))
            }
            _ => Err(Close::BAD_MESSAGE),
        }
    }
}

/// A message to a client.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    ConnectionAck,
    Pong,
    Next {
        id: &'a str,
        payload: ResponseBody<'a>,
    },
    /// The operation could not begin, or cannot go on: its last message.
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    Complete {
        id: &'a str,
    },
}

impl ServerMessage<'_> {
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).expect("responses have no keys but strings")
    }
}

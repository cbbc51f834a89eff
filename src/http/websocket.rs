//! GraphQL over WebSocket: `graphql-transport-ws`
//! (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>).

use std::{collections::HashMap, future::Future, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        State as Extracted,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};
use tokio::{
    sync::mpsc,
    task::{self, AbortHandle, JoinSet},
    time::{Instant, interval_at, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    State,
    client_address::ClientAddress,
    graphql::{BODY_MAX, request},
    trace::{Line, RequestId},
};
use crate::{
    graphql::{self, Caller},
    request as notes,
};

const PROTOCOL: &str = "graphql-transport-ws";

/// How long a client may take to say who it is.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the client is pinged; one that has not answered by the next ping is gone.
const PING: Duration = Duration::from_secs(15);

/// How long a client may take to take what it is sent, and to close when it is told to.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Operations that run on one socket, at most.
const MAX_OPERATIONS: usize = 32;

/// Bytes that are read at a time. Each socket holds as many for as long as it is open, and most say
/// little; the library's own 128 KiB would be all that 10,000 of them take. A message of 60 kB costs
/// 50 µs more for it than with 2 KiB.
const READ_BUFFER: usize = 512;

/// Messages that wait to be sent: a client that reads slowly holds its operations back.
const QUEUE: usize = 16;

/// What a socket is closed with. 1012 makes clients reconnect.
type Close = (u16, &'static str);
const BAD_MESSAGE: Close = (4400, "Invalid message");
const UNAUTHORIZED: Close = (4401, "Unauthorized");
const FORBIDDEN: Close = (4403, "Forbidden");
const SESSION_ENDED: Close = (4403, "The session has ended");
const NO_PROTOCOL: Close = (4406, "Subprotocol not acceptable");
const INIT_TOO_LATE: Close = (4408, "Connection initialisation timeout");
const TOO_MANY_INITS: Close = (4429, "Too many initialisation requests");
const SILENT: Close = (1001, "No answer to pings");
const RESTART: Close = (1012, "Service restart");

pub(super) async fn upgrade(
    Extracted(state): Extracted<Arc<State>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !is_from_allowed_origin(&state, &headers) {
        return (
            StatusCode::FORBIDDEN,
            "This origin may not connect; see ALLOWED_ORIGINS.\n",
        )
            .into_response();
    }
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let mut connection = Connection {
        state,
        request_id,
        address,
        user_agent: text(header::USER_AGENT),
        authorization: text(header::AUTHORIZATION),
        session: None,
        acknowledged: false,
        operations: HashMap::new(),
    };
    let operations = connection.state.operations.clone();
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(BODY_MAX)
        .max_frame_size(BODY_MAX)
        .read_buffer_size(READ_BUFFER)
        // Tracked: the process does not end before it has told its clients that it does.
        .on_upgrade(move |mut socket| {
            operations.track_future(async move { connection.serve(&mut socket).await })
        })
}

/// Browsers let any page open a socket anywhere: it is for us to look at where it comes from.
/// Who sends no origin is no browser.
fn is_from_allowed_origin(state: &State, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN).map(str::to_ascii_lowercase) else {
        return true;
    };
    let own = origin.split_once("://").map(|(_, host)| host) == text(header::HOST);
    own || state.allowed_origins.contains(&origin)
}

/// What an operation has to say, and which one it is: an id may be used again. Boxed on its way,
/// as each channel has room for 32 from the beginning.
struct Outgoing {
    id: String,
    task: task::Id,
    message: Value,
}

/// Returns whether the client took it: one that takes nothing for long is gone.
async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(
        timeout(SEND_TIMEOUT, socket.send(message)).await,
        Ok(Ok(()))
    )
}

struct Connection {
    state: Arc<State>,
    request_id: String,
    address: IpAddr,
    user_agent: Option<String>,
    authorization: Option<String>,
    /// Cancelled when the session ends that the client signed in with.
    session: Option<Arc<CancellationToken>>,
    acknowledged: bool,
    operations: HashMap<String, AbortHandle>,
}

impl Connection {
    async fn serve(&mut self, socket: &mut WebSocket) {
        let (code, reason) = match socket.protocol() {
            Some(protocol) if protocol == PROTOCOL => self.talk(socket).await,
            _ => NO_PROTOCOL,
        };
        let frame = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        // To a client that has gone there is nothing to say. To one that is there and still
        // talking, a connection cut at once would be one that failed: it closes when it has heard.
        let _ = timeout(CLOSE_TIMEOUT, async {
            socket.send(frame).await?;
            while let Some(Ok(_)) = socket.recv().await {}
            Ok::<_, axum::Error>(())
        })
        .await;
    }

    /// Until there is a reason to close.
    async fn talk(&mut self, socket: &mut WebSocket) -> Close {
        let (sender, mut outgoing) = mpsc::channel(QUEUE);
        let mut running = JoinSet::new();
        let stopping = self.state.stopping.clone();
        let init_deadline = tokio::time::sleep(INIT_TIMEOUT);
        tokio::pin!(init_deadline);
        let mut pings = interval_at(Instant::now() + PING, PING);
        let mut heard = Instant::now();
        loop {
            let session = self.session.clone();
            let session_ended: Pin<Box<dyn Future<Output = ()> + Send + '_>> = match &session {
                Some(session) => Box::pin(session.cancelled()),
                None => Box::pin(std::future::pending()),
            };
            tokio::select! {
                message = socket.recv() => {
                    heard = Instant::now();
                    let reply = match message {
                        Some(Ok(Message::Text(text))) => {
                            // Boxed: messages are few, and each socket would keep room for one.
                            let received = Box::pin(self.receive(&text, &sender, &mut running));
                            match received.await {
                                Ok(reply) => reply,
                                Err(close) => return close,
                            }
                        }
                        Some(Ok(Message::Binary(_))) => return BAD_MESSAGE,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return (1000, ""),
                    };
                    if let Some(reply) = reply
                        && !send(socket, Message::text(reply.to_string())).await
                    {
                        return SILENT;
                    }
                }
                Some(outgoing) = outgoing.recv() => {
                    let Outgoing { id, task, message } = *outgoing;
                    // What the client has completed it need not hear more of, also when it has
                    // begun another under the same id.
                    if self.operations.get(&id).is_some_and(|running| running.id() == task) {
                        if matches!(message["type"].as_str(), Some("complete" | "error")) {
                            self.operations.remove(&id);
                        }
                        if !send(socket, Message::text(message.to_string())).await {
                            return SILENT;
                        }
                    }
                }
                _ = pings.tick() => {
                    // A ping's time and a half: the last one was not answered.
                    if heard.elapsed() > PING * 3 / 2 || !send(socket, Message::Ping(Vec::new().into())).await {
                        return SILENT;
                    }
                }
                () = &mut init_deadline, if !self.acknowledged => return INIT_TOO_LATE,
                () = session_ended => return SESSION_ENDED,
                () = stopping.cancelled() => return RESTART,
            }
        }
    }

    /// The reply to a message, or why to close.
    async fn receive(
        &mut self,
        text: &str,
        sender: &mpsc::Sender<Box<Outgoing>>,
        running: &mut JoinSet<()>,
    ) -> Result<Option<Value>, Close> {
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err(BAD_MESSAGE);
        };
        let id = match message.remove("id") {
            Some(Value::String(id)) if !id.is_empty() => Some(id),
            None => None,
            Some(_) => return Err(BAD_MESSAGE),
        };
        match (message.get("type").and_then(Value::as_str), id) {
            (Some("connection_init"), None) => self.init(message.get("payload")).await.map(Some),
            (Some("ping"), None) => Ok(Some(json!({ "type": "pong" }))),
            (Some("pong"), None) => Ok(None),
            (Some("complete"), Some(id)) => {
                if let Some(operation) = self.operations.remove(&id) {
                    operation.abort();
                }
                Ok(None)
            }
            (Some("subscribe"), Some(id)) => match message.remove("payload") {
                _ if !self.acknowledged => Err(UNAUTHORIZED),
                Some(Value::Object(payload)) => self.subscribe(id, payload, sender, running).await,
                _ => Err(BAD_MESSAGE),
            },
            _ => Err(BAD_MESSAGE),
        }
    }

    /// With a token it must be good; without one, what is open to everyone is.
    async fn init(&mut self, payload: Option<&Value>) -> Result<Value, Close> {
        if self.acknowledged {
            return Err(TOO_MANY_INITS);
        }
        let given = payload.and_then(Value::as_object).and_then(|members| {
            members
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        });
        if let Some(token) = given.and_then(|(_, value)| value.as_str()) {
            self.authorization = Some(token.to_owned());
        }
        if self.authorization.is_some() {
            let (session, user) = self.caller().await.session().ok_or(FORBIDDEN)?;
            self.session = Some(self.state.accounts.watch(session, user));
        }
        self.acknowledged = true;
        Ok(json!({ "type": "connection_ack" }))
    }

    async fn subscribe(
        &mut self,
        id: String,
        payload: Map<String, Value>,
        sender: &mpsc::Sender<Box<Outgoing>>,
        running: &mut JoinSet<()>,
    ) -> Result<Option<Value>, Close> {
        let refused = |message: &str, code: &str, more: Value| {
            let mut extensions = json!({ "code": code });
            if let (Some(extensions), Value::Object(more)) = (extensions.as_object_mut(), more) {
                extensions.extend(more);
            }
            json!({ "id": id, "type": "error", "payload": [{ "message": message, "extensions": extensions }] })
        };
        if self.operations.contains_key(&id) {
            // The protocol wants the id in the reason, which a constant cannot hold.
            return Err((4409, "Subscriber for this id already exists"));
        }
        if self.operations.len() >= MAX_OPERATIONS {
            let message = format!("A socket runs at most {MAX_OPERATIONS} operations at once.");
            let limits = json!({ "limit": MAX_OPERATIONS, "actual": self.operations.len() + 1 });
            return Ok(Some(refused(&message, "QUERY_TOO_COMPLEX", limits)));
        }
        let line = Line::on_socket(self.address, &self.request_id, self.state.metrics.clone());
        let noted = line.request.clone();
        let request = match request::from_members(payload, &self.state.documents) {
            Ok(request) => request,
            Err(bad) => {
                noted.sync_scope(|| notes::note_error(bad.code()));
                return Ok(Some(refused(&bad.to_string(), bad.code(), json!({}))));
            }
        };
        if let Some(name) = &request.operation_name {
            noted.sync_scope(|| notes::note_name(name));
        }
        let caller = line.trace.within(noted.scope(self.caller())).await;
        let schema = &self.state.schema;
        let mut answers = line
            .trace
            .sync_within(|| graphql::execute_stream(schema, request, caller, false));
        let sender = sender.clone();
        let name = id.clone();
        // What has ended need not be kept.
        while running.try_join_next().is_some() {}
        let operation = async move {
            // Written when this ends, or is aborted.
            let _line = &line;
            loop {
                let message = match answers.next().await {
                    None => json!({ "id": name, "type": "complete" }),
                    // No data: it could not begin, or cannot go on. The errors are its end.
                    Some(answer) if answer.data == async_graphql::Value::Null => {
                        json!({ "id": name, "type": "error", "payload": answer.errors })
                    }
                    Some(answer) => json!({ "id": name, "type": "next", "payload": answer }),
                };
                let last = message["type"] != "next";
                let outgoing = Box::new(Outgoing {
                    id: name.clone(),
                    task: task::id(),
                    message,
                });
                // Nobody to send to: the socket is closed, and this task about to be aborted.
                if sender.send(outgoing).await.is_err() || last {
                    return;
                }
            }
        };
        let operation = running.spawn(noted.scope(operation));
        self.operations.insert(id, operation);
        Ok(None)
    }

    /// Looked up anew for every operation, as for every request.
    async fn caller(&self) -> Caller {
        Caller::new(
            &self.state.accounts,
            self.authorization.as_deref(),
            self.user_agent.as_deref(),
            self.request_id.clone(),
            self.address,
        )
        .await
    }
}

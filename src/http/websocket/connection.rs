//! A WebSocket of graphql-transport-ws, from its first message to its last.

use std::{
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::ServerError;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, interval_at, timeout},
};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::sync::CancellationToken;

use super::{
    Socket,
    protocol::{ClientMessage, Close, ServerMessage},
};
use crate::{
    account::{AccountError, TokenError},
    graphql::{ApiError, Caller, ErrorCode},
    http::{
        AppState,
        access_log::AccessLog,
        graphql::{ResponseBody, request},
        operation::{self, Answers, Form, Next, Takes},
    },
    request_context,
};

/// Time limit of the client's `connection_init`.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time between pings; a client that has not answered one by the next is gone.
const PING: Duration = Duration::from_secs(15);

/// Time limits of sending a message, and of the client's closing.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The most operations that run on one socket.
const MAX_OPERATIONS: usize = 32;

/// A socket and its client.
pub(super) struct Connection {
    state: Arc<AppState>,
    request_id: String,
    address: IpAddr,
    client: Client,
    /// Cancelled when the session ends that the client signed in with.
    session: Option<Arc<CancellationToken>>,
    /// Cancelled when its token expires.
    token: Option<Arc<CancellationToken>>,
    acknowledged: bool,
    operations: Vec<Running>,
    /// The operation that is polled first, so that none waits for all answers of another.
    turn: usize,
}

/// The headers of a client.
pub(super) struct Client {
    pub user_agent: Option<String>,
    pub accept_language: Option<String>,
    pub authorization: Option<String>,
}

/// A running operation, which is ended by dropping it.
struct Running {
    id: String,
    answers: Answers,
    /// Written when it ends.
    _log: AccessLog,
}

/// Returns whether the client received it in time.
async fn send(socket: &mut Socket, message: Message) -> bool {
    matches!(
        timeout(SEND_TIMEOUT, socket.send(message)).await,
        Ok(Ok(()))
    )
}

/// Closes a socket. If its client has closed it already, the library answers while it is read.
async fn close_with(socket: &mut Socket, close: Option<Close>) -> Result<(), tungstenite::Error> {
    if let Some(close) = close {
        socket
            .send(Message::Close(Some(close.into_frame())))
            .await?;
    }
    while let Some(Ok(_)) = socket.next().await {}
    // Closed while bytes of its client's are on their way, it would be reset, and the reason lost.
    let stream = socket.get_mut().stream();
    stream.shutdown().await?;
    let mut rest = [0; 512];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

impl Connection {
    pub(super) fn new(
        state: Arc<AppState>,
        request_id: String,
        address: IpAddr,
        client: Client,
    ) -> Self {
        Self {
            state,
            request_id,
            address,
            client,
            session: None,
            token: None,
            acknowledged: false,
            operations: Vec::new(),
            turn: 0,
        }
    }

    /// Serves the socket until it is closed.
    pub(super) async fn serve(mut self, mut socket: Socket, speaks_protocol: bool) {
        let close = if speaks_protocol {
            self.talk(&mut socket).await
        } else {
            Some(Close::NO_PROTOCOL)
        };
        // Operations end now, and not when the client has closed.
        drop(self);
        let _ = timeout(CLOSE_TIMEOUT, close_with(&mut socket, close)).await;
    }

    /// Runs until there is a reason to close; None if the client has closed.
    async fn talk(&mut self, socket: &mut Socket) -> Option<Close> {
        let init_deadline = tokio::time::sleep(INIT_TIMEOUT);
        tokio::pin!(init_deadline);
        let mut pings = interval_at(Instant::now() + PING, PING);
        let mut received = Instant::now();
        let mut ending = None;
        loop {
            // The last answers go out first.
            if self.operations.is_empty() && ending.is_some() {
                return ending;
            }
            // Answers that are being written are written to their end.
            let is_expired = is_cancelled(self.token.as_ref());
            if self.operations.is_empty() && is_expired {
                return Some(if is_cancelled(self.session.as_ref()) {
                    Close::SESSION_ENDED
                } else {
                    Close::TOKEN_EXPIRED
                });
            }
            let expiry = self.expiry();
            let listens = ending.is_none();
            let ends = self.ends();
            // Held until the reply is sent.
            let mut _delivered = None;
            let reply = tokio::select! {
                message = socket.next(), if listens => {
                    received = Instant::now();
                    // Boxed: messages are few, and each socket would keep room for one.
                    match Box::pin(self.receive(socket, message)).await {
                        Ok(reply) => reply,
                        Err(close) => return close,
                    }
                }
                (index, next) = std::future::poll_fn(|cx| self.poll_operations(cx)) => {
                    let text = self.said(index, &next);
                    _delivered = Some(next);
                    text
                }
                _ = pings.tick() => {
                    // A ping's time and a half: the last one was not answered.
                    if received.elapsed() > PING * 3 / 2
                        || !send(socket, Message::Ping(Vec::new().into())).await
                    {
                        return Some(Close::SILENT);
                    }
                    None
                }
                () = &mut init_deadline, if !self.acknowledged => {
                    return Some(Close::INIT_TOO_LATE);
                }
                close = ends, if listens => {
                    ending = Some(close);
                    None
                }
                () = expiry, if !is_expired => None,
            };
            if let Some(reply) = reply
                && !send(socket, Message::text(reply)).await
            {
                return Some(Close::SILENT);
            }
        }
    }

    /// Resolves when the token has expired.
    fn expiry(&self) -> impl Future<Output = ()> + use<> {
        let token = self.token.clone();
        async move {
            match token {
                Some(token) => token.cancelled().await,
                None => std::future::pending().await,
            }
        }
    }

    /// Resolves when the session has ended, or the service stops.
    fn ends(&self) -> impl Future<Output = Close> + use<> {
        let (session, stopping) = (self.session.clone(), self.state.stopping.clone());
        async move {
            let session_ends = async {
                match &session {
                    Some(session) => session.cancelled().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = session_ends => Close::SESSION_ENDED,
                () = stopping.cancelled() => Close::RESTART,
            }
        }
    }

    /// The next event of any operation, and the operation's index.
    fn poll_operations(&mut self, cx: &mut Context<'_>) -> Poll<(usize, Next)> {
        let count = self.operations.len();
        for n in 0..count {
            let index = (self.turn + n) % count;
            if let Poll::Ready(next) = self.operations[index].answers.poll_next(cx) {
                self.turn = index + 1;
                return Poll::Ready((index, next));
            }
        }
        Poll::Pending
    }

    /// The message for the client. The operation is removed with its last message.
    fn said(&mut self, index: usize, next: &Next) -> Option<String> {
        let id = &self.operations[index].id;
        let (text, is_last) = match next {
            Next::Reply(reply) | Next::SessionEnded(reply) => {
                // No data: it could not begin, or cannot go on. The errors are its end.
                let is_last = reply.response.data == async_graphql::Value::Null;
                let message = if is_last {
                    let payload = &reply.response.errors;
                    ServerMessage::Error { id, payload }
                } else {
                    let payload = ResponseBody::from(&reply.response);
                    ServerMessage::Next { id, payload }
                };
                (Some(message.text()), is_last)
            }
            // Its first answer follows.
            Next::Subscribed => (None, false),
            Next::End => (Some(ServerMessage::Complete { id }.text()), true),
            // The socket's end is its end.
            Next::Stopped => (None, true),
        };
        if is_last {
            self.operations.swap_remove(index);
        }
        text
    }

    /// The reply to a frame, or the reason to close; None if the client has closed.
    async fn receive(
        &mut self,
        socket: &mut Socket,
        message: Option<Result<Message, tungstenite::Error>>,
    ) -> Result<Option<String>, Option<Close>> {
        match message {
            Some(Ok(Message::Text(text))) => self.reply(&text).await.map_err(Some),
            Some(Ok(Message::Binary(_))) => Err(Some(Close::BAD_MESSAGE)),
            Some(Ok(Message::Close(_))) | None => Err(None),
            Some(Ok(_)) => Ok(None),
            Some(Err(error)) => {
                let fault = socket.get_mut().take_fault();
                Err(fault.or_else(|| Close::of(&error)))
            }
        }
    }

    /// The reply to a message, or the reason to close.
    async fn reply(&mut self, text: &str) -> Result<Option<String>, Close> {
        match ClientMessage::parse(text)? {
            ClientMessage::Init(payload) => {
                self.init(payload.as_ref()).await?;
                Ok(Some(ServerMessage::ConnectionAck.text()))
            }
            ClientMessage::Ping => Ok(Some(ServerMessage::Pong.text())),
            ClientMessage::Pong => Ok(None),
            ClientMessage::Complete(id) => {
                self.operations.retain(|running| running.id != id);
                Ok(None)
            }
            ClientMessage::Subscribe(..) if !self.acknowledged => Err(Close::UNAUTHORIZED),
            ClientMessage::Subscribe(id, payload) => self.subscribe(id, payload).await,
        }
    }

    /// With a token it must be good; without one, what is open to everyone is.
    async fn init(&mut self, payload: Option<&Value>) -> Result<(), Close> {
        if self.acknowledged {
            return Err(Close::TOO_MANY_INITS);
        }
        let given = payload.and_then(Value::as_object).and_then(|members| {
            members
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        });
        if let Some(token) = given.and_then(|(_, value)| value.as_str()) {
            self.client.authorization = Some(token.to_owned());
        }
        if self.client.authorization.is_some() {
            let caller = self.caller().await;
            let (session, user) = caller.session().map_err(|error| match error {
                AccountError::Database(_) => Close::TRY_AGAIN_LATER,
                AccountError::Inactive => Close::FORBIDDEN,
                AccountError::NotSignedIn(TokenError::Expired(_)) => Close::TOKEN_EXPIRED,
                _ => Close::UNAUTHORIZED,
            })?;
            self.session = Some(self.state.accounts.sessions.watch(session, user));
            let expires_at = caller.token_expires_at();
            self.token = expires_at.map(|at| self.state.accounts.sessions.watch_token(at));
        }
        self.acknowledged = true;
        Ok(())
    }

    /// Starts an operation, or says why it is not one.
    async fn subscribe(
        &mut self,
        id: String,
        payload: Map<String, Value>,
    ) -> Result<Option<String>, Close> {
        if self.operations.iter().any(|running| running.id == id) {
            return Err(Close::taken(&id));
        }
        let running = self.operations.len();
        if running >= MAX_OPERATIONS {
            let message = format!("A socket runs at most {MAX_OPERATIONS} operations at once.");
            let error = ApiError::new(ErrorCode::QueryTooComplex, message)
                .with("limit", MAX_OPERATIONS)
                .with("actual", running + 1);
            return Ok(Some(refused(&id, error)));
        }
        let log = AccessLog::on_socket(self.address, &self.request_id, self.state.metrics.clone());
        let context = log.request.clone();
        let request = match request::from_members(payload, &self.state.documents) {
            Ok(request) => request,
            Err(bad) => {
                let error = ApiError::from(&bad);
                context.sync_scope(|| request_context::record_error(error.code().as_str()));
                return Ok(Some(refused(&id, error)));
            }
        };
        let caller = log.trace.within(context.scope(self.caller())).await;
        let takes = Takes {
            by_get: false,
            form: Form::Stream,
        };
        let start = || operation::start(&self.state, context, request, caller, takes);
        let answers = log.trace.sync_within(start);
        self.operations.push(Running {
            id,
            answers,
            _log: log,
        });
        Ok(None)
    }

    /// Looked up anew for every operation, as for every request.
    async fn caller(&self) -> Caller {
        Caller::new(
            &self.state.accounts,
            self.client.authorization.as_deref(),
            self.client.user_agent.as_deref(),
            self.client.accept_language.as_deref(),
            self.request_id.clone(),
            self.address,
        )
        .await
    }
}

fn is_cancelled(token: Option<&Arc<CancellationToken>>) -> bool {
    token.is_some_and(|token| token.is_cancelled())
}

fn refused(id: &str, error: ApiError) -> String {
    let payload = &[ServerError::from(error)];
    ServerMessage::Error { id, payload }.text()
}

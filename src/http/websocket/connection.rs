//! A socket from its first message to its last.

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
    protocol::{Close, Received, Told},
};
use crate::{
    account::{self, token},
    graphql::{ApiError, Caller, ErrorCode},
    http::{
        State,
        graphql::{Answer, request},
        operation::{self, Answers, Form, Next, Takes},
        trace::Line,
    },
    request as notes,
};

/// How long a client may take to say who it is.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the client is pinged; one that has not answered by the next ping is gone.
const PING: Duration = Duration::from_secs(15);

/// How long a client may take to take what it is sent, and to close when it is told to.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Operations that run on one socket, at most.
const MAX_OPERATIONS: usize = 32;

/// A socket and what is known of its client.
pub(super) struct Connection {
    state: Arc<State>,
    request_id: String,
    address: IpAddr,
    client: Client,
    /// Cancelled when the session ends that the client signed in with.
    session: Option<Arc<CancellationToken>>,
    /// Cancelled when its token expires.
    token: Option<Arc<CancellationToken>>,
    acknowledged: bool,
    operations: Vec<Running>,
    /// Which of them is looked at first: none waits for another's every answer.
    turn: usize,
}

/// The headers of a client.
pub(super) struct Client {
    pub user_agent: Option<String>,
    pub accept_language: Option<String>,
    pub authorization: Option<String>,
}

/// An operation; dropped, its client has left it.
struct Running {
    id: String,
    answers: Answers,
    /// Written when it ends.
    _line: Line,
}

/// Returns whether the client took it: one that takes nothing for long is gone.
async fn send(socket: &mut Socket, message: Message) -> bool {
    matches!(
        timeout(SEND_TIMEOUT, socket.send(message)).await,
        Ok(Ok(()))
    )
}

/// Closes a socket that its client may have closed already: then the library answers, as long as it
/// is read on.
async fn close_with(socket: &mut Socket, close: Option<Close>) -> Result<(), tungstenite::Error> {
    if let Some(close) = close {
        socket
            .send(Message::Close(Some(close.into_frame())))
            .await?;
    }
    while let Some(Ok(_)) = socket.next().await {}
    // A connection that is cut while bytes of its client's are on their way fails: the client might
    // not hear why.
    let stream = socket.get_mut().stream();
    stream.shutdown().await?;
    let mut rest = [0; 512];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

impl Connection {
    pub(super) fn new(
        state: Arc<State>,
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

    /// Until the socket is closed.
    pub(super) async fn serve(mut self, mut socket: Socket, speaks_protocol: bool) {
        let close = if speaks_protocol {
            self.talk(&mut socket).await
        } else {
            Some(Close::NO_PROTOCOL)
        };
        // What runs for nobody ends now, and not when the client has closed.
        drop(self);
        let _ = timeout(CLOSE_TIMEOUT, close_with(&mut socket, close)).await;
    }

    /// Until there is a reason to close; none where the client has closed.
    async fn talk(&mut self, socket: &mut Socket) -> Option<Close> {
        let init_deadline = tokio::time::sleep(INIT_TIMEOUT);
        tokio::pin!(init_deadline);
        let mut pings = interval_at(Instant::now() + PING, PING);
        let mut heard = Instant::now();
        let mut ending = None;
        loop {
            // The last answers go out first.
            if self.operations.is_empty() && ending.is_some() {
                return ending;
            }
            // Answers that are being written are written to their end.
            let is_expired = self
                .token
                .as_ref()
                .is_some_and(|token| token.is_cancelled());
            if self.operations.is_empty() && is_expired {
                let has_ended = self.session.as_ref().is_some_and(|it| it.is_cancelled());
                return Some(if has_ended {
                    Close::SESSION_ENDED
                } else {
                    Close::TOKEN_EXPIRED
                });
            }
            let expiry = self.expiry();
            let listens = ending.is_none();
            let ends = self.ends();
            // What is kept until the reply is sent.
            let mut _delivered = None;
            let reply = tokio::select! {
                message = socket.next(), if listens => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            // Boxed: messages are few, and each socket would keep room for one.
                            match Box::pin(self.receive(&text)).await {
                                Ok(reply) => reply,
                                Err(close) => return Some(close),
                            }
                        }
                        Some(Ok(Message::Binary(_))) => return Some(Close::BAD_MESSAGE),
                        Some(Ok(Message::Close(_))) | None => return None,
                        Some(Ok(_)) => None,
                        Some(Err(error)) => {
                            let fault = socket.get_mut().take_fault();
                            return fault.or_else(|| Close::of(&error));
                        }
                    }
                }
                (index, next) = std::future::poll_fn(|cx| self.poll_operations(cx)) => {
                    let text = self.said(index, &next);
                    _delivered = Some(next);
                    text
                }
                _ = pings.tick() => {
                    // A ping's time and a half: the last one was not answered.
                    if heard.elapsed() > PING * 3 / 2
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

    /// Once the token has expired.
    fn expiry(&self) -> impl Future<Output = ()> + use<> {
        let token = self.token.clone();
        async move {
            match token {
                Some(token) => token.cancelled().await,
                None => std::future::pending().await,
            }
        }
    }

    /// Once the session has ended, or the service stops.
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
                let told = if is_last {
                    let payload = &reply.response.errors;
                    Told::Error { id, payload }
                } else {
                    let payload = Answer::from(&reply.response);
                    Told::Next { id, payload }
                };
                (Some(told.text()), is_last)
            }
            // Its first answer follows.
            Next::Subscribed => (None, false),
            Next::End => (Some(Told::Complete { id }.text()), true),
            // The socket's end is its end.
            Next::Stopped => (None, true),
        };
        if is_last {
            self.operations.swap_remove(index);
        }
        text
    }

    /// The reply to a message, or why to close.
    async fn receive(&mut self, text: &str) -> Result<Option<String>, Close> {
        match Received::parse(text)? {
            Received::Init(payload) => {
                self.init(payload.as_ref()).await?;
                Ok(Some(Told::ConnectionAck.text()))
            }
            Received::Ping => Ok(Some(Told::Pong.text())),
            Received::Pong => Ok(None),
            Received::Complete(id) => {
                self.operations.retain(|running| running.id != id);
                Ok(None)
            }
            Received::Subscribe(..) if !self.acknowledged => Err(Close::UNAUTHORIZED),
            Received::Subscribe(id, payload) => self.subscribe(id, payload).await,
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
                account::Error::Database(_) => Close::TRY_AGAIN_LATER,
                account::Error::Inactive => Close::FORBIDDEN,
                account::Error::NotSignedIn(token::Error::Expired(_)) => Close::TOKEN_EXPIRED,
                _ => Close::UNAUTHORIZED,
            })?;
            self.session = Some(self.state.accounts.watch(session, user));
            let expires_at = caller.token_expires_at();
            self.token = expires_at.map(|at| self.state.accounts.watch_token(at));
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
        let line = Line::on_socket(self.address, &self.request_id, self.state.metrics.clone());
        let noted = line.request.clone();
        let request = match request::from_members(payload, &self.state.documents) {
            Ok(request) => request,
            Err(bad) => {
                let error = ApiError::from(&bad);
                noted.sync_scope(|| notes::note_error(error.code().as_str()));
                return Ok(Some(refused(&id, error)));
            }
        };
        let caller = line.trace.within(noted.scope(self.caller())).await;
        let takes = Takes {
            by_get: false,
            form: Form::Stream,
        };
        let start = || operation::start(&self.state, noted, request, caller, takes);
        let answers = line.trace.sync_within(start);
        self.operations.push(Running {
            id,
            answers,
            _line: line,
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

fn refused(id: &str, error: ApiError) -> String {
    let payload = &[ServerError::from(error)];
    Told::Error { id, payload }.text()
}

//! Runs operations, for every transport alike: each in a task of its own. A mutation runs to its
//! end, whatever its client does; anything else as long as its client waits for it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_graphql::{Request, Response, parser::types::OperationType};
use futures_util::StreamExt;
use tokio::{
    sync::mpsc,
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{
    AppState,
    operation_limit::{OperationPermit, Requester, TooMany},
};
use crate::{
    account,
    graphql::{self, Caller, Prepared},
    request_context, spans,
};

/// How long a query or mutation on a stream or socket may still take once its session has ended or
/// the service stops.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// The subscription that ends with the answer it follows.
const FOLLOWING: &str = "readingUpdates";

/// The capabilities of a transport.
#[derive(Clone, Copy, Debug)]
pub(super) struct Takes {
    /// By GET: no mutations.
    pub by_get: bool,
    pub form: Form,
}

/// The form of the answers a transport takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One answer: no subscriptions.
    Answer,
    /// One answer, and a stream for a subscription, which is announced before its first answer.
    AnswerOrStream,
    /// A stream or socket, with what it ends with.
    Stream,
}

/// The next event of an operation.
pub(super) enum Next {
    /// It is a subscription, where either was taken: what follows is a stream.
    Subscribed,
    Reply(Box<Reply>),
    /// It is complete.
    End,
    /// Its session has ended or its token expired; the last answer says which.
    SessionEnded(Box<Reply>),
    /// The service stops: its client is to come back for the rest.
    Stopped,
}

/// An answer.
pub(super) struct Reply {
    pub response: Response,
    /// To be kept until it is delivered: the operation counts until then.
    pub permit: Option<OperationPermit>,
}

impl Reply {
    fn boxed(response: Response, permit: Option<OperationPermit>) -> Box<Self> {
        Box::new(Self { response, permit })
    }
}

/// Why a stream or socket ends.
#[derive(Clone, Copy)]
enum Ending {
    Session,
    /// Its token has expired.
    Token,
    Service,
}

/// The token that an operation was begun with.
enum Token {
    /// Or of no importance.
    Missing,
    /// With a future that ends when it expires.
    Valid(Pin<Box<dyn Future<Output = ()> + Send + Sync>>),
    Expired,
}

/// The answers of an operation. Dropped by a client that leaves, which ends it unless it is a
/// mutation.
pub(super) struct Answers {
    replies: mpsc::Receiver<Said>,
    /// Its request context.
    request: Arc<request_context::RequestContext>,
    /// When a query or mutation has to be answered.
    due: Pin<Box<Sleep>>,
    /// Whether it ends with its session: not as long as one answer is awaited.
    is_open: bool,
    /// Ends with the session, or when the service stops.
    ends: Option<Pin<Box<dyn Future<Output = Ending> + Send + Sync>>>,
    ending: Option<Ending>,
    token: Token,
    answered: bool,
    over: bool,
    _client: DropGuard,
}

/// Starts an operation.
pub(super) fn start(
    state: &Arc<AppState>,
    context: Arc<request_context::RequestContext>,
    request: Request,
    caller: Caller,
    takes: Takes,
) -> Answers {
    if let Some(name) = &request.operation_name {
        context.sync_scope(|| request_context::record_name(name));
    }
    let ends = (takes.form != Form::Answer)
        .then(|| Box::pin(ending(state.clone(), caller.session().ok())) as _);
    // One answer is awaited whatever becomes of its token.
    let expires_at = caller.token_expires_at();
    let token = match expires_at.filter(|_| takes.form != Form::Answer) {
        None => Token::Missing,
        Some(expires_at) => {
            let expiry = state.accounts.sessions.watch_token(expires_at);
            Token::Valid(Box::pin(async move { expiry.cancelled().await }))
        }
    };
    // An answer that is sent, and one that waits.
    let (sender, replies) = mpsc::channel(1);
    let client = CancellationToken::new();
    let running = Running {
        state: state.clone(),
        replies: sender,
        client: client.clone(),
        takes,
    };
    let running = context.scope(spans::propagate(running.run(request, caller)));
    state.operations.spawn(running);
    Answers {
        replies,
        request: context,
        due: Box::pin(sleep(state.answer_timeout)),
        is_open: takes.form == Form::Stream,
        ends,
        ending: None,
        token,
        answered: false,
        over: false,
        _client: client.drop_guard(),
    }
}

/// Once the session ends, or the service stops. The session is watched from the first poll on.
async fn ending(state: Arc<AppState>, session: Option<(Uuid, Uuid)>) -> Ending {
    let watched = session.map(|(session, user)| state.accounts.sessions.watch(session, user));
    let session_ends = async {
        match &watched {
            Some(session) => session.cancelled().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = session_ends => Ending::Session,
        () = state.stopping.cancelled() => Ending::Service,
    }
}

/// A message of an operation's task.
enum Said {
    Subscribed,
    Reply(Box<Reply>),
}

/// An operation in its task.
struct Running {
    state: Arc<AppState>,
    replies: mpsc::Sender<Said>,
    /// Cancelled when the client has left.
    client: CancellationToken,
    takes: Takes,
}

impl Running {
    async fn run(self, request: Request, caller: Caller) {
        let request_id = caller.request_id().to_owned();
        let requester = match caller.session() {
            Ok((_, user)) => Requester::User(user),
            Err(_) => Requester::Address(account::network(caller.address())),
        };
        let mut permit = match self
            .while_wanted(self.state.limiter.acquire(requester))
            .await
        {
            None => return,
            Some(Err(TooMany { limit })) => {
                let refused = graphql::too_many_at_once(limit, &request_id);
                return self.reply(refused, None).await;
            }
            Some(Ok(permit)) => permit,
        };
        let schema = &self.state.schema;
        let preparing = graphql::prepare(schema, request, caller, self.takes.by_get);
        let prepared = match self.while_wanted(preparing).await {
            None => return,
            Some(Err(refused)) => return self.reply(*refused, Some(permit)).await,
            Some(Ok(prepared)) => prepared,
        };
        let operation = prepared.operation_type();
        if operation == Some(OperationType::Subscription) && self.takes.form != Form::Answer {
            // It lasts, and others count those: connections, and operations on a socket.
            drop(permit);
            if self.takes.form == Form::AnswerOrStream {
                self.say(Said::Subscribed).await;
            }
            self.while_wanted(self.reply_on(prepared)).await;
            return;
        }
        let turn = if prepared.is_expensive() {
            let turn = self.state.limiter.acquire_expensive(&mut permit);
            match self.while_wanted(turn).await {
                None => return,
                Some(None) => {
                    let refused = graphql::no_turn(&request_id);
                    return self.reply(refused, Some(permit)).await;
                }
                Some(turn) => turn,
            }
        } else {
            None
        };
        let executing = self.execute(prepared, &request_id);
        let response = if operation == Some(OperationType::Mutation) {
            executing.await
        } else {
            match self.while_wanted(executing).await {
                None => return,
                Some(response) => response,
            }
        };
        drop(turn);
        self.reply(response, Some(permit)).await;
    }

    /// Does it unless the client leaves.
    async fn while_wanted<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.client.run_until_cancelled(work).await
    }

    async fn execute(&self, prepared: Prepared, request_id: &str) -> Response {
        tokio::select! {
            biased;
            response = prepared.execute() => response,
            // Nothing else would end it for minutes. No connection to the database from that time
            // goes back to a pool.
            () = self.state.db.falls_silent() => {
                tracing::error!("the database fell silent in the midst of an operation");
                let message =
                    "The service's database does not answer. What was begun may still be done.";
                graphql::fault(message, request_id)
            }
        }
    }

    async fn reply_on(&self, prepared: Prepared) {
        let mut responses = prepared.subscribe();
        while let Some(response) = responses.next().await {
            self.reply(response, None).await;
        }
    }

    async fn reply(&self, response: Response, permit: Option<OperationPermit>) {
        self.say(Said::Reply(Reply::boxed(response, permit))).await;
    }

    async fn say(&self, said: Said) {
        // To a client that has left there is nothing to say.
        let _ = self.replies.send(said).await;
    }
}

impl Answers {
    /// The next event; never resolves to another after the last.
    pub(super) async fn next(&mut self) -> Next {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if self.over {
            return Poll::Ready(Next::End);
        }
        if self.is_open
            && let Some(ends) = &mut self.ends
            && let Poll::Ready(ending) = ends.as_mut().poll(cx)
        {
            self.ends = None;
            self.ending = Some(ending);
            let last = Instant::now() + LAST_ANSWER;
            if last < self.due.deadline() {
                self.due.as_mut().reset(last);
            }
        }
        if self.is_open
            && let Token::Valid(expiry) = &mut self.token
            && expiry.as_mut().poll(cx).is_ready()
        {
            self.token = Token::Expired;
        }
        if matches!(self.token, Token::Expired) && self.ending.is_none() && self.is_endless() {
            self.ending = Some(Ending::Token);
        }
        if let Some(ending) = self.ending
            && self.is_subscription()
        {
            self.over = true;
            return Poll::Ready(self.ended(ending));
        }
        match self.replies.poll_recv(cx) {
            Poll::Ready(Some(Said::Subscribed)) => {
                self.is_open = true;
                return Poll::Ready(Next::Subscribed);
            }
            Poll::Ready(Some(Said::Reply(reply))) => {
                self.answered = true;
                return Poll::Ready(Next::Reply(reply));
            }
            Poll::Ready(None) => {
                self.over = true;
                if self.answered || self.is_subscription() {
                    return Poll::Ready(Next::End);
                }
                tracing::error!("an operation broke off");
                return Poll::Ready(self.fault("Something went wrong on our side."));
            }
            Poll::Pending => {}
        }
        if self.answered || self.is_subscription() {
            return Poll::Pending;
        }
        ready!(self.due.as_mut().poll(cx));
        self.over = true;
        if let Some(ending @ Ending::Session) = self.ending {
            return Poll::Ready(self.ended(ending));
        }
        tracing::error!("an operation took too long; a mutation goes on without its client");
        let message = "It takes too long on our side. What was begun may still be done.";
        Poll::Ready(self.fault(message))
    }

    fn is_subscription(&self) -> bool {
        let operation = self.request.operation();
        operation.is_some_and(request_context::Operation::is_subscription)
    }

    /// Whether it is a subscription that does not end with an answer: it ends with its token, and an
    /// answer that is being followed does not.
    fn is_endless(&self) -> bool {
        let operation = self.request.operation();
        operation
            .is_some_and(|operation| operation.is_subscription() && operation.field != FOLLOWING)
    }

    fn ended(&self, ending: Ending) -> Next {
        match ending {
            Ending::Session => {
                let answer = || graphql::session_ended(self.request.id());
                Next::SessionEnded(Reply::boxed(self.request.sync_scope(answer), None))
            }
            Ending::Token => {
                let answer = || graphql::token_expired(self.request.id());
                Next::SessionEnded(Reply::boxed(self.request.sync_scope(answer), None))
            }
            Ending::Service => Next::Stopped,
        }
    }

    fn fault(&self, message: &str) -> Next {
        let answer = || graphql::fault(message, self.request.id());
        Next::Reply(Reply::boxed(self.request.sync_scope(answer), None))
    }
}

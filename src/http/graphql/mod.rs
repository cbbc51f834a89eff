//! GraphQL over HTTP (<https://graphql.github.io/graphql-over-http/draft/>): methods, media
//! types and statuses around one execution of the schema.

mod body;
#[cfg(fuzzing)]
pub mod fuzzing;
pub(super) mod negotiate;
pub(super) mod request;
mod stream;

use std::{sync::Arc, time::Duration};

use async_graphql::{ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::{
    Extension,
    body::Body,
    extract,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;

use super::{
    AppState, NO_STORE,
    access_log::RequestId,
    client_address::ClientAddress,
    incoming::Incoming,
    operation::{self, Form, Next, Reply, Takes},
    operation_limit::OperationPermit,
};
use crate::{
    graphql::{self, ApiError, Caller, DocumentError, ErrorCode},
    request_context,
};
use negotiate::{Accepted, MediaType};

/// Bytes of a body, at most, and of a message on a WebSocket: a document and variables of the
/// largest size fit in. Reading it as JSON is the first work that is done for anyone.
pub(super) const BODY_MAX: usize = 128 * 1024;

/// How long caches may keep an answer that is the same for everyone.
const FOR_EVERYONE: &str = "public, max-age=300";

/// How long the rest of a body is received that is of no use.
const BODY_LINGER: Duration = Duration::from_secs(2);

pub(super) async fn answer(
    extract::State(state): extract::State<Arc<AppState>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    request: extract::Request,
) -> Response {
    let (head, mut body) = request.into_parts();
    let accepted = negotiate::negotiate(&head.headers);
    let by_get = head.method == Method::GET;
    let mut response = match read(&head, &mut body, accepted, &state).await {
        Ok((request, accepted)) => {
            let text =
                |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
            let caller = Caller::new(
                &state.accounts,
                text(header::AUTHORIZATION),
                text(header::USER_AGENT),
                text(header::ACCEPT_LANGUAGE),
                request_id.clone(),
                address,
            )
            .await;
            // A stream's headers are sent before there is a token.
            let cookie = accepted.once.and_then(|_| head.extensions.get().cloned());
            let caller = caller.with_cookie(cookie);
            execute(&state, request, by_get, caller, request_id, accepted).await
        }
        Err(refusal) => {
            let drained = !matches!(refusal, HttpError::TooSlow(_)) && drain(body).await;
            let once = accepted.and_then(|accepted| accepted.once);
            refusal.into_response(once.unwrap_or(MediaType::Json), drained)
        }
    };
    let vary = HeaderValue::from_static("accept");
    response.headers_mut().append(header::VARY, vary);
    let caching = response.headers_mut().entry(NO_STORE.0);
    caching.or_insert(NO_STORE.1);
    response
}

/// Why a request does not reach the schema.
#[derive(Debug, thiserror::Error)]
enum HttpError {
    #[error("Use POST, or GET for queries.")]
    Method,
    #[error("Send a mutation with POST: GET changes nothing.")]
    MutationByGet,
    #[error(
        "`Accept` has none of the media types of this service: application/graphql-response+json and \
         application/json; for subscriptions text/event-stream and \
         multipart/mixed;subscriptionSpec=1.0."
    )]
    NotAcceptable,
    #[error("Send JSON in UTF-8, with `Content-Type: application/json`.")]
    MediaType,
    #[error("The body is larger than {BODY_MAX} bytes.")]
    TooLarge,
    #[error("Too many requests are arriving. Nothing was done; try again.")]
    Full,
    #[error("The body took more than {} to arrive.", humantime::format_duration(*.0))]
    TooSlow(Duration),
    #[error("The body broke off.")]
    BrokenOff,
    #[error(transparent)]
    Request(#[from] request::RequestError),
}

impl HttpError {
    /// With `reusable`, another request may follow: all of the body was received.
    fn into_response(self, media_type: MediaType, reusable: bool) -> Response {
        let status = match self {
            Self::Method | Self::MutationByGet => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            // Understood, and to be sent again with its text: no fault in the HTTP request.
            Self::Request(request::RequestError::Document(
                DocumentError::NotFound | DocumentError::Unknown(_),
            )) => media_type.request_error(),
            Self::BrokenOff | Self::Request(_) => StatusCode::BAD_REQUEST,
        };
        let mut response = refuse(status, media_type, self.error());
        let mut tell = |name, value| {
            let headers = response.headers_mut();
            headers.insert(name, HeaderValue::from_static(value));
        };
        match self {
            Self::Method => tell(header::ALLOW, "GET, POST"),
            Self::MutationByGet => tell(header::ALLOW, "POST"),
            _ => {}
        }
        if !reusable {
            tell(header::CONNECTION, "close");
        }
        response
    }

    fn error(&self) -> ApiError {
        match self {
            Self::Request(error) => error.into(),
            Self::Full => {
                ApiError::new(ErrorCode::Overloaded, self.to_string()).with("retryAfter", 1)
            }
            _ => ApiError::new(ErrorCode::BadRequest, self.to_string()),
        }
    }
}

/// Reads the request, from the URL or the body, and the media type of its answer.
async fn read(
    head: &Parts,
    body: &mut Body,
    accepted: Option<Accepted>,
    state: &AppState,
) -> Result<(async_graphql::Request, Accepted), HttpError> {
    if !matches!(head.method, Method::GET | Method::POST) {
        return Err(HttpError::Method);
    }
    let accepted = accepted.ok_or(HttpError::NotAcceptable)?;
    if head.method == Method::GET {
        let parameters = head.uri.query().unwrap_or_default();
        let request = request::from_parameters(parameters, &state.documents)?;
        return Ok((request, accepted));
    }
    if !negotiate::is_json(&head.headers) {
        return Err(HttpError::MediaType);
    }
    let receiving = receive(body, state.incoming.begin());
    let whole = tokio::time::timeout(state.body_timeout, receiving).await;
    let whole = whole.unwrap_or(Err(HttpError::TooSlow(state.body_timeout)))?;
    Ok((request::from_body(&whole, &state.documents)?, accepted))
}

/// Copies what comes: pieces of a byte each would hold as much of the connection's buffer each.
async fn receive(body: &mut Body, mut incoming: Incoming) -> Result<Vec<u8>, HttpError> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| HttpError::BrokenOff)?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        let length = whole.len() + piece.len();
        if length > BODY_MAX {
            return Err(HttpError::TooLarge);
        }
        incoming.grow(length).map_err(|_| HttpError::Full)?;
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// Receives the rest of a body into nothing, for a while; a client that is still sending when its
/// connection is closed does not read the answer. Returns whether all of it came.
async fn drain(mut body: Body) -> bool {
    let rest = async {
        while let Some(frame) = body.frame().await {
            if frame.is_err() {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(BODY_LINGER, rest)
        .await
        .unwrap_or(false)
}

async fn execute(
    state: &Arc<AppState>,
    request: async_graphql::Request,
    by_get: bool,
    caller: Caller,
    request_id: String,
    accepted: Accepted,
) -> Response {
    let context = request_context::current().unwrap_or_default();
    let known = context.clone();
    let start = |form| operation::start(state, context, request, caller, Takes { by_get, form });
    let (mut answers, media_type) = match (accepted.once, accepted.stream) {
        (Some(once), Some(_)) => (start(Form::AnswerOrStream), once),
        (Some(once), None) => (start(Form::Answer), once),
        (None, stream) => {
            let stream = stream.unwrap_or(MediaType::EventStream);
            return stream::respond(start(Form::Stream), stream);
        }
    };
    match (answers.next().await, accepted.stream) {
        (Next::Subscribed, Some(stream)) => stream::respond(answers, stream),
        (Next::Reply(reply), _)
            if code_of(&reply.response) == Some(ErrorCode::BadRequest.as_str()) =>
        {
            HttpError::MutationByGet.into_response(media_type, true)
        }
        (Next::Reply(reply) | Next::SessionEnded(reply), _) => {
            let Reply { response, permit } = *reply;
            let may_be_kept = by_get && response.errors.is_empty() && is_for_everyone(&known);
            let mut answer = answered(response, media_type, permit);
            if may_be_kept {
                let caching = HeaderValue::from_static(FOR_EVERYONE);
                answer.headers_mut().insert(header::CACHE_CONTROL, caching);
            }
            answer
        }
        (Next::Subscribed | Next::End | Next::Stopped, _) => {
            let response = graphql::fault("Something went wrong on our side.", &request_id);
            answered(response, media_type, None)
        }
    }
}

/// Whether the answer is the same for all clients, and changes with the service alone.
fn is_for_everyone(request: &request_context::RequestContext) -> bool {
    let operation = request.operation();
    operation.is_some_and(|operation| operation.field == "advisors")
}

/// A response as it goes out (<https://spec.graphql.org/draft/#sec-Response-Format>).
#[derive(serde::Serialize)]
pub(super) struct ResponseBody<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> From<&'a async_graphql::Response> for ResponseBody<'a> {
    fn from(response: &'a async_graphql::Response) -> Self {
        // The library has no `data` and a `data` that an error made null look the same; but an
        // error that came up in execution says in which field.
        let executed = response.data != Value::Null
            || response.errors.iter().any(|error| !error.path.is_empty());
        Self {
            errors: &response.errors,
            data: executed.then_some(&response.data),
        }
    }
}

fn code_of(response: &async_graphql::Response) -> Option<&str> {
    match response.errors.first()?.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

fn answered(
    response: async_graphql::Response,
    media_type: MediaType,
    permit: Option<OperationPermit>,
) -> Response {
    if response.errors.is_empty() {
        return whole(GraphQLResponse::from(response), media_type, permit);
    }
    let status = if ResponseBody::from(&response).data.is_some() {
        StatusCode::OK
    } else {
        let is = |code: ErrorCode| code_of(&response) == Some(code.as_str());
        match media_type.request_error() {
            _ if is(ErrorCode::InternalServerError) => StatusCode::INTERNAL_SERVER_ERROR,
            StatusCode::BAD_REQUEST if is(ErrorCode::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
            StatusCode::BAD_REQUEST if is(ErrorCode::Overloaded) => StatusCode::SERVICE_UNAVAILABLE,
            status => status,
        }
    };
    refused(status, media_type, &response, permit)
}

/// An answer with errors. It is JSON, also where pieces were asked for.
fn refused(
    status: StatusCode,
    media_type: MediaType,
    response: &async_graphql::Response,
    permit: Option<OperationPermit>,
) -> Response {
    let media_type = match media_type {
        MediaType::GraphqlResponse => MediaType::GraphqlResponse,
        _ => MediaType::Json,
    };
    let answer = ResponseBody::from(response);
    let bytes = serde_json::to_vec(&answer).expect("responses have no keys but strings");
    let mut answer = whole((status, bytes), media_type, permit);
    if let Some(seconds) = response.errors.iter().filter_map(retry_after).max() {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// The `Retry-After` of an error, for clients that read headers only.
fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// An answer with one error.
pub(super) fn refuse(status: StatusCode, media_type: MediaType, error: ApiError) -> Response {
    request_context::record_error(error.code().as_str());
    let response = async_graphql::Response::from_errors(vec![error.into()]);
    refused(status, media_type, &response, None)
}

/// A response that is sent whole, in a media type.
fn whole(
    response: impl IntoResponse,
    media_type: MediaType,
    permit: Option<OperationPermit>,
) -> Response {
    let mut response = response.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type.header());
    response.map(|body| body::chunked(body, permit))
}

//! GraphQL over HTTP (<https://graphql.github.io/graphql-over-http/draft/>): methods, media
//! types and statuses around one execution of the schema.

#[cfg(fuzzing)]
pub mod fuzzing;
pub(super) mod negotiate;
pub(super) mod request;
mod stream;

use std::{sync::Arc, time::Duration};

use async_graphql::{ServerError, Value};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::{NO_STORE, State, client_address::ClientAddress, trace::RequestId};
use crate::{
    graphql::{self, Caller, Code, DocumentError},
    request as notes, spans,
};
use negotiate::MediaType;

/// Bytes of a body, at most, and of a message on a WebSocket: a document and variables of the
/// largest size fit in. Reading it as JSON is the first work that is done for anyone.
pub(super) const BODY_MAX: usize = 128 * 1024;

/// How long the rest of a body that is too large is received, into nothing: a client that is
/// still sending when its connection is closed does not read the answer.
const BODY_LINGER: Duration = Duration::from_secs(2);

pub(super) async fn answer(
    extract::State(state): extract::State<Arc<State>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    request: extract::Request,
) -> Response {
    let media_type = negotiate::negotiate(request.headers());
    let by_get = request.method() == Method::GET;
    let mut response = match (request.method().clone(), media_type) {
        (Method::GET | Method::POST, Some(media_type)) => match read(request, &state).await {
            Ok((request, headers)) => {
                let text =
                    |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
                let caller = Caller::new(
                    &state.accounts,
                    text(header::AUTHORIZATION),
                    text(header::USER_AGENT),
                    request_id.clone(),
                    address,
                )
                .await;
                execute(&state, request, by_get, caller, request_id, media_type).await
            }
            Err(refusal) => refusal.into_response(media_type),
        },
        (Method::GET | Method::POST, None) => Refusal::NotAcceptable.into_response(MediaType::Json),
        _ => Refusal::Method.into_response(media_type.unwrap_or(MediaType::Json)),
    };
    let vary = HeaderValue::from_static("accept");
    response.headers_mut().append(header::VARY, vary);
    response.headers_mut().insert(NO_STORE.0, NO_STORE.1);
    response
}

/// Why a request does not reach the schema.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("Use POST, or GET for queries.")]
    Method,
    #[error("Send a mutation with POST: GET changes nothing.")]
    MutationByGet,
    #[error(
        "The answer comes as application/graphql-response+json or application/json, or in pieces as \
         text/event-stream or multipart/mixed;subscriptionSpec=1.0: let `Accept` have one of them."
    )]
    NotAcceptable,
    #[error("Send JSON in UTF-8, with `Content-Type: application/json`.")]
    MediaType,
    #[error("The body is larger than {BODY_MAX} bytes.")]
    TooLarge,
    #[error("The body took more than {} to arrive.", humantime::format_duration(*.0))]
    TooSlow(Duration),
    #[error("The body broke off.")]
    BrokenOff,
    #[error(transparent)]
    Request(#[from] request::Error),
}

impl Refusal {
    fn into_response(self, media_type: MediaType) -> Response {
        let status = match self {
            Self::Method | Self::MutationByGet => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            // Understood, and to be sent again with its text: no fault in the HTTP request.
            Self::Request(request::Error::Document(
                DocumentError::NotFound | DocumentError::Unknown(_),
            )) => media_type.request_error(),
            Self::BrokenOff | Self::Request(_) => StatusCode::BAD_REQUEST,
        };
        let code = match &self {
            Self::Request(error) => error.code(),
            _ => "BAD_REQUEST",
        };
        notes::note_error(code);
        let mut response = json(status, media_type, &error(&self.to_string(), code, None));
        let allow: Option<&str> = match self {
            Self::Method => Some("GET, POST"),
            Self::MutationByGet => Some("POST"),
            _ => None,
        };
        if let Some(allow) = allow {
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        // The rest of the body may not have been read: no further request can follow it.
        if matches!(self, Self::TooLarge | Self::TooSlow(_)) {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// What the client asks, from the URL or the body, and the headers it came with.
async fn read(
    request: extract::Request,
    state: &State,
) -> Result<(async_graphql::Request, HeaderMap), Refusal> {
    let (head, body) = request.into_parts();
    if head.method == Method::GET {
        let request =
            request::from_parameters(head.uri.query().unwrap_or_default(), &state.documents)?;
        return Ok((request, head.headers));
    }
    if !negotiate::is_json(&head.headers) {
        return Err(Refusal::MediaType);
    }
    let body = receive(body, state.body_timeout).await?;
    let request = request::from_body(&body, &state.documents)?;
    Ok((request, head.headers))
}

async fn receive(mut body: Body, timeout: Duration) -> Result<Bytes, Refusal> {
    let whole = tokio::time::timeout(timeout, Limited::new(&mut body, BODY_MAX).collect());
    match whole.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let rest = async { while let Some(Ok(_)) = body.frame().await {} };
            // However much of it came, the answer is the same.
            let _ = tokio::time::timeout(BODY_LINGER, rest).await;
            Err(Refusal::TooLarge)
        }
        Ok(Err(_)) => Err(Refusal::BrokenOff),
        Err(_) => Err(Refusal::TooSlow(timeout)),
    }
}

async fn execute(
    state: &Arc<State>,
    request: async_graphql::Request,
    by_get: bool,
    caller: Caller,
    request_id: String,
    media_type: MediaType,
) -> Response {
    if let Some(name) = &request.operation_name {
        notes::note_name(name);
    }
    if matches!(media_type, MediaType::EventStream | MediaType::Multipart) {
        stream::respond(state, request, caller, by_get, media_type)
    } else {
        at_once(state, request, by_get, caller, request_id, media_type).await
    }
}

async fn at_once(
    state: &Arc<State>,
    request: async_graphql::Request,
    by_get: bool,
    caller: Caller,
    request_id: String,
    media_type: MediaType,
) -> Response {
    let shared = state.clone();
    let execution = async move {
        tokio::select! {
            biased;
            response = graphql::execute(&shared.schema, request, caller, by_get) => Some(response),
            () = shared.db.falls_silent() => None,
        }
    };
    // In a task of its own: what has begun is not left half done when the client hangs up.
    let execution = notes::carry(notes::current(), execution);
    let execution = state.operations.spawn(spans::carry(execution));
    let why = match tokio::time::timeout(state.answer_timeout, execution).await {
        Ok(Ok(Some(response))) if code_of(&response) == Some("BAD_REQUEST") => {
            return Refusal::MutationByGet.into_response(media_type);
        }
        Ok(Ok(Some(response))) => return answered(&response, media_type),
        Ok(Ok(None)) => {
            tracing::error!("the database fell silent in the midst of an operation");
            "The service's database does not answer. What was begun may still be done."
        }
        Ok(Err(failure)) => {
            tracing::error!(error = %failure, "an operation broke off");
            "Something went wrong on our side."
        }
        Err(_) => {
            tracing::error!("an operation took too long; it goes on without its client");
            "It takes too long on our side. What was begun may still be done."
        }
    };
    let code = Code::InternalServerError.as_str();
    notes::note_error(code);
    let body = error(why, code, Some(&request_id));
    json(StatusCode::INTERNAL_SERVER_ERROR, media_type, &body)
}

/// A response as it goes out (<https://spec.graphql.org/draft/#sec-Response-Format>).
#[derive(serde::Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> From<&'a async_graphql::Response> for Answer<'a> {
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

fn answered(response: &async_graphql::Response, media_type: MediaType) -> Response {
    let answer = Answer::from(response);
    let status = if answer.data.is_some() {
        StatusCode::OK
    } else if code_of(response) == Some(Code::InternalServerError.as_str()) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        match (media_type.request_error(), code_of(response)) {
            (StatusCode::BAD_REQUEST, Some("RATE_LIMITED")) => StatusCode::TOO_MANY_REQUESTS,
            (status, _) => status,
        }
    };
    let mut answer = json(status, media_type, &answer);
    if let Some(seconds) = response.errors.iter().filter_map(retry_after).max() {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// What an error says of when to try again, for clients that read headers only.
fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// A response of one error that does not come from the schema.
fn error(message: &str, code: &str, request_id: Option<&str>) -> serde_json::Value {
    let mut extensions = serde_json::json!({ "code": code });
    if let Some(id) = request_id {
        extensions["requestId"] = id.into();
    }
    serde_json::json!({ "errors": [{ "message": message, "extensions": extensions }] })
}

/// What is refused is refused in JSON, also where pieces were asked for.
fn json(status: StatusCode, media_type: MediaType, body: &impl serde::Serialize) -> Response {
    let media_type = match media_type {
        MediaType::GraphqlResponse => MediaType::GraphqlResponse,
        _ => MediaType::Json,
    };
    let body = serde_json::to_vec(body).expect("responses have no keys but strings");
    (
        status,
        [(header::CONTENT_TYPE, media_type.header())],
        Body::from(body),
    )
        .into_response()
}

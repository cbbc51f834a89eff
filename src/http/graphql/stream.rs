//! Answers that come in pieces over plain HTTP: Server-Sent Events
//! (<https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>, distinct connections
//! mode) and multipart (<https://www.apollographql.com/docs/router/executing-operations/subscription-multipart-protocol/>).

use std::{convert::Infallible, time::Duration};

use async_graphql::Request;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};

use super::{Answer, negotiate::MediaType};
use crate::{
    graphql::{self, Caller},
    http::State,
};

/// How often something is sent, so that proxies do not take silence for death.
const HEARTBEAT: Duration = Duration::from_secs(12);

pub(super) fn respond(
    state: &State,
    request: Request,
    caller: Caller,
    by_get: bool,
    media_type: MediaType,
) -> Response {
    let session = caller
        .session()
        .map(|(session, user)| state.accounts.watch(session, user));
    let stopping = state.stopping.clone();
    let answers = graphql::execute_stream(&state.schema, request, caller, by_get)
        .map(move |answer| next(media_type, &Answer::from(&answer)));
    // The end is said only when it is one: a client whose stream just stops comes back.
    let answers = answers.chain(stream::once(async move { end(media_type) }));
    let ended = async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = async {
                match &session {
                    Some(session) => session.cancelled().await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    };
    let answers = with_heartbeat(Box::pin(answers), media_type);
    let body = stream::once(async move { start(media_type) })
        .chain(answers)
        .take_until(Box::pin(ended));
    let headers = [
        (header::CONTENT_TYPE, media_type.header()),
        // nginx would keep the pieces to itself.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, Body::from_stream(body.map(Ok::<_, Infallible>))).into_response()
}

// A part's boundary goes out with the part before it: clients take one for whole only then.

fn start(media_type: MediaType) -> String {
    match media_type {
        MediaType::Multipart => "--graphql".to_owned(),
        // A comment: the answer has begun, whenever its first event comes.
        _ => ":\n\n".to_owned(),
    }
}

fn part(json: &str) -> String {
    format!("\r\ncontent-type: application/json\r\n\r\n{json}\r\n--graphql")
}

fn next(media_type: MediaType, answer: &Answer<'_>) -> String {
    let json = serde_json::to_string(answer).expect("responses have no keys but strings");
    match media_type {
        MediaType::Multipart => part(&format!("{{\"payload\":{json}}}")),
        _ => format!("event: next\ndata: {json}\n\n"),
    }
}

fn end(media_type: MediaType) -> String {
    match media_type {
        MediaType::Multipart => "--\r\n".to_owned(),
        _ => "event: complete\ndata:\n\n".to_owned(),
    }
}

fn heartbeat(media_type: MediaType) -> String {
    match media_type {
        MediaType::Multipart => part("{}"),
        _ => ":\n\n".to_owned(),
    }
}

/// The same, and a heartbeat after each silence.
fn with_heartbeat(
    answers: impl Stream<Item = String> + Send + Unpin,
    media_type: MediaType,
) -> impl Stream<Item = String> + Send {
    stream::unfold(answers, move |mut answers| async move {
        match tokio::time::timeout(HEARTBEAT, answers.next()).await {
            Ok(answer) => answer.map(|answer| (answer, answers)),
            Err(_) => Some((heartbeat(media_type), answers)),
        }
    })
}

//! Answers that come in pieces over plain HTTP: Server-Sent Events
//! (<https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>, distinct connections
//! mode) and multipart (<https://www.apollographql.com/docs/router/executing-operations/subscription-multipart-protocol/>).

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};

use super::{ResponseBody, negotiate::MediaType};
use crate::http::{
    operation::{Answers, Next},
    operation_limit::OperationPermit,
};

/// How often something is sent, so that proxies do not take silence for death.
const HEARTBEAT: Duration = Duration::from_secs(12);

pub(super) fn respond(answers: Answers, media_type: MediaType) -> Response {
    let pieces = stream::unfold(Some((answers, None)), move |state| piece(state, media_type));
    let body = stream::once(async move { start(media_type) }).chain(pieces);
    let headers = [
        (header::CONTENT_TYPE, media_type.header()),
        // Next.js and Express would keep the pieces to compress them, nginx in any case.
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store, no-transform"),
        ),
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, Body::from_stream(body.map(Ok::<_, Infallible>))).into_response()
}

/// The answers to come, and what is kept until the last piece is on its way.
type Rest = Option<(Answers, Option<OperationPermit>)>;

/// The next piece, and what is left after it.
async fn piece(rest: Rest, media_type: MediaType) -> Option<(String, Rest)> {
    let (mut answers, _delivered) = rest?;
    match tokio::time::timeout(HEARTBEAT, answers.next()).await {
        Ok(Next::Reply(reply)) => {
            let piece = next(media_type, &reply.response);
            Some((piece, Some((answers, reply.permit))))
        }
        Ok(Next::SessionEnded(reply)) => {
            Some((last(media_type, &reply.response) + &end(media_type), None))
        }
        Ok(Next::End) => Some((end(media_type), None)),
        // Its end is not said: a client whose stream just stops comes back.
        Ok(Next::Stopped) => None,
        Ok(Next::Subscribed) | Err(_) => Some((heartbeat(media_type), Some((answers, None)))),
    }
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

fn next(media_type: MediaType, answer: &async_graphql::Response) -> String {
    let json = json(&ResponseBody::from(answer));
    match media_type {
        MediaType::Multipart => part(&format!("{{\"payload\":{json}}}")),
        _ => format!("event: next\ndata: {json}\n\n"),
    }
}

/// An answer that breaks off what it is the last of: by multipart that is an error of the transport.
fn last(media_type: MediaType, answer: &async_graphql::Response) -> String {
    match media_type {
        MediaType::Multipart => {
            let errors = json(&answer.errors);
            part(&format!("{{\"payload\":null,\"errors\":{errors}}}"))
        }
        _ => next(media_type, answer),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("responses have no keys but strings")
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

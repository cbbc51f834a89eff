//! GraphQL over WebSocket: `graphql-transport-ws`
//! (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>).

mod connection;
mod guard;
mod protocol;

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Request, State as Extracted},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    AppState, access_log::RequestId, client_address::ClientAddress, graphql::BODY_MAX, origin,
};
use connection::{Client, Connection};
use guard::{Guard, MessageLimits};
use protocol::PROTOCOL;

/// Bytes that are read at a time. Each socket holds as many for as long as it is open, and most say
/// little; the library's own 128 KiB would be all that 10,000 of them take. A message of 60 kB costs
/// 50 µs more for it than with 2 KiB.
const READ_BUFFER: usize = 512;

/// A client's socket.
type Socket = WebSocketStream<Guard<TokioIo<Upgraded>>>;

pub(super) async fn upgrade(
    Extracted(state): Extracted<Arc<AppState>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    mut request: Request,
) -> Response {
    if !origin::may_connect(&state.allowed_origins, request.headers()) {
        return (
            StatusCode::FORBIDDEN,
            "This origin may not connect; see ALLOWED_ORIGINS.\n",
        )
            .into_response();
    }
    let Ok(mut response) = create_response_with_body(&request, Body::empty) else {
        let upgrade = [
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
        ];
        return (
            StatusCode::UPGRADE_REQUIRED,
            upgrade,
            "Connect by WebSocket.\n",
        )
            .into_response();
    };
    let headers = request.headers();
    let speaks = speaks_protocol(headers);
    if speaks {
        let protocol = HeaderValue::from_static(PROTOCOL);
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let connection = Connection::new(
        state.clone(),
        request_id,
        address,
        Client {
            user_agent: text(header::USER_AGENT),
            accept_language: text(header::ACCEPT_LANGUAGE),
            authorization: text(header::AUTHORIZATION),
        },
    );
    let upgraded = hyper::upgrade::on(&mut request);
    // Tracked, so that the process does not end before its sockets are closed.
    state.operations.clone().spawn(async move {
        // A client that has left by then has no use for it.
        let Ok(upgraded) = upgraded.await else {
            return;
        };
        let socket = socket(upgraded, &state).await;
        drop(state);
        connection.serve(socket, speaks).await;
    });
    response
}

async fn socket(upgraded: Upgraded, state: &AppState) -> Socket {
    let limits = MessageLimits {
        bytes: BODY_MAX,
        time: state.body_timeout,
        incoming: state.incoming.clone(),
    };
    let stream = Guard::new(TokioIo::new(upgraded), limits);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        // What is sent is sent at once.
        .write_buffer_size(0)
        .max_message_size(Some(BODY_MAX))
        .max_frame_size(Some(BODY_MAX));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// Whether the client offers our protocol, perhaps among others.
fn speaks_protocol(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = offered.filter_map(|value| value.to_str().ok());
    offered.any(|offered| offered.split(',').any(|one| one.trim() == PROTOCOL))
}

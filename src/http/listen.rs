//! Takes connections and serves each until it ends: `axum::serve` with a bound on how many there
//! are, and on how slow each may be.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderValue, StatusCode, header},
};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    connection_limit::ConnectionLimiter, incoming::IncomingLimiter, timeout_stream::TimeoutStream,
};
use crate::config::HttpSettings;

/// The largest head of a request in bytes: a URL with a query in it, and headers.
const HEAD_MAX: usize = 96 * 1024;

/// Bytes of a response that wait in a connection to be read, about; a request's head fits in as well.
const BUFFER_MAX: usize = 128 * 1024;

/// The most headers of a request.
const HEADERS_MAX: usize = 100;

/// Pause after a failed accept: the system is out of something, and trying again at once would burn what is
/// left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// How long connections stay open for one more request once the service stops. A load balancer that keeps
/// them open may have sent it just now, and does not repeat what could change something.
const LINGER: Duration = Duration::from_millis(500);

/// Sent to an address that has all the connections it may have (RFC 6585, section 4).
const TOO_MANY: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// File descriptors that connections of clients leave to the database and the rest.
const RESERVED: usize = 64;

/// Serves until `stopping` is cancelled, then finishes what is in flight. Dropped, it closes all connections.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    settings: HttpSettings,
    trusted_proxies: Arc<[IpNet]>,
    incoming: IncomingLimiter,
    stopping: CancellationToken,
) {
    let all = connections(settings.connections);
    let limiter = ConnectionLimiter::new(all, settings.connections_per_address, trusted_proxies);
    let mut connections = JoinSet::new();
    let serve = |stream: TcpStream, peer, permit| {
        // A small response goes out at once instead of waiting for more. Without, it is only slower.
        let _ = stream.set_nodelay(true);
        let stream = TimeoutStream::new(stream, permit, &settings, incoming.clone());
        let (router, stopping) = (router.clone(), stopping.clone());
        connection(stream, peer, router, settings.idle_timeout, stopping)
    };
    loop {
        let next = async {
            // First: a client for whom there is no room waits in the system's queue, and costs nothing.
            let free = limiter.free().await;
            (free, accept(&listener).await)
        };
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(ended) = connections.join_next() => report(ended),
            (free, (stream, peer)) = next => match limiter.acquire(free, peer.ip()) {
                Some(permit) => {
                    connections.spawn(serve(stream, peer, Some(permit)));
                }
                // There is room for it, once.
                None => drop(stream.try_write(TOO_MANY)),
            }
        }
    }
    // Closed now, it would reset connections in the system's queue, which may have sent a request.
    for (stream, peer) in waiting(listener) {
        connections.spawn(serve(stream, peer, None));
    }
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task panicked");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // One client's, which has gone already.
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Connections that were not accepted yet. New ones are refused from then on.
fn waiting(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    // From the system itself: the runtime may not have been notified of them.
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    std::iter::from_fn(|| {
        let (stream, peer) = listener.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, peer))
    })
    .collect()
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Serves one connection to its end.
fn connection(
    stream: TimeoutStream,
    peer: SocketAddr,
    router: Router,
    idle_timeout: Duration,
    stopping: CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    let phase = stream.phase();
    let (watching, stops) = (phase.clone(), stopping.clone());
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        phase.begin();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.call(request);
        let phase = phase.clone();
        let stops = stops.clone();
        async move {
            let mut answer = answer.await?;
            if stops.is_cancelled() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
            }
            Ok::<_, Infallible>(phase.end_with(answer))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // It runs from the end of one request to the end of the next one's head.
        .header_read_timeout(idle_timeout)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_MAX)
        .max_buf_size(BUFFER_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    async move {
        let mut connection = std::pin::pin!(connection);
        // A connection is ended by its client, or for being too slow: no reason to log.
        let lingered = async {
            stopping.cancelled().await;
            tokio::time::sleep(LINGER).await;
        };
        tokio::select! {
            _ = connection.as_mut() => {}
            // On one that was never used, hyper would wait for a request.
            () = lingered => if !watching.is_fresh() {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }
}

/// The wanted number, or as many as the system lets this process have.
#[cfg(target_os = "linux")]
fn connections(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // The soft limit is low for programs that use select(2); this is none.
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let _ = setrlimit(Resource::Nofile, raised);
    let descriptors = getrlimit(Resource::Nofile).current;
    let descriptors = descriptors.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let room = descriptors.saturating_sub(RESERVED).max(1);
    if room < wanted {
        tracing::warn!(
            wanted,
            room,
            "fewer connections than CONNECTIONS: the system allows {descriptors} open files"
        );
    }
    wanted.min(room)
}

#[cfg(not(target_os = "linux"))]
fn connections(wanted: usize) -> usize {
    wanted
}

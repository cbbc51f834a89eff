//! A TCP stream with timeouts. It is closed when its client sends a request's head too slowly, or does not
//! read what it asked for.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, http::StatusCode, response::Response};
use http_body_util::BodyExt;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep, sleep_until},
};

use super::{
    connection_limit::ConnectionPermit,
    incoming::{Incoming, IncomingLimiter},
};
use crate::config::HttpSettings;

/// How long a client may read nothing of what it is sent, if `IDLE_TIMEOUT` is no shorter. What it
/// does not read is in memory.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// Sent before a connection is closed whose request's head is late (RFC 9110, section 15.5.9).
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Sent before a connection is closed for whose request's head there is no memory.
const NO_MEMORY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
    content-length: 0\r\n\r\n";

/// The phase of a connection, which hyper does not expose.
#[derive(Clone, Default)]
pub(super) struct Phase(Arc<AtomicU8>);

/// Nothing has been received.
const FRESH: u8 = 0;
/// A part of a request's head has been received.
const HEAD: u8 = 1;
/// A request is being answered; its body has a time limit of its own.
const BUSY: u8 = 2;
/// Nothing of the next request has been received; the last response may still be on its way.
const IDLE: u8 = 3;
/// It is a WebSocket.
const UPGRADED: u8 = 4;

impl Phase {
    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, phase: u8) {
        self.0.store(phase, Ordering::Relaxed);
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.get() == FRESH
    }

    /// A request's head is complete.
    pub(super) fn begin(&self) {
        self.set(BUSY);
    }

    /// The response, whose end is the request's.
    pub(super) fn end_with(&self, response: Response) -> Response {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.set(UPGRADED);
            return response;
        }
        let idle = IdleOnDrop(self.clone());
        // The body holds it until all of the response is under way.
        response.map(|body| {
            Body::new(body.map_err(move |error| {
                let _held = &idle;
                error
            }))
        })
    }
}

/// Makes a connection idle when it is dropped.
struct IdleOnDrop(Phase);

impl Drop for IdleOnDrop {
    fn drop(&mut self) {
        self.0.set(IDLE);
    }
}

pub(super) struct TimeoutStream {
    stream: TcpStream,
    phase: Phase,
    _permit: Option<ConnectionPermit>,
    header_timeout: Duration,
    write_timeout: Duration,
    incoming: IncomingLimiter,
    /// The part of a head received so far.
    head: Option<(usize, Incoming)>,
    /// Deadline of the head; of use in that phase only, and kept for the next request.
    head_due: Option<Pin<Box<Sleep>>>,
    /// Deadline of a pending write.
    write_due: Option<Pin<Box<Sleep>>>,
}

impl TimeoutStream {
    pub(super) fn new(
        stream: TcpStream,
        permit: Option<ConnectionPermit>,
        settings: &HttpSettings,
        incoming: IncomingLimiter,
    ) -> Self {
        Self {
            stream,
            phase: Phase::default(),
            _permit: permit,
            header_timeout: settings.header_timeout,
            write_timeout: settings.idle_timeout.min(WRITE_TIMEOUT),
            incoming,
            head: None,
            head_due: None,
            write_due: None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.clone()
    }

    /// The result of a write, or an error if nothing was written for too long.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_due = None;
            return written;
        }
        let timeout = self.write_timeout;
        let due = self
            .write_due
            .get_or_insert_with(|| Box::pin(sleep(timeout)));
        due.as_mut().poll(cx).map(|()| Err(timed_out()))
    }
}

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl AsyncRead for TimeoutStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let count = buffer.filled().len() - before;
        match this.phase.get() {
            FRESH | IDLE if count > 0 => {
                this.phase.set(HEAD);
                let due = Instant::now() + this.header_timeout;
                match &mut this.head_due {
                    Some(sleep) => sleep.as_mut().reset(due),
                    None => this.head_due = Some(Box::pin(sleep_until(due))),
                }
            }
            // It holds memory of the task that polled it last, which has ended.
            UPGRADED => this.head_due = None,
            _ => {}
        }
        if this.phase.get() != HEAD {
            this.head = None;
            return read;
        }
        let incoming = &this.incoming;
        let (bytes, head) = this.head.get_or_insert_with(|| (0, incoming.begin()));
        *bytes += count;
        // Nothing else is being written, so that there is room for this.
        if head.grow(*bytes).is_err() {
            let _ = this.stream.try_write(NO_MEMORY);
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        // Also where there is something to read: a head sent byte by byte is late as well.
        if let Some(head_due) = &mut this.head_due
            && head_due.as_mut().poll(cx).is_ready()
        {
            let _ = this.stream.try_write(TOO_SLOW);
            return Poll::Ready(Err(timed_out()));
        }
        read
    }
}

impl AsyncWrite for TimeoutStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.written(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

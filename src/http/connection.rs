//! One client's connection: a socket that is cut when its client sends a request's head too
//! slowly, or does not take what it asked for.

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
    incoming::{Incoming, IncomingLimiter},
    places::Place,
};
use crate::config::Http;

/// How long a client may take nothing of what it is sent, if `IDLE_TIMEOUT` is no shorter. What it
/// does not take is in memory.
const TAKE_TIMEOUT: Duration = Duration::from_secs(20);

/// Said before a connection is cut whose request does not come to its end (RFC 9110, section
/// 15.5.9).
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Said before a connection is cut for whose request's head there is no memory.
const NO_MEMORY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
    content-length: 0\r\n\r\n";

/// The phase of a connection, which hyper does not expose.
#[derive(Clone, Default)]
pub(super) struct Phase(Arc<AtomicU8>);

/// Nothing has ever come.
const FRESH: u8 = 0;
/// A part of a request's head has come.
const HEAD: u8 = 1;
/// A request is being answered; its body has a time limit of its own.
const BUSY: u8 = 2;
/// Nothing has come of the next request; the last answer may still be on its way.
const IDLE: u8 = 3;
/// It speaks HTTP no more.
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

    /// A request's head is there.
    pub(super) fn begin(&self) {
        self.set(BUSY);
    }

    /// The answer, with which the request ends.
    pub(super) fn end_with(&self, response: Response) -> Response {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.set(UPGRADED);
            return response;
        }
        let ends = Ends(self.clone());
        // The body keeps it until all of the answer is under way.
        response.map(|body| {
            Body::new(body.map_err(move |error| {
                let _held = &ends;
                error
            }))
        })
    }
}

/// Makes a connection idle when it is dropped.
struct Ends(Phase);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.set(IDLE);
    }
}

/// A socket with deadlines.
pub(super) struct Watched {
    stream: TcpStream,
    phase: Phase,
    /// Given back when the socket is closed, whatever it speaks by then.
    _place: Option<Place>,
    header_timeout: Duration,
    /// How long a client may take nothing of what it is sent.
    take_timeout: Duration,
    incoming: IncomingLimiter,
    /// The part of a head received so far.
    head: Option<(usize, Incoming)>,
    /// When the head has to be there; of use in that phase only, and kept for the next request.
    head_due: Option<Pin<Box<Sleep>>>,
    /// When the client has to have taken something, while it takes nothing.
    write_due: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub(super) fn new(
        stream: TcpStream,
        place: Option<Place>,
        settings: &Http,
        incoming: IncomingLimiter,
    ) -> Self {
        Self {
            stream,
            phase: Phase::default(),
            _place: place,
            header_timeout: settings.header_timeout,
            take_timeout: settings.idle_timeout.min(TAKE_TIMEOUT),
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
        let timeout = self.take_timeout;
        let due = self
            .write_due
            .get_or_insert_with(|| Box::pin(sleep(timeout)));
        due.as_mut().poll(cx).map(|()| Err(timed_out()))
    }
}

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl AsyncRead for Watched {
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
            // It has kept the memory of the task in which it was polled last, which has ended.
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
        // Nothing else is being written, so that there is room for what is said.
        if head.grow(*bytes).is_err() {
            let _ = this.stream.try_write(NO_MEMORY);
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        // Also where there is something to read: a head that comes byte by byte is late as well.
        if let Some(head_due) = &mut this.head_due
            && head_due.as_mut().poll(cx).is_ready()
        {
            let _ = this.stream.try_write(TOO_SLOW);
            return Poll::Ready(Err(timed_out()));
        }
        read
    }
}

impl AsyncWrite for Watched {
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

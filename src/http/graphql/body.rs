//! The body of an answer that is sent as a whole.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

use crate::http::operation_limit::OperationPermit;

/// Bytes that are handed to the connection at a time.
const CHUNK: usize = 64 * 1024;

/// An answer in chunks, so that its connection takes no more of it than its client does.
struct Chunks {
    body: Body,
    /// Of the body's last frame.
    rest: Bytes,
    /// Kept until the last chunk is on its way.
    _permit: Option<OperationPermit>,
}

pub(super) fn chunked(body: Body, permit: Option<OperationPermit>) -> Body {
    Body::new(Chunks {
        body,
        rest: Bytes::new(),
        _permit: permit,
    })
}

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => self.rest = bytes,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let count = self.rest.len().min(CHUNK);
        let chunk = self.rest.split_to(count);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        match self.body.size_hint().exact() {
            Some(body) => SizeHint::with_exact(rest + body),
            None => SizeHint::new(),
        }
    }
}

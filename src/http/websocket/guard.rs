//! The stream under a WebSocket, with bounds on what a message may hold: bytes, memory that all
//! clients share, and time. The library takes memory for as much as a frame's header announces.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::protocol::Close;
use crate::http::incoming::{Incoming, IncomingLimiter};

/// Reads frames' headers as they pass (RFC 6455, section 5.2).
pub(super) struct Guard<S> {
    stream: S,
    limits: MessageLimits,
    /// The part of a frame's header received so far.
    header: Header,
    /// Bytes of the frame's payload that are still to come.
    left: u64,
    /// Whether the frame is a message's last.
    is_last: bool,
    /// Bytes of the message, of which more frames may come.
    message: Option<usize>,
    incoming: Option<Incoming>,
    /// When the message has to be whole.
    due: Option<Pin<Box<Sleep>>>,
    fault: Option<Close>,
}

/// Limits of messages.
pub(super) struct MessageLimits {
    pub bytes: usize,
    pub time: Duration,
    pub incoming: IncomingLimiter,
}

#[derive(Default)]
struct Header {
    bytes: [u8; 14],
    count: usize,
}

impl Header {
    /// Takes a byte; returns whether it is whole.
    fn take(&mut self, byte: u8) -> bool {
        self.bytes[self.count] = byte;
        self.count += 1;
        let mask = if self.bytes[1] & 0x80 == 0 { 0 } else { 4 };
        let length = match self.bytes[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        self.count >= 2 && self.count == 2 + length + mask
    }

    fn payload(&self) -> u64 {
        match self.bytes[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.bytes[2], self.bytes[3]])),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.bytes[2..10]);
                u64::from_be_bytes(length)
            }
            length => u64::from(length),
        }
    }

    fn is_last(&self) -> bool {
        self.bytes[0] & 0x80 != 0
    }

    fn is_control(&self) -> bool {
        self.bytes[0] & 0x08 != 0
    }
}

impl<S> Guard<S> {
    pub(super) fn new(stream: S, limits: MessageLimits) -> Self {
        Self {
            stream,
            limits,
            header: Header::default(),
            left: 0,
            is_last: false,
            message: None,
            incoming: None,
            due: None,
            fault: None,
        }
    }

    /// Why reading failed, if it was for a bound.
    pub(super) fn take_fault(&mut self) -> Option<Close> {
        self.fault.take()
    }

    /// The stream beneath.
    pub(super) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    fn scan(&mut self, mut bytes: &[u8]) -> Result<(), Close> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let count =
                    usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.left -= count as u64;
                bytes = &bytes[count..];
            } else {
                bytes = rest;
                if !self.header.take(*first) {
                    continue;
                }
                self.begin_frame()?;
            }
            if self.left == 0 {
                self.end_frame();
            }
        }
        Ok(())
    }

    fn begin_frame(&mut self) -> Result<(), Close> {
        let header = std::mem::take(&mut self.header);
        self.left = header.payload();
        if header.is_control() {
            // It may come between the frames of a message.
            self.is_last = false;
            return if self.left > 125 {
                Err(Close::FRAMING)
            } else {
                Ok(())
            };
        }
        self.is_last = header.is_last();
        let before = self.message.unwrap_or_default();
        let bytes =
            usize::try_from(self.left).map_or(usize::MAX, |left| before.saturating_add(left));
        if bytes > self.limits.bytes {
            return Err(Close::TOO_BIG);
        }
        self.message = Some(bytes);
        let incoming = &self.limits.incoming;
        let incoming = self.incoming.get_or_insert_with(|| incoming.begin());
        incoming.grow(bytes).map_err(|_| Close::TRY_AGAIN_LATER)
    }

    fn end_frame(&mut self) {
        if self.is_last {
            self.message = None;
            self.incoming = None;
        }
        if self.message.is_none() {
            self.due = None;
        }
    }

    fn is_amid(&self) -> bool {
        self.header.count > 0 || self.left > 0 || self.message.is_some()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(due) = &mut this.due
            && due.as_mut().poll(cx).is_ready()
        {
            this.fault = Some(Close::TOO_SLOW);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if let Err(close) = this.scan(&buffer.filled()[before..]) {
            this.fault = Some(close);
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        if this.is_amid() && this.due.is_none() {
            // It is waited for when the stream is read on.
            this.due = Some(Box::pin(sleep(this.limits.time)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const TIME: Duration = Duration::from_millis(100);

    fn guard(time: Duration) -> (DuplexStream, Guard<DuplexStream>) {
        let (client, stream) = duplex(1 << 20);
        let limits = MessageLimits {
            bytes: 128 * 1024,
            time,
            incoming: IncomingLimiter::default(),
        };
        (client, Guard::new(stream, limits))
    }

    /// A client's frame.
    fn frame(first: u8, payload: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match (u8::try_from(payload), u16::try_from(payload)) {
            (Ok(short @ 0..126), _) => frame.push(0x80 | short),
            (_, Ok(length)) => {
                frame.push(0xfe);
                frame.extend(length.to_be_bytes());
            }
            _ => {
                frame.push(0xff);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.resize(frame.len() + payload, b'x');
        frame
    }

    const TEXT: u8 = 0x81;
    const FIRST: u8 = 0x01;
    const MORE: u8 = 0x00;
    const LAST: u8 = 0x80;
    const PING: u8 = 0x89;

    /// The outcome of these bytes, however they are split.
    async fn passed(sent: &[u8]) -> Result<(), Close> {
        for piece in [1, 7, 512, sent.len()] {
            let (mut client, mut guard) = guard(Duration::from_mins(1));
            let mut got = Vec::new();
            for piece in sent.chunks(piece) {
                client.write_all(piece).await.unwrap();
                let mut buffer = vec![0; piece.len()];
                if guard.read_exact(&mut buffer).await.is_err() {
                    return Err(guard.take_fault().expect("it says why"));
                }
                got.extend(buffer);
            }
            assert_eq!(got, sent);
            assert!(!guard.is_amid() && guard.due.is_none() && guard.incoming.is_none());
        }
        Ok(())
    }

    #[tokio::test]
    async fn messages_pass_as_they_are() {
        let messages = [
            frame(TEXT, 0),
            frame(TEXT, 125),
            frame(PING, 4),
            frame(TEXT, 126),
            frame(TEXT, 70_000),
            frame(FIRST, 65_536),
            frame(PING, 125),
            frame(MORE, 0),
            frame(LAST, 65_536),
        ];
        passed(&messages.concat()).await.unwrap();
    }

    #[tokio::test]
    async fn a_message_is_refused_by_its_header() {
        let too_big = frame(TEXT, 131_073);
        assert!(passed(&too_big[..14]).await.is_err());
        let in_parts = [frame(FIRST, 65_536), frame(MORE, 65_536), frame(LAST, 1)].concat();
        assert!(passed(&in_parts).await.is_err());
        // The longest there can be.
        let mut endless = vec![0x82, 0xff];
        endless.extend([0xff; 12]);
        assert!(passed(&endless).await.is_err());
        assert!(passed(&frame(PING, 126)).await.is_err());
    }

    #[tokio::test]
    async fn a_message_has_to_be_whole_in_time() {
        for halves in [
            frame(TEXT, 10)[..9].to_vec(),
            vec![TEXT],
            frame(FIRST, 3),
            [frame(FIRST, 3), frame(PING, 3)].concat(),
        ] {
            let (mut client, mut guard) = guard(TIME);
            // One that was whole does not count.
            client.write_all(&frame(TEXT, 10)).await.unwrap();
            client.write_all(&halves).await.unwrap();
            let begun = tokio::time::Instant::now();
            let mut all = Vec::new();
            assert!(guard.read_to_end(&mut all).await.is_err());
            assert!(begun.elapsed() >= TIME, "{halves:?}");
            assert!(guard.take_fault().is_some());
        }
    }
}

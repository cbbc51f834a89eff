//! Clients that say nothing: how long a socket waits for them. These tests take as long as it does.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Database, Heard, Server, Socket};

#[tokio::test]
async fn who_does_not_begin_is_sent_away() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let mut socket = Socket::open(server.address(), &[]).await.unwrap();

    let Heard::Closed(code, reason) = socket.hear().await else {
        panic!("nothing was asked");
    };

    assert_eq!(
        (code, reason.as_str()),
        (4408, "Connection initialisation timeout")
    );
}

/// Without a library that would answer by itself.
#[tokio::test]
async fn who_does_not_answer_pings_is_taken_for_gone() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let upgrade = "GET /graphql/ws HTTP/1.1\r\nHost: mula\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    // A masked text frame (RFC 6455, section 5.2); the mask is zero, so the text is as it is.
    let init = br#"{"type":"connection_init"}"#;
    let mut frame = vec![0x81, 0x80 | u8::try_from(init.len()).unwrap(), 0, 0, 0, 0];
    frame.extend(init);
    stream.write_all(&frame).await.unwrap();

    // Acknowledged, pinged, and without an answer closed.
    let (acknowledged, text) = read_frame(&mut stream).await;
    assert_eq!(acknowledged, 0x81);
    assert_eq!(text, br#"{"type":"connection_ack"}"#);
    assert_eq!(read_frame(&mut stream).await, (0x89, Vec::new()));
    let (closed, reason) = read_frame(&mut stream).await;
    assert_eq!(closed, 0x88);
    assert_eq!(u16::from_be_bytes([reason[0], reason[1]]), 1001);
    assert_eq!(&reason[2..], b"No answer to pings");
}

/// The first byte of a short frame, and what it carries.
async fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.unwrap();
    let length = stream.read_u8().await.unwrap();
    assert!(length < 126, "a short frame");
    let mut payload = vec![0; usize::from(length)];
    stream.read_exact(&mut payload).await.unwrap();
    (first, payload)
}

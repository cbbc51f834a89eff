//! How connections end: each side hears why. A client whose fault it was does not come back at once,
//! and one that is still sending reads the answer all the same.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

use crate::support::{Heard, Nobody, Server, Service, on_both};

const BODY_MAX: usize = 128 * 1024;

fn text(text: &str) -> Message {
    Message::text(text.to_owned())
}

fn frame(payload: &[u8], kind: Data, is_last: bool) -> Message {
    Message::Frame(Frame::message(
        payload.to_vec(),
        OpCode::Data(kind),
        is_last,
    ))
}

on_both! {
    async fn a_client_that_closes_is_answered(server: Server) {
        let mut socket = server.socket(&Nobody).await;
        socket.subscribe("1", "{ advisors { name } }", json!({})).await;

        let close = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
        socket.send_frame(Message::Close(Some(close))).await;

        let closed = loop {
            if let Heard::Closed(code, reason) = socket.hear().await {
                break (code, reason);
            }
        };
        assert_eq!(closed, (1000, "done".to_owned()));
    }

    async fn a_fault_is_told_by_its_code(server: Server) {
        let half = "x".repeat(BODY_MAX / 2);
        for (code, frames) in [
            (1009, vec![text(&"x".repeat(BODY_MAX + 1))]),
            (1009, vec![
                frame(half.as_bytes(), Data::Text, false),
                frame(half.as_bytes(), Data::Continue, false),
                frame(b"x", Data::Continue, true),
            ]),
            (1002, vec![frame(b"{}", Data::Reserved(3), true)]),
            (1002, vec![frame(b"{}", Data::Continue, true)]),
            (1007, vec![frame(b"{\"type\":\"\xff\"}", Data::Text, true)]),
            (4400, vec![text("{}")]),
        ] {
            let mut socket = server.socket(&Nobody).await;
            for frame in frames {
                socket.send_frame(frame).await;
            }
            assert_eq!(socket.close_code().await, code);
        }
        // As large as it may be.
        let mut socket = server.socket(&Nobody).await;
        let mut message = json!({ "type": "ping", "payload": { "x": "" } });
        let spare = BODY_MAX - message.to_string().len();
        message["payload"]["x"] = "x".repeat(spare).into();
        socket.send(&message).await;
        assert_eq!(socket.message().await, json!({ "type": "pong" }));
    }

    #[settings("--body-timeout", "200ms")]
    async fn half_a_message_is_not_waited_for(server: Server) {
        let mut socket = server.socket(&Nobody).await;
        // What is whole may be followed by anything, at any time.
        for _ in 0..3 {
            socket.send(&json!({ "type": "ping" })).await;
            assert_eq!(socket.message().await, json!({ "type": "pong" }));
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }

        socket.send_frame(frame(b"{\"type\":", Data::Text, false)).await;

        let closed = socket.hear().await;
        assert_eq!(closed, Heard::Closed(4408, "Message timeout".to_owned()));
    }

    async fn a_refused_request_is_received_to_its_end(server: Server) {
        let body = "x".repeat(4 << 20);
        for (status, method, headers) in [
            (405, "PUT", "content-type: application/json\r\n"),
            (406, "POST", "content-type: application/json\r\naccept: text/html\r\n"),
            (415, "POST", "content-type: text/plain\r\n"),
        ] {
            let mut stream = TcpStream::connect(server.address()).await.unwrap();
            let head = format!(
                "{method} /graphql HTTP/1.1\r\nhost: mula\r\n{headers}content-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            for part in body.as_bytes().chunks(64 * 1024) {
                stream.write_all(part).await.unwrap();
            }

            let answer = answer(&mut stream).await;
            assert_eq!(answer.0, status);
            assert_eq!(answer.1["errors"][0]["extensions"]["code"], "BAD_REQUEST");

            // Another can follow it.
            let next = "GET /graphql?query=%7Badvisors%7Bname%7D%7D HTTP/1.1\r\nhost: mula\r\n\r\n";
            stream.write_all(next.as_bytes()).await.unwrap();
            assert_eq!(self::answer(&mut stream).await.0, 200);
        }
    }
}

/// The status and body of an answer.
async fn answer(stream: &mut TcpStream) -> (u16, Value) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let (length, _) = length.split_once("\r\n").unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

//! How many connections there are, in all and of one address.

use std::time::Duration;

use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{HEAD, PATIENCE, answer, connect, rest, server};
use crate::support::{Nobody, Service, Serving, mula};

#[tokio::test]
async fn there_are_so_many_connections_and_no_more() {
    let server = server(&["--connections", "2"]).await;
    let ask = async |connection: &mut TcpStream| {
        connection
            .write_all(format!("{HEAD}\r\n").as_bytes())
            .await
            .unwrap();
    };
    let (mut first, mut second) = (connect(&server).await, connect(&server).await);
    for connection in [&mut first, &mut second] {
        ask(connection).await;
        answer(connection).await;
    }

    let mut third = connect(&server).await;
    ask(&mut third).await;
    let early = timeout(Duration::from_millis(200), third.readable()).await;
    assert!(early.is_err(), "the third was let in beside the others");
    // The others are served all the same.
    ask(&mut second).await;
    answer(&mut second).await;
    drop(first);

    answer(&mut third).await;
}

#[tokio::test]
async fn a_websocket_is_a_connection_as_long_as_it_is_open() {
    let server = server(&["--connections", "1"]).await;
    let socket = server.socket(&Nobody).await;

    let mut second = connect(&server).await;
    second
        .write_all(format!("{HEAD}\r\n").as_bytes())
        .await
        .unwrap();
    let early = timeout(Duration::from_millis(200), second.readable()).await;
    assert!(early.is_err(), "the second was let in beside the socket");
    drop(socket);

    answer(&mut second).await;
}

/// A client that opens all its connections locks out no other.
#[tokio::test]
async fn an_address_has_so_many_connections_and_no_more() {
    let server = server(&[
        "--connections-per-address",
        "3",
        "--trusted-proxies",
        "127.0.0.9",
    ])
    .await;
    // All of 127.0.0.0/8 is this machine.
    let connect_from = async |from: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        socket.connect(server.address()).await.unwrap()
    };
    let ask = async |connection: &mut TcpStream| {
        let head = format!("{HEAD}\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        answer(connection).await
    };
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut connection = connect_from("127.0.0.2").await;
        assert!(ask(&mut connection).await.starts_with("HTTP/1.1 200"));
        held.push(connection);
    }

    // Closed before anything is asked.
    let mut fourth = connect_from("127.0.0.2").await;
    assert!(rest(&mut fourth).await.starts_with("HTTP/1.1 429"));
    // Others are served, a trusted proxy however many clients it has, and so are those of before.
    for from in [
        "127.0.0.3",
        "127.0.0.9",
        "127.0.0.9",
        "127.0.0.9",
        "127.0.0.9",
    ] {
        let mut connection = connect_from(from).await;
        assert!(ask(&mut connection).await.starts_with("HTTP/1.1 200"));
        held.push(connection);
    }
    assert!(ask(&mut held[0]).await.starts_with("HTTP/1.1 200"));
    // What is closed can be opened again, once the service has heard of it.
    drop(held.remove(0));
    loop {
        let mut again = connect_from("127.0.0.2").await;
        let last = format!("{HEAD}connection: close\r\n\r\n");
        let _ = again.write_all(last.as_bytes()).await;
        if rest(&mut again).await.starts_with("HTTP/1.1 200") {
            break;
        }
    }
}

#[tokio::test]
async fn connections_leave_files_to_the_database() {
    let dir = tempfile::tempdir().unwrap();
    // A shell, to have few files: 64 for the service, and 36 for its clients.
    let mut command = std::process::Command::new("sh");
    let program = mula(dir.path(), &["--port", "0", "--bcrypt-cost", "4"]);
    command.args(["-c", "ulimit -n 100; exec \"$0\" \"$@\""]);
    command.arg(program.get_program()).args(program.get_args());
    command.env_clear().current_dir(dir.path());
    let process = Serving::serve(command);
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(TcpStream::connect(process.address).await.unwrap());
    }
    let ready = "GET /health/ready HTTP/1.1\r\nhost: mula\r\n\r\n";

    // The first of them is served, with the database.
    held[0].write_all(ready.as_bytes()).await.unwrap();
    assert!(
        answer(&mut held[0])
            .await
            .starts_with("HTTP/1.1 200 OK\r\n")
    );
    // The last is, once the others have gone.
    let mut last = held.pop().unwrap();
    drop(held);
    last.write_all(ready.as_bytes()).await.unwrap();
    assert!(answer(&mut last).await.starts_with("HTTP/1.1 200 OK\r\n"));

    process.signal("TERM");
    let (code, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("fewer connections than CONNECTIONS"), "{log}");
}

#[tokio::test]
async fn connections_that_were_never_used_hold_up_no_stop() {
    let dir = tempfile::tempdir().unwrap();
    let flags = ["--port", "0", "--shutdown-timeout", "10m"];
    let process = Serving::serve(mula(dir.path(), &flags));
    let unused = TcpStream::connect(process.address).await.unwrap();
    // One that is accepted after it, and answered.
    let mut used = TcpStream::connect(process.address).await.unwrap();
    used.write_all(format!("{HEAD}\r\n").as_bytes())
        .await
        .unwrap();
    answer(&mut used).await;

    process.signal("TERM");

    let ended = timeout(PATIENCE, process.end()).await;
    assert_eq!(ended.expect("it waits for nobody").0, Some(0));
    drop(unused);
}

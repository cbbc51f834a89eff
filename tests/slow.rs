//! Clients that are slow, or take no answer: each is cut, and none holds up the others. None of it
//! depends on the database.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep, timeout},
};

use crate::support::{Answer, Database, Nobody, Server, Service, Serving, Told, Via, mula};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// As short as it may be.
const SHORT: &str = "100ms";

const HEAD: &str = "GET /health/live HTTP/1.1\r\nhost: mula\r\n";

async fn server(flags: &[&str]) -> Server {
    Server::start(Database::sqlite(), flags).await
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// All that comes until the connection is closed, which it has to be.
async fn rest(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = connection.read_to_end(&mut bytes);
    // Cut while bytes of ours are on their way is cut as well.
    let _ = timeout(PATIENCE, read).await.expect("it is closed");
    String::from_utf8(bytes).unwrap()
}

/// One answer to a request that asks for `/health/live`.
async fn answer(connection: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with("{\"status\":\"ok\"}") {
        let mut bytes = [0; 512];
        let read = timeout(PATIENCE, connection.read(&mut bytes))
            .await
            .unwrap();
        let read = read.unwrap();
        assert!(read > 0, "closed after {text:?}");
        text += std::str::from_utf8(&bytes[..read]).unwrap();
    }
    text
}

async fn assert_alive(server: &Server) {
    let answer = server
        .graphql(&Nobody, "{ advisors { name } }", json!({}))
        .await;
    assert_eq!(answer.data()["advisors"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let server = server(&["--header-timeout", SHORT]).await;
    let mut all = Vec::new();

    for start in [
        "G",
        HEAD,
        "POST /graphql HTTP/1.1\r\ncontent-length: 9\r\nx: ",
    ] {
        let mut connection = connect(&server).await;
        connection.write_all(start.as_bytes()).await.unwrap();
        all.push(connection);
    }
    assert_alive(&server).await;

    for mut connection in all {
        let text = rest(&mut connection).await;
        assert!(
            text.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
            "{text:?}"
        );
        assert!(text.contains("connection: close\r\n"), "{text:?}");
    }
}

#[tokio::test]
async fn a_head_that_trickles_is_not_waited_for() {
    let server = server(&["--header-timeout", SHORT]).await;
    let mut connection = connect(&server).await;
    connection.set_nodelay(true).unwrap();
    connection.write_all(HEAD.as_bytes()).await.unwrap();

    // A byte now and then for as long as it is listened to, as Slowloris does.
    let begun = Instant::now();
    while connection.write_all(b"x").await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it still listens");
        sleep(Duration::from_millis(10)).await;
    }

    assert_alive(&server).await;
}

#[tokio::test]
async fn the_next_head_has_as_long_as_the_first() {
    let server = server(&["--header-timeout", SHORT]).await;
    let mut connection = connect(&server).await;

    connection
        .write_all(format!("{HEAD}\r\n").as_bytes())
        .await
        .unwrap();
    answer(&mut connection).await;
    connection.write_all(HEAD.as_bytes()).await.unwrap();

    let text = rest(&mut connection).await;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text:?}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = server(&["--body-timeout", SHORT]).await;
    let mut connection = connect(&server).await;

    let head = "POST /graphql HTTP/1.1\r\nhost: mula\r\ncontent-type: application/json\r\n\
        content-length: 1000\r\n\r\n{\"query\": ";
    connection.write_all(head.as_bytes()).await.unwrap();

    let text = rest(&mut connection).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    assert_eq!(
        body["errors"][0]["message"],
        "The body took more than 100ms to arrive."
    );
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let server = server(&["--idle-timeout", SHORT]).await;

    let mut fresh = connect(&server).await;
    let mut used = connect(&server).await;
    used.write_all(format!("{HEAD}\r\n").as_bytes())
        .await
        .unwrap();
    answer(&mut used).await;

    assert_eq!(rest(&mut fresh).await, "");
    assert_eq!(rest(&mut used).await, "");
}

#[tokio::test]
async fn whoever_takes_no_answer_is_cut() {
    let server = server(&["--idle-timeout", SHORT]).await;
    let mut connection = connect(&server).await;
    // Asked for again and again, and never read.
    let request = "GET /graphiql/graphiql.js HTTP/1.1\r\nhost: mula\r\n\r\n";

    let asked = async { while connection.write_all(request.as_bytes()).await.is_ok() {} };

    timeout(PATIENCE, asked).await.expect("it is cut");
    assert_alive(&server).await;
}

#[tokio::test]
async fn streams_outlive_all_of_it() {
    let flags = [
        "--idle-timeout",
        SHORT,
        "--header-timeout",
        SHORT,
        "--request-timeout",
        SHORT,
    ];
    let server = server(&[&flags[..], &["--embedded-pace", "300"]].concat()).await;
    let ada = server.join("ada").await;
    let id = server.begin(&ada, "How long will this take?").await;

    for via in [Via::Socket, Via::Events] {
        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(via, &ada, &id, 0).await)
            .await;
        assert_eq!(told.status.as_deref(), Some("COMPLETED"));
    }
}

#[tokio::test]
async fn waiting_for_an_advisor_is_not_taking_too_long() {
    let flags = [
        "--request-timeout",
        SHORT,
        "--ask-wait",
        "1m",
        "--embedded-pace",
        "300",
    ];
    let server = server(&flags).await;
    let ada = server.join("ada").await;

    let begun = Instant::now();
    let reading = server.ask(&ada, "LEGBA", "How long will this take?").await;

    assert_eq!(reading["status"], "COMPLETED");
    assert!(begun.elapsed() > Duration::from_millis(100));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let server = server(&[]).await;
    let ada = server.join("ada").await;
    let flags = ["--request-timeout", SHORT, "--ask-wait", "0s"];
    let server = server.restart(&flags).await;
    // Somebody else writes, and does not stop.
    let mut options = sea_orm::ConnectOptions::new(server.database.url());
    options.max_connections(1).sqlx_logging(false);
    let other = sea_orm::Database::connect(options).await.unwrap();
    other.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();

    let query = "mutation { logout { revokedSessions } }";
    let answer = server.graphql(&ada, query, json!({})).await;

    assert_eq!(
        (answer.status, answer.code()),
        (500, "INTERNAL_SERVER_ERROR")
    );
    assert_eq!(
        answer.error()["extensions"]["requestId"],
        answer.header("x-request-id")
    );
    assert!(
        answer.message().contains("too long"),
        "{}",
        answer.message()
    );
    // It goes on without its client.
    other.execute_unprepared("ROLLBACK").await.unwrap();
    let begun = Instant::now();
    loop {
        let answer = server.graphql(&ada, "{ profile { id } }", json!({})).await;
        if answer.json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED" {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "it was not done");
    }
}

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

/// Whoever opens all connections they can locks nobody else out.
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
async fn heads_have_bounds() {
    let server = server(&[]).await;
    let many = "x: y\r\n".repeat(101);
    let large = format!("x: {}\r\n", "y".repeat(100_000));

    for headers in [many, large] {
        let mut connection = connect(&server).await;
        let head = format!("{HEAD}{headers}\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        let text = rest(&mut connection).await;
        assert!(text.starts_with("HTTP/1.1 431 "), "{text}");
    }
    let path = format!("/graphql?query={}", "x".repeat(70_000));
    let mut connection = connect(&server).await;
    connection
        .write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())
        .await
        .unwrap();
    assert!(rest(&mut connection).await.starts_with("HTTP/1.1 414 "));
    // As large as may be is read.
    let path = format!(
        "/graphql?query={{advisors{{name}}}}&x={}",
        "x".repeat(60_000)
    );
    let response = server.request("GET", &path).send().await.unwrap();
    Answer::of(response).await.data();
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

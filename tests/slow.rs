//! Clients that are slow, or take no answer: each is cut, and none holds up the others. None of it
//! depends on the database.

mod connections;

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::support::{Answer, Database, Nobody, Server, Service, Told, Via};

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

/// The bytes until the connection is closed, which it has to be.
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

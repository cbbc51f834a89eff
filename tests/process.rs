//! The program as it serves: from its first word to its exit code.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
};

use serde_json::{Value, json};

use crate::support::{Client, Database, Nobody, SECRET, Service, Serving, Told, Via, mula};

async fn graphql(address: SocketAddr, token: &str, query: &str) -> Value {
    let client = Client::new(address);
    let answer = client.graphql(token, &json!({ "query": query })).await;
    answer.data().clone()
}

const REGISTER: &str = "mutation { register(input: {
    email: \"ada@example.com\", username: \"ada\", password: \"correct horse\"
}) { user { id } } }";

const LOGIN: &str = "mutation { login(input: {
    email: \"ada@example.com\", password: \"correct horse\"
}) { accessToken } }";

const ASK: &str = "mutation { askAdvisor(input: {
    advisor: LEGBA, question: \"Which way from here?\"
}) { reading { id response } } }";

#[tokio::test]
async fn it_serves_the_whole_job_with_nothing_set() {
    let dir = tempfile::tempdir().unwrap();
    let command = || {
        // A free port, and cheaper passwords: the one setting that costs a test time.
        let mut command = mula(dir.path(), &[]);
        command.env("PORT", "0").env("BCRYPT_COST", "4");
        command
    };
    let process = Serving::serve(command());
    for (name, path) in [("web     ", "app"), ("GraphiQL", "graphiql")] {
        let line = format!("{name}  http://{}/{path}\n", process.address);
        assert!(process.output.contains(&line), "{}", process.output);
    }
    assert!(
        process.output.contains("data/mula.db"),
        "{}",
        process.output
    );

    graphql(process.address, "", REGISTER).await;
    let token = graphql(process.address, "", LOGIN).await["login"]["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let asked = graphql(process.address, &token, ASK).await["askAdvisor"]["reading"].clone();
    assert!(asked["response"].as_str().unwrap().len() > 100);

    let key = fs::metadata(dir.path().join("data/secret.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    assert!(dir.path().join("data/mula.db").is_file());
    process.signal("TERM");
    let (code, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");

    // Tomorrow it is all still there, and the token, too, is good.
    let process = Serving::serve(command());
    let query = "{ readings { nodes { id response } } }";
    assert_eq!(
        graphql(process.address, &token, query).await["readings"]["nodes"],
        json!([asked])
    );
    process.signal("INT");
    let (code, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn what_is_in_flight_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let process = Serving::serve(mula(dir.path(), &["--port", "0", "--bcrypt-cost", "4"]));
    let body = json!({ "query": REGISTER }).to_string();
    let mut connection = TcpStream::connect(process.address).unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: mula\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    let mut answer = BufReader::new(connection.try_clone().unwrap());
    let mut line = String::new();
    // Said once the body is waited for: the request is in flight.
    answer.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");

    process.signal("TERM");
    // No new ones are let in.
    while TcpStream::connect(process.address).is_ok() {
        tokio::task::yield_now().await;
    }
    connection.write_all(body.as_bytes()).unwrap();

    let mut text = String::new();
    answer.read_to_string(&mut text).unwrap();
    assert!(
        text.contains("HTTP/1.1 200 OK") && text.contains("\"user_"),
        "{text}"
    );
    let (code, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn who_has_connected_when_it_stops_is_answered_once_more() {
    let dir = tempfile::tempdir().unwrap();
    let process = Serving::serve(mula(dir.path(), &["--port", "0"]));
    // A load balancer's connections, which it keeps: one was used, one was not yet.
    let connect = || BufReader::new(TcpStream::connect(process.address).unwrap());
    let (mut used, fresh) = (connect(), connect());
    let ask = |connection: &mut BufReader<TcpStream>| {
        let request = "GET /health/live HTTP/1.1\r\nhost: mula\r\n\r\n";
        connection.get_mut().write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        while !answer.ends_with("{\"status\":\"ok\"}") {
            let mut byte = [0];
            connection.read_exact(&mut byte).unwrap();
            answer.push(char::from(byte[0]));
        }
        answer
    };
    assert!(!ask(&mut used).contains("connection: close"));

    process.signal("TERM");
    for mut connection in [used, fresh] {
        // Until it has heard of it: that answer is the last one, and says so.
        while !ask(&mut connection).contains("connection: close") {}
        assert_eq!(connection.read(&mut [0]).unwrap(), 0);
    }
    let (code, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn told_twice_it_stops_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let process = Serving::serve(mula(dir.path(), &["--port", "0", "--log-format", "text"]));
    // A request that never ends.
    let mut connection = TcpStream::connect(process.address).unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: mula\r\ncontent-type: application/json\r\n\
                content-length: 9\r\nexpect: 100-continue\r\n\r\n";
    connection.write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(connection.try_clone().unwrap())
        .read_line(&mut line)
        .unwrap();

    process.signal("TERM");
    while TcpStream::connect(process.address).is_ok() {
        tokio::task::yield_now().await;
    }
    process.signal("TERM");

    assert_eq!(process.end().await.0, Some(130));
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let process = Serving::serve(mula(
        dir.path(),
        &["--port", "0", "--shutdown-timeout", "100ms"],
    ));
    let mut connection = TcpStream::connect(process.address).unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: mula\r\ncontent-type: application/json\r\n\
                content-length: 9\r\nexpect: 100-continue\r\n\r\n";
    connection.write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(connection.try_clone().unwrap())
        .read_line(&mut line)
        .unwrap();

    process.signal("TERM");

    let (code, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("did not finish in time"), "{log}");
}

async fn line_of_a_request(format: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let process = Serving::serve(mula(dir.path(), &["--port", "0", "--log-format", format]));
    let client = Client::new(process.address);

    let request = client
        .request("POST", "/graphql")
        .header("x-request-id", "one-of-mine");
    let body = json!({ "query": "query Who { advisors { name } }", "operationName": "Who" });
    assert_eq!(request.json(&body).send().await.unwrap().status(), 200);

    process.signal("TERM");
    let (_, log) = process.end().await;
    let line = log.lines().find(|line| line.contains("/graphql"));
    line.unwrap_or_else(|| panic!("{log}")).to_owned()
}

#[tokio::test]
async fn every_request_has_its_log_line() {
    let line: Value = serde_json::from_str(&line_of_a_request("json").await).unwrap();
    assert_eq!(line["path"], "/graphql");
    assert_eq!(line["status"], 200);
    assert_eq!(line["operation"], "Who");
    assert_eq!(line["request_id"], "one-of-mine");

    let line = line_of_a_request("text").await;
    assert!(line.contains(r#" operation="Who" "#), "{line}");
    assert!(line.ends_with(" request_id=one-of-mine"), "{line}");
}

#[tokio::test]
async fn each_operation_has_a_line_that_says_what_it_took() {
    let dir = tempfile::tempdir().unwrap();
    let process = Serving::serve(mula(dir.path(), &["--port", "0", "--bcrypt-cost", "4"]));
    let member = process.join("ada").await;
    let client = Client::new(process.address);
    let mut socket = process.socket(&member).await;
    socket
        .subscribe("1", "query Mine { profile { id } }", json!({}))
        .await;
    while socket.message().await["type"] != "complete" {}
    let id = process.begin(&member, "What is in the line?").await;
    let mut updates = process.follow(Via::Events, &member, &id, 0).await;
    assert!(Told::default().listen(&mut updates, 1).await.is_none());
    drop(updates);
    let body = json!({ "query": "{ profile { id } }" });
    client.graphql(&Nobody, &body).await;

    process.signal("TERM");
    let (_, log) = process.end().await;
    // Standard error is no terminal: JSON, without being told.
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let line = |path: &str, field: &str, code: &str| {
        let found: Vec<_> = lines
            .iter()
            .filter(|line| {
                (&line["path"], &line["field"], &line["code"])
                    == (&path.into(), &field.into(), &code.into())
            })
            .collect();
        assert_eq!(found.len(), 1, "{path} {field} {code}: {log}");
        let line = found[0];
        assert!(line["ms"].is_f64(), "{line}");
        assert!(line["request_id"].is_string(), "{line}");
        line
    };
    // One statement finds session and user, if they are not known; a transaction begins and ends;
    // the token says who.
    let registered = line("/graphql", "register", "OK");
    assert!(registered["round_trips"].as_u64().unwrap() >= 1);
    assert_eq!(registered["user"], Value::Null);
    let read = line("/graphql/ws", "profile", "OK");
    assert!(read["round_trips"].as_u64().unwrap() <= 1, "{read}");
    let asked = line("/graphql", "askAdvisor", "OK");
    assert!(asked["round_trips"].as_u64().unwrap() > 3, "{asked}");
    assert_eq!(asked["user"], read["user"]);
    assert!(uuid::Uuid::parse_str(read["user"].as_str().unwrap()).is_ok());
    let followed = line("/graphql", "readingUpdates", "OK");
    assert!(followed["round_trips"].as_u64().unwrap() >= 1, "{followed}");
    let refused = line("/graphql", "profile", "UNAUTHENTICATED");
    assert_eq!(
        (&refused["round_trips"], &refused["user"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn it_serves_from_postgres_as_set_in_an_env_file() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let lines = format!(
        "DATABASE_URL='{}'\nSECRET_KEY={SECRET}\nPORT=0\nENVIRONMENT=production\n",
        database.url()
    );
    fs::write(database.dir().join(".env"), lines).unwrap();

    let process = Serving::serve(mula(database.dir(), &["serve", "--bcrypt-cost", "4"]));

    assert!(
        process.output.contains("(PostgreSQL)") && process.output.contains("GraphiQL  off"),
        "{}",
        process.output
    );
    graphql(process.address, "", REGISTER).await;
    process.signal("TERM");
    let (code, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(!database.dir().join("data").exists());
    assert_eq!(database.execute("DELETE FROM users").await, 1);
}

//! The program itself: its commands, its output, its exit codes.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use chrono::TimeDelta;
use clap::Args;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Client, Database, PASSWORD, SECRET, Server, on_both};

/// The program in a folder, with an environment of its own.
fn mula(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mula"));
    command
        .env_clear()
        // Where a run is measured, this is where the measurement goes.
        .envs(std::env::vars().filter(|(name, _)| name.starts_with("LLVM_")))
        .current_dir(dir)
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end, while the servers of this process go on.
async fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A served process, gone with the test.
struct Process {
    child: Child,
    output: String,
    address: SocketAddr,
}

impl Process {
    /// Starts it, and waits until it says where it is.
    fn serve(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut output = String::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            output += &format!("{line}\n");
            if line.contains("Ctrl-C") {
                break;
            }
        }
        let url = output
            .lines()
            .find_map(|line| line.trim().strip_prefix("GraphQL "));
        let Some(url) = url else {
            let mut log = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut log)
                .unwrap();
            panic!("it did not start: {output}{log}");
        };
        let address = url
            .trim()
            .strip_prefix("http://")
            .unwrap()
            .strip_suffix("/graphql")
            .unwrap();
        let address = address.parse().unwrap();
        Self {
            child,
            output,
            address,
        }
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(done.unwrap().success());
    }

    /// Waits for its end; returns the exit code and the log.
    async fn end(mut self) -> (Option<i32>, String) {
        let mut log = self.child.stderr.take().unwrap();
        let text = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).unwrap();
            text
        });
        let text = text.await.unwrap();
        (self.child.wait().unwrap().code(), text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

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
    let dir = folder();
    let command = || {
        // A free port, and cheaper passwords: the one setting that costs a test time.
        let mut command = mula(dir.path(), &[]);
        command.env("PORT", "0").env("BCRYPT_COST", "4");
        command
    };
    let process = Process::serve(command());
    assert!(
        process
            .output
            .contains(&format!("GraphiQL  http://{}/", process.address)),
        "{}",
        process.output
    );
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
    let process = Process::serve(command());
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
    let dir = folder();
    let process = Process::serve(mula(dir.path(), &["--port", "0", "--bcrypt-cost", "4"]));
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
async fn told_twice_it_stops_at_once() {
    let dir = folder();
    let process = Process::serve(mula(dir.path(), &["--port", "0", "--log-format", "text"]));
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
    let dir = folder();
    let process = Process::serve(mula(
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

#[tokio::test]
async fn every_request_has_its_log_line() {
    let dir = folder();
    let process = Process::serve(mula(dir.path(), &["--port", "0", "--log-format", "json"]));
    let client = Client::new(process.address);

    let request = client
        .request("POST", "/graphql")
        .header("x-request-id", "one-of-mine");
    let body = json!({ "query": "query Who { advisors { name } }", "operationName": "Who" });
    assert_eq!(request.json(&body).send().await.unwrap().status(), 200);

    process.signal("TERM");
    let (_, log) = process.end().await;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let line = lines
        .iter()
        .find(|line| line["path"] == "/graphql")
        .unwrap_or_else(|| panic!("{log}"));
    assert_eq!(line["status"], 200);
    assert_eq!(line["operation"], "Who");
    assert_eq!(line["span"]["id"], "one-of-mine");
}

#[tokio::test]
async fn help_lists_every_setting() {
    let (code, help, _) = run(mula(folder().path(), &["--help"])).await;

    assert_eq!(code, Some(0));
    let settings = mula::config::Given::augment_args(clap::Command::new("settings"));
    for setting in settings.get_arguments() {
        let flag = format!("--{} ", setting.get_long().unwrap());
        assert!(help.contains(&flag), "{flag} is not in {help}");
    }
    for command in ["serve", "migrate", "schema", "user", "session", "health"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
    assert!(!help.contains('\u{1b}'), "colours are for terminals");
}

#[tokio::test]
async fn wrong_settings_are_refused_all_at_once() {
    let dir = folder();
    let mut command = mula(dir.path(), &["--port", "none"]);
    command.env("BCRYPT_COST", "99");
    fs::write(dir.path().join(".env"), "LOG_FORMAT=xml\nBCRYPT_COST=4\n").unwrap();

    let (code, out, err) = run(command).await;

    assert_eq!((code, out.as_str()), (Some(2), ""));
    // The flag, the environment (before the file), and the file.
    for named in ["PORT=\"none\"", "BCRYPT_COST=\"99\"", "LOG_FORMAT=\"xml\""] {
        assert!(err.contains(named), "{named} is not in {err}");
    }
    assert!(!dir.path().join("data").exists());
    let mut production = mula(dir.path(), &["--log-format", "text"]);
    production.env("ENVIRONMENT", "production");
    let (code, _, err) = run(production).await;
    assert_eq!(code, Some(2));
    assert!(
        err.contains("SECRET_KEY") && err.contains("openssl rand"),
        "{err}"
    );
}

#[tokio::test]
async fn a_malformed_env_file_is_named() {
    let dir = folder();
    fs::write(dir.path().join(".env"), "PORT=0\nSECRET_KEY hush\n").unwrap();

    let (code, _, err) = run(mula(dir.path(), &[])).await;

    assert_eq!(code, Some(2));
    assert!(
        err.contains(".env") && err.contains("line 2") && !err.contains("hush"),
        "{err}"
    );
}

#[tokio::test]
async fn the_schema_is_printed_without_anything_else() {
    let dir = folder();
    let (code, out, err) = run(mula(dir.path(), &["schema"])).await;

    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, include_str!("../schema.graphql"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_is_no_command_is_refused() {
    for arguments in [
        &["destroy"][..],
        &["user"],
        &["migrate", "down", "--steps", "0"],
        &["--colour"],
    ] {
        let (code, out, err) = run(mula(folder().path(), arguments)).await;
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains("Usage") || err.contains("--help"), "{err}");
    }
}

/// A command over a server's database.
fn over(database: &Database, arguments: &[&str]) -> Command {
    let url = database.url();
    let mut command = mula(database.dir(), arguments);
    command.args(["--database-url", &url]);
    command
}

on_both! {
    async fn accounts_are_kept_by_command(server: Server) {
        let ada = server.join("ada").await;
        server.join("bea").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;
        let user = async |arguments: &[&str]| run(over(&server.database, &[&["user"], arguments].concat())).await;

        let (code, out, err) = user(&["list"]).await;
        assert_eq!(code, Some(0), "{err}");
        let lines: Vec<_> = out.lines().collect();
        let words = |line: &str| line.split_whitespace().take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(lines[1]), ["ada@example.com", "ada", "yes", "1"], "{out}");
        assert_eq!(words(lines[2]), ["bea@example.com", "bea", "yes", "1"], "{out}");

        // It takes hold of the running server at once.
        assert_eq!(user(&["deactivate", "ADA@example.com"]).await.0, Some(0));
        let profile = server.graphql(&ada, "{ profile { id } }", json!({})).await;
        assert_eq!(profile.code(), "FORBIDDEN");
        assert_eq!(server.log_in(&ada.email, PASSWORD).await.code(), "FORBIDDEN");
        assert!(user(&["list"]).await.1.contains("1 of them inactive"));

        assert_eq!(user(&["activate", "ada@example.com"]).await.0, Some(0));
        server.sign_in("ada").await;

        let (code, _, err) = user(&["delete", "ada@example.com"]).await;
        assert_eq!(code, Some(2));
        assert!(err.contains("--yes"), "{err}");
        server.sign_in("ada").await;
        assert_eq!(user(&["delete", "ada@example.com", "--yes"]).await.0, Some(0));
        assert_eq!(server.log_in(&ada.email, PASSWORD).await.code(), "UNAUTHENTICATED");

        for gone in [&["delete", "ada@example.com", "--yes"][..], &["activate", "ada@example.com"], &["deactivate", "nobody"]] {
            let (code, _, err) = user(gone).await;
            assert_eq!(code, Some(1), "{gone:?}");
            assert!(err.contains(gone[1]), "{err}");
        }
    }

    async fn expired_sessions_are_pruned_by_command(server: Server) {
        // Signed in the day before yesterday.
        server.clock.advance(-TimeDelta::hours(48));
        server.join("ada").await;
        server.sign_in("ada").await;
        server.clock.advance(TimeDelta::hours(48));
        let now = server.sign_in("ada").await;

        let (code, out, err) = run(over(&server.database, &["session", "prune"])).await;

        assert_eq!(code, Some(0), "{err}");
        assert!(out.starts_with("2 "), "{out}");
        assert!(run(over(&server.database, &["session", "prune"])).await.1.starts_with("0 "));
        server.graphql(&now, "{ profile { id } }", json!({})).await.data();
    }

    async fn steps_are_applied_and_taken_back_by_command(server: Server) {
        let database = server.stop().await;
        let migrate = async |arguments: &[&str]| run(over(&database, &[&["migrate"], arguments].concat())).await;
        let (code, out, _) = migrate(&["status"]).await;
        assert_eq!(code, Some(0));
        let steps = out.lines().filter(|line| line.contains("  m2")).count();
        assert!(steps >= 2 && out.contains(&format!("{steps} of {steps} steps applied")), "{out}");

        let (code, out, _) = migrate(&["down", "--steps", &steps.to_string()]).await;
        assert_eq!((code, out.matches("taken back").count()), (Some(0), steps), "{out}");
        // The other commands say what is missing, and do nothing.
        let (code, _, err) = run(over(&database, &["user", "list"])).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("mula migrate up"), "{err}");
        assert!(migrate(&["status"]).await.1.contains("not applied"));

        let (code, out, _) = migrate(&["up"]).await;
        assert_eq!((code, out.matches("applied now").count()), (Some(0), steps), "{out}");
        assert_eq!(migrate(&["up"]).await.1.matches("applied now").count(), 0);
        run(over(&database, &["user", "list"])).await;
    }

    async fn health_asks_the_running_server(server: Server) {
        let port = server.address().port().to_string();
        let health = async || run(mula(server.database.dir(), &["health", "--port", &port])).await;

        let (code, out, _) = health().await;
        assert_eq!(code, Some(0));
        assert!(out.contains("/health/ready"), "{out}");

        let database = server.stop().await;
        let (code, _, err) = run(mula(database.dir(), &["health", "--port", &port])).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("does not answer"), "{err}");
    }
}

#[tokio::test]
async fn health_says_why_a_server_is_not_ready() {
    let Some(server) = Server::on_postgres(&["--database-acquire-timeout", "500ms"]).await else {
        return;
    };
    server.database.take_away().await;

    let url = format!("http://{}/health/ready", server.address());
    let (code, _, err) = run(mula(server.database.dir(), &["health", "--url", &url])).await;

    assert_eq!(code, Some(1));
    assert!(
        err.contains("503") && err.contains("the database does not answer"),
        "{err}"
    );
}

#[tokio::test]
async fn a_command_without_its_database_says_which() {
    let url = "postgres://ann:hush@127.0.0.1:1/mula";
    let arguments = [
        "user",
        "list",
        "--database-url",
        url,
        "--database-acquire-timeout",
        "300ms",
    ];

    let (code, _, err) = run(mula(folder().path(), &arguments)).await;

    assert_eq!(code, Some(1));
    assert!(
        err.contains("mula at 127.0.0.1:1 as ann (PostgreSQL)") && !err.contains("hush"),
        "{err}"
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

    let process = Process::serve(mula(database.dir(), &["serve", "--bcrypt-cost", "4"]));

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

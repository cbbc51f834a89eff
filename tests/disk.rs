//! A disk that is full, and a database that nothing can be written to: what is stored is still
//! told, what cannot be stored is refused and was not begun, and when there is room again all goes
//! on, without a restart.

use serde_json::{Value, json};

use crate::support::{Answer, Database, Instance, Member, PASSWORD, Server, Service, Told, Via};

const HISTORY: &str = "{ profile {
    username usage { readingsToday } readings { totalCount nodes { id response } }
    sessions { id }
} }";

async fn ready(service: &impl Service) -> (u16, Value) {
    let answer = service.http("GET", "/health/ready").send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn history(service: &impl Service, who: &Member) -> Value {
    let answer = service.graphql(who, HISTORY, json!({})).await;
    answer.data()["profile"].clone()
}

/// A fault of ours, found in the log by its id, and nothing of what is inside.
#[track_caller]
fn assert_masked(answer: &Answer) {
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR", "{:#}", answer.json);
    let id = answer.error()["extensions"]["requestId"].as_str().unwrap();
    assert_eq!(answer.header("x-request-id"), id);
    let text = answer.json.to_string().to_lowercase();
    for inside in [
        "sql",
        "disk",
        "read-only",
        "readonly",
        "transaction",
        "space",
    ] {
        assert!(!text.contains(inside), "{inside:?} is in {text}");
    }
}

/// Every operation that would store something fails and stores nothing.
async fn assert_nothing_is_stored(service: &impl Service, who: &Member, reading: &str) {
    let account = async |operation: &str, of: &str, input: Value| {
        let query =
            format!("mutation ($input: {of}!) {{ {operation}(input: $input) {{ __typename }} }}");
        service
            .graphql(who, &query, json!({ "input": input }))
            .await
    };
    for _ in 0..2 {
        let new = json!({ "email": "bea@example.com", "username": "bea", "password": PASSWORD });
        assert_masked(&account("register", "RegisterInput", new).await);
        let login = json!({ "email": "ada@example.com", "password": PASSWORD });
        assert_masked(&account("login", "LoginInput", login).await);
        let other =
            json!({ "currentPassword": PASSWORD, "newPassword": "a whole new horse battery" });
        assert_masked(&account("changePassword", "ChangePasswordInput", other).await);
        assert_masked(
            &account(
                "deleteAccount",
                "DeleteAccountInput",
                json!({ "password": PASSWORD }),
            )
            .await,
        );
        let session = json!({ "id": who.session });
        assert_masked(&account("revokeSession", "RevokeSessionInput", session).await);
        for wait in [true, false] {
            let key = format!("no-room-{wait}");
            let more = json!({ "wait": wait, "idempotencyKey": key });
            assert_masked(
                &service
                    .ask_with(who, "Is there room for a question?", more)
                    .await,
            );
        }
        assert_masked(&service.regenerate(who, json!({ "id": reading })).await);
        assert_masked(&service.delete_reading(who, reading).await);
    }
}

/// Every operation that failed succeeds now, and had left nothing behind: not even its key was
/// used.
async fn assert_all_is_stored(service: &impl Service, who: &Member, reading: &str) {
    let before = history(service, who).await;
    service.join("bea").await;
    let asked = json!({ "idempotencyKey": "no-room-true" });
    service
        .ask_with(who, "Is there room for another one?", asked)
        .await
        .data();
    service
        .regenerate(who, json!({ "id": reading }))
        .await
        .data();
    let counted = history(service, who).await;
    let (count, today) = (
        &before["readings"]["totalCount"],
        &before["usage"]["readingsToday"],
    );
    let more = |count: &Value, more| json!(count.as_i64().unwrap() + more);
    assert_eq!(counted["readings"]["totalCount"], more(count, 1));
    assert_eq!(counted["usage"]["readingsToday"], more(today, 2));
    service.delete_reading(who, reading).await.data();
}

#[cfg(target_os = "linux")]
mod full {
    use std::{
        fs::{File, remove_file},
        io::Write,
        path::PathBuf,
        process::Command,
    };

    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    use super::*;
    use crate::support::{PROGRAM, Process};

    /// The reason why the program cannot write.
    #[derive(Clone, Copy, Debug)]
    enum Means {
        /// A file system that is full, of the program's own: only where one can be had.
        FileSystem,
        /// No file may grow.
        Growth,
        /// No byte may be written, also where there are some: as when a file system has been made
        /// read-only after an error, under who has files open there.
        Bytes,
    }

    impl Means {
        /// The program, in reach of what is to keep it from writing.
        async fn start(self, database: &Database, flags: &[&str]) -> Process {
            let mut command = match self {
                Self::FileSystem => {
                    let mut unshare = Command::new("unshare");
                    unshare.args(["-r", "-m", "sh", "-c"]);
                    unshare
                }
                Self::Growth | Self::Bytes => {
                    let mut shell = Command::new("sh");
                    shell.arg("-c");
                    shell
                }
            };
            let dir = database.dir().display();
            match self {
                Self::FileSystem => command.arg(format!(
                    r#"mount -t tmpfs -o size=8m full '{dir}' && cd '{dir}' && exec "$0" "$@""#
                )),
                // By default the system ends a process that writes past its limit.
                Self::Growth | Self::Bytes => command.arg(r#"trap '' XFSZ; exec "$0" "$@""#),
            };
            command.arg(PROGRAM);
            Process::start_by(command, database, flags).await
        }

        fn fill(self, process: &Process, database: &Database) {
            match self {
                Self::FileSystem => {
                    let mut file = File::create(filler(process, database)).unwrap();
                    for size in [1 << 16, 1 << 12, 1] {
                        while file.write_all(&vec![0; size]).is_ok() {}
                    }
                }
                Self::Growth => {
                    let wal = database.dir().join("mula.db-wal");
                    limit(process, Some(wal.metadata().unwrap().len()));
                }
                Self::Bytes => limit(process, Some(0)),
            }
        }

        fn make_room(self, process: &Process, database: &Database) {
            match self {
                Self::FileSystem => remove_file(filler(process, database)).unwrap(),
                Self::Growth | Self::Bytes => limit(process, None),
            }
        }
    }

    /// A file on the program's own file system.
    fn filler(process: &Process, database: &Database) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", process.pid()));
        root.join(database.dir().strip_prefix("/").unwrap())
            .join("filler")
    }

    fn limit(process: &Process, bytes: Option<u64>) {
        let pid = Pid::from_raw(process.pid().cast_signed());
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(pid, Resource::Fsize, limit).unwrap();
    }

    async fn refuses_and_recovers(means: Means) {
        let database = Database::sqlite();
        let process = means.start(&database, &["--embedded-pace", "60"]).await;
        let ada = process.join("ada").await;
        let asked = process
            .ask_with(&ada, "Which way from here?", json!({}))
            .await;
        let reading = asked.data()["askAdvisor"]["reading"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let writing = process.begin(&ada, "And where to after that?").await;
        let mut told = Told::default();
        let mut follower = process.follow(Via::Events, &ada, &writing, 0).await;
        assert!(told.listen(&mut follower, 1).await.is_none());
        let before = history(&process, &ada).await;

        means.fill(&process, &database);
        assert_nothing_is_stored(&process, &ada, &reading).await;

        // What is stored is told as ever, and a load balancer has nowhere better to go.
        let full = history(&process, &ada).await;
        assert_eq!(full["usage"], before["usage"]);
        assert_eq!(full["sessions"], before["sessions"]);
        assert_eq!(full["readings"]["nodes"][1], before["readings"]["nodes"][1]);
        assert_eq!(full["readings"]["totalCount"], 2);
        assert_eq!(ready(&process).await.0, 200);

        means.make_room(&process, &database);
        // What was being written is written to its end: the very words that were told.
        told.listen_to_end(&mut follower).await;
        assert_eq!(told.status.as_deref(), Some("COMPLETED"));
        assert_eq!(process.reading(&ada, &writing).await["response"], told.text);
        assert_all_is_stored(&process, &ada, &reading).await;

        if !matches!(means, Means::FileSystem) {
            let known = history(&process, &ada).await;
            process.kill();
            let process = Process::start(&database, &[]).await;
            assert_eq!(history(&process, &ada).await, known);
            assert_eq!(process.reading(&ada, &writing).await["response"], told.text);
        }
    }

    #[tokio::test]
    async fn a_full_file_system() {
        let own = Command::new("unshare")
            .args(["-r", "-m", "mount", "-t", "tmpfs", "x", "/mnt"])
            .stderr(std::process::Stdio::null())
            .status();
        if own.is_ok_and(|status| status.success()) {
            refuses_and_recovers(Means::FileSystem).await;
        } else {
            eprintln!("no file system of our own is to be had here: left out");
        }
    }

    #[tokio::test]
    async fn files_that_cannot_grow() {
        refuses_and_recovers(Means::Growth).await;
    }

    #[tokio::test]
    async fn files_that_cannot_be_written() {
        refuses_and_recovers(Means::Bytes).await;
    }
}

/// As a standby is, or a primary that its operator has closed: answered by reading, and not ready,
/// so that a load balancer turns to an instance that can write.
#[tokio::test]
async fn a_postgres_that_is_read_only() {
    let Some(server) = Server::on_postgres(&["--embedded-pace", "60"]).await else {
        return;
    };
    let other = Instance::beside(&server, &[]).await;
    let ada = Service::join(&server, "ada").await;
    let asked = server
        .ask_with(&ada, "Which way from here?", json!({}))
        .await;
    let reading = asked.data()["askAdvisor"]["reading"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let writing = server.begin(&ada, "And where to after that?").await;
    let mut told = Told::default();
    let mut follower = server.follow(Via::Socket, &ada, &writing, 0).await;
    assert!(told.listen(&mut follower, 1).await.is_none());
    let before = history(&server, &ada).await;

    server.database.set_read_only(true).await;
    assert_nothing_is_stored(&server, &ada, &reading).await;

    let read_only = history(&server, &ada).await;
    assert_eq!(read_only["usage"], before["usage"]);
    assert_eq!(read_only["sessions"], before["sessions"]);
    assert_eq!(read_only["readings"]["totalCount"], 2);
    let why = json!({ "status": "unavailable", "reason": "the database is read-only" });
    assert_eq!(ready(&server).await, (503, why.clone()));
    // An idle connection that was cut may be the first it tries.
    let mut said = ready(&other).await;
    while said.1["reason"] == "the database does not answer" {
        said = ready(&other).await;
    }
    assert_eq!(said, (503, why));

    server.database.set_read_only(false).await;
    told.listen_to_end(&mut follower).await;
    assert_eq!(told.status.as_deref(), Some("COMPLETED"));
    assert_eq!(server.reading(&ada, &writing).await["response"], told.text);
    assert_eq!(ready(&server).await.0, 200);
    assert_all_is_stored(&server, &ada, &reading).await;
}

//! Starts: with a database that is not there yet, one that is newer, one that cannot be used.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{
    Client, Cluster, Database, Instance, SECRET, Server, Service, Serving, mula, on_both, run,
};

/// A step of a version to come: additive, as all steps are.
const NEXT: [&str; 4] = [
    "ALTER TABLE readings ADD COLUMN mood VARCHAR(20)",
    "ALTER TABLE users ADD COLUMN temper VARCHAR(20) NOT NULL DEFAULT 'even'",
    "CREATE TABLE moods (name VARCHAR(20) PRIMARY KEY)",
    "INSERT INTO seaql_migrations VALUES ('m29990101_000001_moods', 0)",
];

on_both! {
    // The rolling update of docs/upgrade.md, with this version as the old one: its instances run on
    // while the tables grow, restart on them, and take part in all that they took part in before.
    async fn an_older_version_runs_on_newer_tables(server: Server) {
        let ada = server.join("ada").await;
        let before = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let (done, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let traffic = {
            let (client, token) = (Client::new(server.address()), ada.token.clone());
            let (done, asked) = (done.clone(), asked.clone());
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let ask = "mutation { askAdvisor(input: {advisor: OSHUN, question: \"Will the river rise?\"}) {
                        reading { status } } }";
                    for query in [ask, "{ readings { totalCount nodes { question response } } profile { email } }"] {
                        let answer = client.graphql(token.as_str(), &json!({ "query": query })).await;
                        answer.data();
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        };
        let some_more = async || {
            let so_far = asked.load(Ordering::Relaxed);
            while asked.load(Ordering::Relaxed) < so_far + 6 && !traffic.is_finished() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };

        some_more().await;
        for step in NEXT {
            server.database.execute(step).await;
            some_more().await;
        }
        // An instance of the old version restarts meanwhile, or the image is rolled back.
        let restarted = Instance::beside(&server, &[]).await;
        let id = before["id"].as_str().unwrap();
        assert_eq!(restarted.reading(&ada, id).await["status"], "COMPLETED");
        restarted.ask_with(&ada, "And now?", json!({})).await.data();
        restarted.join("bea").await;
        some_more().await;
        done.store(true, Ordering::Relaxed);
        traffic.await.unwrap();
        restarted.stop().await;

        // Its commands work too, and say what they found.
        let list = crate::commands::over(&server.database, &["user", "list"]);
        assert_eq!(run(list).await.0, Some(0));
        let status = run(crate::commands::over(&server.database, &["migrate", "status"])).await.1;
        assert!(status.contains("newer        m29990101_000001_moods"), "{status}");
        let database = server.stop().await;
        let mut command = mula(database.dir(), &["serve"]);
        command.args(database.flags(&["--log-format", "text"]));
        let serving = Serving::serve(command);
        serving.signal("TERM");
        let (code, log) = serving.end().await;
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("the database schema is newer than this version"), "{log}");
        assert!(log.contains("m29990101_000001_moods"), "{log}");

        // Some of this version's steps missing as well: neither version made that.
        database.execute("DELETE FROM seaql_migrations WHERE version LIKE '%000001_accounts'").await;
        let (code, _, err) = run(crate::commands::over(&database, &["migrate", "up"])).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("m29990101_000001_moods") && err.contains("lacks some"), "{err}");
    }
}

#[tokio::test]
async fn a_start_logs_a_line_for_each_migration() {
    let dir = tempfile::tempdir().unwrap();
    let serve = || Serving::serve(mula(dir.path(), &["--port", "0", "--log-format", "text"]));
    let serving = serve();
    serving.signal("TERM");
    let (_, log) = serving.end().await;
    let steps = log.matches("migration applied").count();
    assert!(steps >= 9, "{log}");
    assert!(!log.contains("sea_orm_migration"), "{log}");
    let serving = serve();
    serving.signal("TERM");
    let (_, log) = serving.end().await;
    assert!(!log.contains("migration"), "{log}");
}

#[tokio::test]
async fn a_start_waits_for_its_database() {
    let Some(cluster) = Cluster::alone("").await else {
        return;
    };
    let database = Database::on(cluster).await;
    cluster.crash().await;
    let command = |wait: &str| {
        let mut command = mula(database.dir(), &["serve", "--log-format", "text"]);
        command.args(database.flags(&["--database-wait", wait]));
        command
    };
    let began = Instant::now();
    let (code, _, err) = run(command("0s")).await;
    assert_eq!(code, Some(1));
    assert!(
        err.contains("no PostgreSQL listens on the Unix socket in"),
        "{err}"
    );
    assert!(began.elapsed() < Duration::from_secs(30), "at once");

    let [out, log] = ["out", "log"].map(|name| database.dir().join(name));
    let written = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let says = async |path: &Path, words: &str| {
        let until = Instant::now() + Duration::from_mins(2);
        while !written(path).contains(words) {
            assert!(Instant::now() < until, "{}", written(path));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut process = command("2m")
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    says(&log, "waiting for the database").await;
    cluster.recover().await;
    says(&out, "Stop with Ctrl-C.").await;
    process.kill().unwrap();
    process.wait().unwrap();
    let log = written(&log);
    for line in ["waiting for the database", "the database answers"] {
        assert_eq!(log.matches(line).count(), 1, "{log}");
    }
}

/// How it refuses to start, and what doctor says of the same.
async fn refused(url: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let flags = [
        "--database-url",
        url,
        "--database-wait",
        "0s",
        "--secret-key",
        SECRET,
    ];
    let (code, out, err) = run(mula(dir.path(), &[&["serve"], &flags[..]].concat())).await;
    assert_eq!(code, Some(1), "{out}{err}");
    let (code, doctor, _) = run(mula(
        dir.path(),
        &[&["doctor", "--port", "0"], &flags[..]].concat(),
    ))
    .await;
    assert_eq!(code, Some(1), "{doctor}");
    let (_, list, _) = run(mula(dir.path(), &[&["user", "list"], &flags[..]].concat())).await;
    for said in [&err, &doctor, &list] {
        assert!(!said.contains("hush"), "{said}");
        assert!(
            !said.contains("at line"),
            "a line of PostgreSQL's source: {said}"
        );
    }
    assert!(
        doctor
            .lines()
            .any(|line| line.starts_with("failed   database")),
        "{doctor}"
    );
    err
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_explained() {
    let hba = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        hba.path(),
        "local all ann scram-sha-256\nlocal all all trust\n",
    )
    .unwrap();
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(hba.path(), readable).unwrap();
    let more = format!("-c hba_file={}", hba.path().display());
    let Some(cluster) = Cluster::alone(&more).await else {
        return;
    };
    let database = Database::on(cluster).await;
    database
        .execute("CREATE ROLE ann LOGIN PASSWORD 'hushhush'")
        .await;
    database.execute("CREATE ROLE visitor LOGIN").await;
    let empty = cluster.url(&cluster.empty().await);

    for (url, words) in [
        (
            "postgres://ann:hush@127.0.0.1:1/mula".to_owned(),
            &["nothing listens at 127.0.0.1:1", "DATABASE_URL"][..],
        ),
        (
            "postgres://ann:hush@no-such-host.invalid/mula".to_owned(),
            &[
                "\"no-such-host.invalid\" of DATABASE_URL does not resolve",
                "%40",
            ],
        ),
        (
            "postgres://ann:hush@localhost/mula?host=/nope".to_owned(),
            &["Unix socket in /nope", "DATABASE_URL"],
        ),
        (
            database.url().replace("mula@", "ann:hush@"),
            &["rejected the password of the user \"ann\"", "%40"],
        ),
        (
            cluster.url("nowhere"),
            &[
                "\"nowhere\" does not exist",
                "CREATE DATABASE \"nowhere\" OWNER \"mula\";",
            ],
        ),
        (
            empty.replace("mula@", "visitor@"),
            &[
                "\"visitor\"",
                "permission denied for schema public",
                "GRANT ALL ON SCHEMA",
            ],
        ),
    ] {
        let said = refused(&url).await;
        for word in words {
            assert!(said.contains(word), "{word} is not in {said}");
        }
    }
}

#[tokio::test]
async fn only_serve_and_migrate_up_make_a_database() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("all.jsonl"), "").unwrap();
    for command in [
        &["user", "list"][..],
        &["user", "activate", "ada@example.com"],
        &["session", "prune"],
        &["migrate", "status"],
        &["migrate", "down"],
        &["import", "all.jsonl"],
        &["import", "gone.jsonl"],
        &["export"],
        &["backup", "copy.db"],
        &[
            "import-original",
            "--from",
            "postgres://ann@127.0.0.1:1/old",
        ],
    ] {
        let (code, out, err) = run(mula(dir.path(), command)).await;
        assert_eq!(code, Some(1), "{command:?}: {out}{err}");
        assert!(
            err.contains("There is no database data/mula.db") && err.contains("DATABASE_URL"),
            "{command:?}: {err}"
        );
        assert!(!dir.path().join("data").exists(), "{command:?}");
    }
    let (code, _, err) = run(mula(dir.path(), &["migrate", "up"])).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(dir.path().join("data/mula.db").exists());
}

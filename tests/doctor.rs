//! `mula doctor`: its findings, and that it changes nothing.

mod model;

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use crate::support::{Database, SECRET, Server, mula, on_both, run};

/// Its output and exit code.
struct Said {
    code: Option<i32>,
    text: String,
}

impl Said {
    async fn by(command: Command) -> Self {
        let (code, text, err) = run(command).await;
        let failed = text
            .lines()
            .filter(|line| line.starts_with("failed "))
            .count();
        assert_eq!(code, Some(i32::from(failed > 0)), "{text}{err}");
        Self { code, text }
    }

    /// The lines on a subject, each with its state.
    fn of(&self, about: &str) -> Vec<(&str, &str)> {
        self.text
            .lines()
            .filter_map(|line| {
                let (state, rest) = line.split_once(' ')?;
                let (subject, said) = rest.trim_start().split_once(' ')?;
                (subject == about).then_some((state, said.trim_start()))
            })
            .collect()
    }

    /// That there is one line on the subject, in this state, with these words.
    #[track_caller]
    fn has(&self, state: &str, about: &str, words: &str) {
        let lines = self.of(about);
        assert!(
            matches!(lines[..], [(found, said)] if found == state && said.contains(words)),
            "{state}, {about}, {words:?} is not in:\n{}",
            self.text
        );
    }
}

/// The doctor over a database, at any free port unless it is another.
async fn doctor(database: &Database, more: &[&str]) -> Said {
    let mut command = mula(database.dir(), &["doctor"]);
    command.args(database.flags(more));
    Said::by(command).await
}

/// The doctor in a folder where nothing is set but the port.
async fn doctor_in(folder: &Path, more: &[&str]) -> Said {
    Said::by(mula(folder, &[&["doctor", "--port", "0"], more].concat())).await
}

/// Writes over pages in the middle of a SQLite file that no server has open.
pub fn damage(database: &Database) {
    let path = database.dir().join("mula.db");
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    assert!(length > 8 * 4096, "there is a middle");
    file.seek(SeekFrom::Start(3 * 4096)).unwrap();
    let rest = usize::try_from(length).unwrap() - 3 * 4096;
    file.write_all(&vec![0xA5; rest]).unwrap();
}

on_both! {
    async fn a_running_service_is_well(server: Server) {
        let port = server.address().port().to_string();

        let said = doctor(&server.database, &["--port", &port]).await;

        assert_eq!(said.code, Some(0), "{}", said.text);
        said.has("ok", "settings", "all are right");
        said.has("ok", "secret", "SECRET_KEY has 43 bytes");
        said.has("ok", "database", "can be written to");
        said.has("ok", "clock", "agrees with");
        said.has("ok", "migrations", "all steps are applied");
        said.has("ok", "knowledge", "can be read");
        said.has("ok", "model", "the built-in advisor answers");
        said.has("ok", "port", "a Mula serves at");
        assert_eq!(said.of("disk").len(), 1, "{}", said.text);
    }

    async fn steps_that_are_missing_and_steps_that_are_unknown(server: Server) {
        let database = server.stop().await;
        let down = ["migrate", "down", "--yes"];
        assert_eq!(run(crate::commands::over(&database, &down)).await.0, Some(0));

        let said = doctor(&database, &[]).await;

        said.has("warning", "migrations", "mula migrate up");
        assert_eq!(said.code, Some(0));
        database.execute("INSERT INTO seaql_migrations VALUES ('m29990101_000001_later', 0)").await;
        let said = doctor(&database, &[]).await;
        said.has("failed", "migrations", "m29990101_000001_later");
    }
}

#[tokio::test]
async fn with_nothing_set_it_finds_nothing_and_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();

    let said = doctor_in(dir.path(), &[]).await;

    assert_eq!(said.code, Some(0), "{}", said.text);
    said.has("ok", "database", "is not there yet");
    said.has("ok", "secret", "the first start makes one");
    said.has("ok", "port", "any free one");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn every_wrong_setting_is_named_and_the_rest_is_looked_at() {
    let dir = tempfile::tempdir().unwrap();

    let said = doctor_in(dir.path(), &["--bcrypt-cost", "99", "--page-size", "0"]).await;

    let settings = said.of("settings");
    assert_eq!(settings.len(), 2, "{}", said.text);
    assert!(settings.iter().all(|(state, _)| *state == "failed"));
    said.has("ok", "database", "is not there yet");
    said.has("ok", "port", "any free one");
    let said = doctor_in(dir.path(), &["--environment", "production"]).await;
    said.has("failed", "settings", "openssl rand");
}

#[tokio::test]
async fn others_are_let_in_by_production_only() {
    let dir = tempfile::tempdir().unwrap();
    let public = ["--host", "0.0.0.0"];
    let said = doctor_in(dir.path(), &public).await;
    said.has("warning", "settings", "ENVIRONMENT=production");
    let production = ["--environment", "production", "--secret-key", SECRET];
    let said = doctor_in(dir.path(), &[&public[..], &production].concat()).await;
    said.has("ok", "settings", "all are right");
}

#[tokio::test]
async fn a_secret_that_is_weak_or_open_to_others() {
    let dir = tempfile::tempdir().unwrap();
    let typed = "correct horse battery staple, they say";
    let said = doctor_in(dir.path(), &["--secret-key", typed]).await;
    said.has("warning", "secret", "openssl rand");
    assert!(!said.text.contains(typed));

    fs::create_dir(dir.path().join("data")).unwrap();
    let file = dir.path().join("data/secret.key");
    fs::write(&file, SECRET).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let said = doctor_in(dir.path(), &[]).await;
    said.has("warning", "secret", "chmod 600 data/secret.key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let said = doctor_in(dir.path(), &[]).await;
    said.has("ok", "secret", "data/secret.key has 43 bytes");
    fs::write(&file, "short").unwrap();
    let said = doctor_in(dir.path(), &[]).await;
    said.has("failed", "settings", "shorter than 32 bytes");
}

#[tokio::test]
async fn a_file_that_is_no_database_or_damaged_or_orphaned() {
    let database = Database::sqlite();
    let path = database.dir().join("mula.db");
    fs::write(&path, "something else altogether").unwrap();
    let said = doctor(&database, &[]).await;
    said.has("failed", "database", "cannot be opened");

    fs::remove_file(&path).unwrap();
    let server = Server::start(database, &[]).await;
    let ada = server.join("ada").await;
    for n in 0..20 {
        server
            .ask(&ada, "LEGBA", &format!("Question number {n}?"))
            .await;
    }
    let database = server.stop().await;
    database
        .execute(
            "PRAGMA foreign_keys = off; INSERT INTO usage_days VALUES (x'00', '2026-01-01', 1)",
        )
        .await;
    let said = doctor(&database, &[]).await;
    said.has(
        "failed",
        "database",
        "rows in usage_days whose owner is gone",
    );

    damage(&database);
    let said = doctor(&database, &[]).await;
    let lines = said.of("database");
    assert_eq!(lines.len(), 1, "{}", said.text);
    assert_eq!(lines[0].0, "failed", "{}", said.text);
}

#[tokio::test]
async fn a_file_that_another_program_holds_locked() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let database = server.stop().await;
    let db = mula::db::Database::connect(&database.settings(&[]).database)
        .await
        .unwrap();
    let lock = db.begin().await.unwrap();

    let said = doctor(&database, &[]).await;

    said.has("failed", "database", "cannot be written to");
    lock.rollback().await.unwrap();
    db.close().await;
    let said = doctor(&database, &[]).await;
    said.has("ok", "database", "can be written to");
}

#[tokio::test]
async fn a_server_that_is_away_or_takes_no_writes() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let url = "postgres://ann:hush@127.0.0.1:1/mula";
    let patience = ["--database-acquire-timeout", "300ms"];
    let said = doctor(
        &database,
        &[&["--database-url", url], &patience[..]].concat(),
    )
    .await;
    said.has(
        "failed",
        "database",
        "mula at 127.0.0.1:1 as ann (PostgreSQL) cannot be opened",
    );
    assert!(!said.text.contains("hush"), "{}", said.text);

    let said = doctor(&database, &["--database-pool-size", "900"]).await;
    said.has("warning", "database", "DATABASE_POOL_SIZE=900 is more than");

    database.execute("CREATE ROLE visitor LOGIN").await;
    let visitors = database.url().replace("mula@", "visitor@");
    let said = doctor(&database, &["--database-url", &visitors]).await;
    assert!(
        said.of("database")
            .iter()
            .any(|(state, said)| *state == "failed" && said.contains("GRANT")),
        "{}",
        said.text
    );

    set(&database, "default_transaction_read_only = on").await;
    let said = doctor(&database, &[]).await;
    said.has("failed", "database", "can only be read");
}

#[tokio::test]
async fn a_server_with_another_time() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    // Found before the system's own.
    set(&database, "search_path = public, pg_catalog").await;
    for (apart, state, words) in [
        (
            "+ interval '5 seconds'",
            "warning",
            "s behind the database's",
        ),
        ("- interval '1 hour'", "failed", "s ahead of the database's"),
    ] {
        database
            .execute(&format!(
                "CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz
                    LANGUAGE sql AS 'SELECT pg_catalog.clock_timestamp() {}'",
                apart.replace('\'', "''")
            ))
            .await;
        let said = doctor(&database, &[]).await;
        said.has(state, "clock", words);
    }
}

/// Sets something for all later connections to a PostgreSQL database.
async fn set(database: &Database, what: &str) {
    database
        .execute(&format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {what}', current_database()); END $$"
        ))
        .await;
}

#[tokio::test]
async fn knowledge_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("legba.toml"), "nothing of the kind").unwrap();

    let folder = dir.path().to_str().unwrap();
    let said = doctor_in(dir.path(), &["--knowledge-dir", folder]).await;

    said.has("failed", "knowledge", "legba.toml");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("data"), "not a folder").unwrap();

    let said = doctor_in(dir.path(), &[]).await;

    said.has("failed", "disk", "data cannot be written to");
}

#[tokio::test]
async fn a_port_that_is_taken_or_cannot_be_had() {
    let dir = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    tokio::spawn(async move {
        // Whoever comes is sent away without a word.
        while taken.accept().await.is_ok() {}
    });
    let doctor =
        async |more: &[&str]| Said::by(mula(dir.path(), &[&["doctor"], more].concat())).await;

    let said = doctor(&["--port", &port]).await;
    said.has("failed", "port", "another program listens on 127.0.0.1:");

    let said = doctor(&["--host", "192.0.2.1"]).await;
    said.has("failed", "port", "192.0.2.1:8000 cannot be listened on");
}

#[tokio::test]
async fn a_service_that_is_not_ready() {
    let Some(server) = Server::on_postgres(&["--database-acquire-timeout", "3s"]).await else {
        return;
    };
    server.database.take_away().await;

    let port = server.address().port().to_string();
    let patience = ["--port", &port, "--database-acquire-timeout", "3s"];
    let said = doctor(&server.database, &patience).await;

    said.has("failed", "database", "cannot be opened");
    said.has("warning", "port", "is not ready");
}

//! Secrets at rest and in what is printed: permissions of files, traces of deleted users, passwords
//! in database URLs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use futures_util::StreamExt;
use serde_json::json;

use crate::support::{Member, PASSWORD, PROGRAM, SECRET, Service, Serving, mula, run};

/// The program in a folder, with a umask that takes nothing away.
fn unmasked(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| name.starts_with("LLVM_")))
        .current_dir(dir)
        .args(["-c", "umask 000; exec \"$0\" \"$@\"", PROGRAM])
        .args(arguments)
        .stdin(Stdio::null());
    command
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

const FILES: [&str; 4] = ["mula.db", "mula.db-wal", "mula.db-shm", "secret.key"];

const SERVE: [&str; 5] = ["serve", "--port", "0", "--bcrypt-cost", "4"];

#[tokio::test]
async fn what_is_kept_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let is_private = || {
        assert_eq!(mode(&data), 0o700, "{data:?}");
        for file in FILES {
            assert_eq!(mode(&data.join(file)), 0o600, "{file}");
        }
    };

    let serving = Serving::serve(unmasked(dir.path(), &SERVE));
    serving.join("ada").await;
    is_private();
    let backup = run(unmasked(dir.path(), &["backup", "copy.db"])).await;
    assert_eq!(backup.0, Some(0), "{backup:?}");
    let export = run(unmasked(dir.path(), &["export", "--output", "all.jsonl"])).await;
    assert_eq!(export.0, Some(0), "{export:?}");
    for file in ["copy.db", "all.jsonl"] {
        assert_eq!(mode(&dir.path().join(file)), 0o600, "{file}");
    }

    // As earlier versions left them, and after an end that leaves all files.
    serving.signal("KILL");
    serving.end().await;
    chmod(&data, 0o755);
    for file in FILES {
        chmod(&data.join(file), 0o644);
    }
    let (_, said, _) = run(mula(dir.path(), &["doctor", "--port", "0"])).await;
    let warned: Vec<_> = said
        .lines()
        .filter(|line| line.contains("other users can read"))
        .collect();
    assert_eq!(warned.len(), 1, "{said}");
    for file in ["data", "mula.db", "mula.db-wal", "secret.key"] {
        assert!(warned[0].contains(file), "{file} is not in {said}");
    }
    assert!(warned[0].starts_with("warning"), "{said}");
    assert_eq!(mode(&data), 0o755, "it changes nothing");

    let serving = Serving::serve(unmasked(dir.path(), &SERVE));
    is_private();
    serving.signal("TERM");
    let (_, log) = serving.end().await;
    assert_eq!(
        log.matches("permissions of other users removed").count(),
        1,
        "{log}"
    );
    let (_, said, _) = run(mula(dir.path(), &["doctor", "--port", "0"])).await;
    assert!(!said.contains("other users"), "{said}");
}

/// A folder that is everybody's, or that we run in, is nobody's to lock.
#[tokio::test]
async fn a_shared_folder_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let shared = dir.path().join("shared");
    let around = dir.path().join("around");
    fs::create_dir(&shared).unwrap();
    fs::create_dir(&around).unwrap();
    for (folder, permissions, runs_in, data_dir) in [
        (&shared, 0o1777, dir.path(), "shared"),
        (&around, 0o755, around.as_path(), "."),
    ] {
        chmod(folder, permissions);

        let serving = Serving::serve(unmasked(
            runs_in,
            &[&SERVE[..], &["--data-dir", data_dir]].concat(),
        ));

        assert_eq!(mode(folder), permissions);
        assert_eq!(mode(&folder.join("mula.db")), 0o600);
        drop(serving);
    }
}

/// Where any of these stands in the database's files.
fn traces(data: &Path, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for file in ["mula.db", "mula.db-wal"] {
        let bytes = fs::read(data.join(file)).unwrap_or_default();
        for text in texts {
            if bytes
                .windows(text.len())
                .any(|some| some == text.as_bytes())
            {
                found.push(format!("{text} in {file}"));
            }
        }
    }
    found
}

async fn asks(serving: &Serving, who: &Member, name: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for n in 0..12 {
        let question = format!("Whither does {name} go from crossroads number {n}?");
        serving.ask_with(who, &question, json!({})).await.data();
        texts.push(question);
    }
    texts.push(format!("{name}@example.com"));
    texts
}

#[tokio::test]
async fn nothing_of_a_deleted_user_stays_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let more = [
        "--login-rate",
        "off",
        "--register-rate",
        "off",
        "--ask-rate",
        "off",
        "--readings-per-day",
        "0",
    ];
    let serving = Serving::serve(mula(dir.path(), &[&SERVE[..], &more].concat()));
    let (ada, bea) = (serving.join("ada").await, serving.join("bea").await);
    let carl = serving.join("carl").await;
    let of_ada = asks(&serving, &ada, "ada").await;
    let of_carl = asks(&serving, &carl, "carl").await;
    let of_bea = asks(&serving, &bea, "bea").await;
    let (_, export, _) = run(mula(dir.path(), &["export"])).await;
    let hash_of = |email: &str| {
        let line = export
            .lines()
            .find(|line| line.contains("\"user\"") && line.contains(email));
        let user: serde_json::Value = serde_json::from_str(line.unwrap()).unwrap();
        user["hashed_password"].as_str().unwrap().to_owned()
    };
    let gone = [&of_ada[..], &[hash_of("ada@")]].concat();
    assert!(!traces(&data, &gone).is_empty());

    let delete = ["user", "delete", "ada@example.com", "--yes"];
    let (code, _, err) = run(mula(dir.path(), &delete)).await;
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(traces(&data, &gone), [""; 0]);

    // By herself.
    let delete = "mutation ($password: String!) { deleteAccount(input: { password: $password }) { deletedUserId } }";
    let deleted = serving
        .graphql(&carl, delete, json!({ "password": PASSWORD }))
        .await;
    deleted.data();
    let gone = [&of_carl[..], &[hash_of("carl@")]].concat();
    assert_eq!(traces(&data, &gone), [""; 0]);

    let kept = serving
        .graphql(&bea, "{ readings(first: 100) { totalCount } }", json!({}))
        .await;
    assert_eq!(kept.data()["readings"]["totalCount"], of_bea.len() - 1);
}

#[tokio::test]
async fn no_output_has_the_password_of_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let urls = [
        "postgres://u:hush5@/db?host=/tmp",
        "postgres://u:hush5@a,b/db",
        "postgres://u:hush5@h:99999/db",
        "postgres://u:hush5@h:port/db",
        "postgres://u:hush5@h x/db",
        "postgres://u:hush5 more@:/db",
        "postgres://u:hush5@[::1/db",
        "postgres://u:hush5@/",
        "postgres://u:hush5@127.0.0.1:1/db?port=x",
        "postgres://u:hush5@127.0.0.1:1/db?sslmode=hush5",
        "postgres://u:hush5@127.0.0.1:1/db?hostaddr=nowhere",
        "postgres://u@127.0.0.1:1/db?password=hush5&connect_timeout=1&sslpassword=hush5",
        "postgresql+asyncpg://u:hush5@a,b/db",
        "mysql://u:hush5@h/db",
        "u:hush5@h/db",
    ];
    let commands: [&[&str]; 14] = [
        &["serve", "--port", "0"],
        &["doctor", "--port", "0"],
        &["migrate", "status"],
        &["migrate", "up"],
        &["migrate", "down", "--yes"],
        &["user", "list"],
        &["user", "delete", "ada@example.com", "--yes"],
        &["session", "prune"],
        &["backup", "copy.db"],
        &["export"],
        &["export", "--user", "ada@example.com"],
        &["import", "/dev/null"],
        &["import-original", "--from", "postgres://u@127.0.0.1:1/db"],
        &["health", "--url", "http://127.0.0.1:1/"],
    ];
    let patience = [
        "--database-acquire-timeout",
        "50ms",
        "--database-wait",
        "0s",
        "--log-level",
        "debug",
    ];
    let mut runs = Vec::new();
    for url in urls {
        for mut command in commands.map(|command| mula(dir.path(), &[command, &patience].concat()))
        {
            command.env("DATABASE_URL", url);
            runs.push(command);
        }
        let primary = [
            "user",
            "list",
            "--database-url",
            "postgres://u@127.0.0.1:1/db",
        ];
        let mut replica = mula(dir.path(), &[&primary[..], &patience].concat());
        replica.env("DATABASE_READ_URL", url);
        runs.push(replica);
        let mut original = mula(
            dir.path(),
            &["import-original", "--database-url", "sqlite://data/mula.db"],
        );
        original.args(patience).env("ORIGINAL_DATABASE_URL", url);
        runs.push(original);
        let flag = format!("--database-url={url}");
        runs.push(mula(
            dir.path(),
            &[&["user", "list", &flag], &patience[..]].concat(),
        ));
        // Where the flag's name was forgotten.
        if url.contains("://") {
            runs.push(mula(dir.path(), &[url]));
            runs.push(mula(dir.path(), &["serve", url]));
        }
    }
    let running = futures_util::stream::iter(runs).for_each_concurrent(4, async |mut command| {
        command.env("SECRET_KEY", SECRET);
        let shown = format!("{command:?}");
        let (code, out, err) = run(command).await;
        let said = format!("{out}{err}");
        assert!(code.is_some_and(|code| code > 0), "{shown}: {said}");
        assert!(!said.contains("hush5"), "{shown}: {said}");
    });
    running.await;
}

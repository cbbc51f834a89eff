//! The commands beside `serve`: their output and exit codes.

use std::{fs, process::Command};

use chrono::TimeDelta;
use clap::Args;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    Database, PASSWORD, Server, Serving, mula, on_both, refused_within_a_second, run,
};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn help_lists_every_setting() {
    let (code, help, _) = run(mula(folder().path(), &["--help"])).await;

    assert_eq!(code, Some(0));
    let settings = mula::config::RawSettings::augment_args(clap::Command::new("settings"));
    for setting in settings.get_arguments() {
        let flag = format!("--{} ", setting.get_long().unwrap());
        assert!(help.contains(&flag), "{flag} is not in {help}");
    }
    for command in [
        "serve", "migrate", "schema", "user", "session", "library", "health",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
    assert!(!help.contains('\u{1b}'), "colours are for terminals");
}

#[tokio::test]
async fn help_is_short_and_long_and_the_version_names_the_build() {
    let said = async |argument: &str| run(mula(folder().path(), &[argument])).await.1;
    let short = said("-h").await;
    assert!(short.lines().count() <= 50, "{short}");
    for words in [
        "--port",
        "--database-url",
        "--secret-key",
        "doctor",
        "mula --help lists all",
    ] {
        assert!(short.contains(words), "{words} is not in {short}");
    }
    assert!(!short.contains("--bcrypt-cost"), "{short}");
    assert_eq!(
        said("-V").await,
        concat!("mula ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let version = said("--version").await;
    let version = version
        .trim()
        .strip_prefix(concat!("mula ", env!("CARGO_PKG_VERSION"), " ("));
    let (commit, target) = version
        .unwrap()
        .strip_suffix(')')
        .unwrap()
        .split_once(", ")
        .unwrap();
    assert!(!commit.is_empty());
    assert!(target.contains(std::env::consts::ARCH), "{target}");
}

#[tokio::test]
async fn completions_and_a_manual_page_are_made() {
    let dir = folder();
    for (shell, words) in [
        ("bash", "_mula"),
        ("zsh", "#compdef mula"),
        ("fish", "complete -c mula"),
    ] {
        let (code, script, err) = run(mula(dir.path(), &["completions", shell])).await;
        assert_eq!(code, Some(0), "{err}");
        for word in [words, "reset-password", "database-url"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    // A value in the environment stands in none of them.
    let mut man = mula(dir.path(), &["man"]);
    man.env("SECRET_KEY", crate::support::SECRET);
    let (code, page, err) = run(man).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(
        page.contains(".TH mula 1") && page.contains("DATABASE_URL"),
        "{page}"
    );
    assert!(!page.contains(crate::support::SECRET), "{page}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
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
    for named in ["PORT \"none\"", "BCRYPT_COST \"99\"", "LOG_FORMAT \"xml\""] {
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
pub fn over(database: &Database, arguments: &[&str]) -> Command {
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

        server.graphql(&ada, "{ profile { id } }", json!({})).await.data();
        assert_eq!(user(&["deactivate", "ADA@example.com"]).await.0, Some(0));
        let profile = async || server.graphql(&ada, "{ profile { id } }", json!({})).await;
        refused_within_a_second("FORBIDDEN", profile).await;
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
        server.clock.advance(-TimeDelta::days(31));
        server.join("ada").await;
        server.sign_in("ada").await;
        server.clock.advance(TimeDelta::days(31));
        let now = server.sign_in("ada").await;

        let (code, out, err) = run(over(&server.database, &["session", "prune"])).await;

        assert_eq!(code, Some(0), "{err}");
        assert!(out.starts_with("2 "), "{out}");
        assert!(run(over(&server.database, &["session", "prune"])).await.1.starts_with("0 "));
        server.graphql(&now, "{ profile { id } }", json!({})).await.data();
    }

    async fn no_step_is_taken_back_under_a_server(server: Server) {
        let ada = server.join("ada").await;
        for arguments in [&["migrate", "down"][..], &["migrate", "down", "--yes"], &["migrate", "down", "--steps", "9", "--yes"]] {
            let (code, out, err) = run(over(&server.database, arguments)).await;

            assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?}: {err}");
            assert!(err.contains("in use"), "{err}");
        }
        server.graphql(&ada, "{ readings { totalCount } }", json!({})).await.data();
        server.sign_in("ada").await;
    }

    async fn steps_are_applied_and_taken_back_by_command(server: Server) {
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;
        let database = server.stop().await;
        let migrate = async |arguments: &[&str]| run(over(&database, &[&["migrate"], arguments].concat())).await;
        let (code, out, _) = migrate(&["status"]).await;
        assert_eq!(code, Some(0));
        let steps = out.lines().filter(|line| line.contains("  m2")).count();
        assert!(steps >= 2 && out.contains(&format!("{steps} of {steps} steps applied")), "{out}");

        // Not before it is said what that costs.
        let all = ["down", "--steps", &steps.to_string()];
        let (code, out, err) = migrate(&all).await;
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        for lost in ["users: 1 row", "sessions: 1 row", "readings: 1 row", "--yes"] {
            assert!(err.contains(lost), "{lost} is not in {err}");
        }
        assert!(migrate(&["status"]).await.1.contains(&format!("{steps} of {steps} steps applied")));
        let (code, out, _) = migrate(&[&all[..], &["--yes"]].concat()).await;
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
async fn no_certificates_are_needed_where_nothing_is_encrypted() {
    let dir = folder();
    let without = |arguments: &[&str]| {
        let mut command = mula(dir.path(), arguments);
        command
            .env("SSL_CERT_FILE", dir.path().join("none.pem"))
            .env("SSL_CERT_DIR", dir.path());
        command
    };
    let model = |url| {
        [
            "serve",
            "--port",
            "0",
            "--model-name",
            "m",
            "--model-base-url",
            url,
        ]
    };
    let serving = Serving::serve(without(&model("http://127.0.0.1:1/v1")));

    let port = serving.address.port().to_string();
    let (code, out, err) = run(without(&["health", "--port", &port])).await;
    assert_eq!(code, Some(0), "{out}{err}");

    let (code, _, err) = run(without(&model("https://127.0.0.1:1/v1"))).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("certificates"), "{err}");
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
        err.contains("mula at 127.0.0.1:1 as ann (PostgreSQL)")
            && err.contains("nothing listens at 127.0.0.1:1")
            && !err.contains("hush"),
        "{err}"
    );
}

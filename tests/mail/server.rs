//! Mail to a real server, aiosmtpd: in clear text, by STARTTLS and by TLS, with a password.

use std::{
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::support::{Authority, Database, Letter, Service, Serving, count_is, mula, run};

/// The interpreter that has aiosmtpd; none where it is not in PATH.
fn python() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let python = std::env::split_paths(&paths)
        .find(|folder| folder.join("aiosmtpd").is_file())
        .map(|folder| folder.join("python3"));
    assert!(
        python.is_some() || std::env::var_os("MULA_REQUIRE_AIOSMTPD").is_none(),
        "MULA_REQUIRE_AIOSMTPD is set, and there is no aiosmtpd in PATH"
    );
    python
}

struct Aiosmtpd {
    child: Child,
    port: u16,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Aiosmtpd {
    fn start(python: &Path, scheme: &str, certificate: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail/server.py");
        let mut child = Command::new(python)
            .args([script, scheme])
            .args([certificate, &certificate.with_extension("key")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Self { child, port, lines }
    }

    /// Ends it, and looks at all that it has said since it began.
    fn has_taken_nothing(mut self) {
        self.child.kill().unwrap();
        assert!(self.lines.next().is_none());
    }

    /// The next message, and how it came.
    fn next(&mut self) -> (Letter, Value) {
        let mut told: Value = serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
        let raw = told["raw"].take();
        (Letter::of(raw.as_str().unwrap().as_bytes()), told)
    }
}

fn serve(database: &Database, url: &str, trusted: &Authority) -> Serving {
    let mut command = mula(database.dir(), &["serve", "--log-format", "text"]);
    command.args(database.flags(&["--smtp-url", url, "--mail-from", "mula@mula.example"]));
    command.args(["--app-url", "https://mula.example"]);
    command.env("SSL_CERT_FILE", trusted.file());
    Serving::serve(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_takes_mail_however_it_is_reached() {
    let Some(python) = python() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(dir.path(), "ours");
    let certificate = authority.issue("localhost", "DNS:localhost");
    for (scheme, credentials, is_encrypted) in [
        ("smtp", "", false),
        ("starttls", "mula:river%2F2@", true),
        ("smtps", "mula:river%2F2@", true),
    ] {
        let mut server = Aiosmtpd::start(&python, scheme, &certificate);
        let url = format!("{scheme}://{credentials}localhost:{}", server.port);
        let database = Database::sqlite();
        let serving = serve(&database, &url, &authority);
        serving.join("ada").await;

        let (letter, told) = tokio::task::block_in_place(|| server.next());

        assert_eq!(letter.to, "ada@example.com");
        assert_eq!(letter.token().len(), 43);
        assert_eq!(told["authenticated"], is_encrypted, "{scheme}");
        assert_eq!(told["starttls"], scheme == "starttls");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_goes_to_a_server_that_is_not_trusted() {
    let Some(python) = python() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let ours = Authority::new(dir.path(), "ours");
    let other = Authority::new(dir.path(), "other");
    let good = ours.issue("localhost", "DNS:localhost");
    let named = ours.issue("named", "DNS:mail.example.com");
    let expired = ours.issue_expired("expired", "DNS:localhost");
    let right = "river%2F2";
    for (server, scheme, password, certificate, trusted, why) in [
        ("smtps", "smtps", right, &good, &other, "UnknownIssuer"),
        (
            "starttls",
            "starttls",
            right,
            &good,
            &other,
            "UnknownIssuer",
        ),
        ("smtps", "smtps", right, &named, &ours, "not valid for name"),
        (
            "starttls",
            "starttls",
            right,
            &expired,
            &ours,
            "certificate expired",
        ),
        // It offers no encryption, which the setting requires.
        ("smtp", "starttls", right, &good, &ours, "TLS"),
        ("smtps", "smtps", "another", &good, &ours, "535"),
    ] {
        let server = Aiosmtpd::start(&python, server, certificate);
        let url = format!("{scheme}://mula:{password}@localhost:{}", server.port);
        let database = Database::sqlite();
        let serving = serve(&database, &url, trusted);
        serving.join("ada").await;
        // Until it has failed: a lease is longer than the wait for the next try.
        let failed =
            "mails WHERE attempts > 0 AND julianday(due_at) < julianday(created_at) + 1.0 / 1440";
        count_is(&database, failed, 1).await;
        // It is kept for a better day.
        serving.signal("TERM");
        let (_, log) = serving.end().await;
        assert_eq!(database.count("mails").await, 1);
        assert!(
            log.contains("mail not sent; trying again") && log.contains(why),
            "{log}"
        );
        assert!(
            !log.contains("river") && !log.contains("ada@example.com"),
            "{log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_signs_in_and_sends_nothing() {
    let Some(python) = python() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(dir.path(), "ours");
    let certificate = authority.issue("localhost", "DNS:localhost");
    for (server, scheme, credentials, is_trusted, state, words) in [
        ("smtp", "smtp", "", true, "ok", "answers"),
        (
            "smtps",
            "smtps",
            "mula:river%2F2@",
            true,
            "ok",
            "lets us in",
        ),
        (
            "starttls",
            "starttls",
            "mula:river%2F2@",
            true,
            "ok",
            "lets us in",
        ),
        (
            "smtps",
            "smtps",
            "mula:another@",
            true,
            "failed",
            "refuses the user or the password (535)",
        ),
        (
            "smtps",
            "smtps",
            "mula:river%2F2@",
            false,
            "failed",
            "invalid peer certificate",
        ),
        (
            "smtp",
            "starttls",
            "mula:river%2F2@",
            true,
            "failed",
            "STARTTLS",
        ),
    ] {
        let aiosmtpd = Aiosmtpd::start(&python, server, &certificate);
        let url = format!("{scheme}://{credentials}localhost:{}", aiosmtpd.port);
        let database = Database::sqlite();
        let mut command = mula(database.dir(), &["doctor", "--port", "0"]);
        command.args(["--smtp-url", &url, "--mail-from", "mula@mula.example"]);
        command.args(["--app-url", "https://mula.example"]);
        if is_trusted {
            command.env("SSL_CERT_FILE", authority.file());
        }

        let (_, said, _) = run(command).await;

        let line = said.lines().find(|line| line.contains(" mail "));
        let line = line.unwrap_or_else(|| panic!("no line on mail in {said}"));
        assert!(line.starts_with(state) && line.contains(words), "{line}");
        assert!(!said.contains("river"), "{said}");
        tokio::task::block_in_place(|| aiosmtpd.has_taken_nothing());
    }
    let database = Database::sqlite();
    let mut command = mula(database.dir(), &["doctor", "--port", "0"]);
    command.args([
        "--smtp-url",
        "smtp://127.0.0.1:1",
        "--mail-from",
        "mula@mula.example",
    ]);
    command.args(["--app-url", "https://mula.example"]);
    let (_, said, _) = run(command).await;
    assert!(said.contains("127.0.0.1:1 cannot be reached"), "{said}");
}

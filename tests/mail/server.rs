//! Mail to a real server, aiosmtpd: in clear text, by STARTTLS and by TLS, with a password.

use std::{
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::support::{Database, Letter, Service, Serving, count_is, mula};

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

    /// The next message, and how it came.
    fn next(&mut self) -> (Letter, Value) {
        let mut told: Value = serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
        let raw = told["raw"].take();
        (Letter::of(raw.as_str().unwrap().as_bytes()), told)
    }
}

/// A certificate of `localhost`, and its key beside it.
fn certificate(dir: &Path) -> PathBuf {
    let file = dir.join("localhost.pem");
    let done = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args([
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out"])
        .arg(&file)
        .arg("-keyout")
        .arg(file.with_extension("key"))
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    file
}

fn serve(database: &Database, url: &str, trusted: Option<&Path>) -> Serving {
    let mut command = mula(database.dir(), &["serve", "--log-format", "text"]);
    command.args(database.flags(&["--smtp-url", url, "--mail-from", "mula@mula.example"]));
    command.args(["--app-url", "https://mula.example"]);
    if let Some(file) = trusted {
        command.env("SSL_CERT_FILE", file);
    }
    Serving::serve(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_takes_mail_however_it_is_reached() {
    let Some(python) = python() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let certificate = certificate(dir.path());
    for (scheme, credentials, is_encrypted) in [
        ("smtp", "", false),
        ("starttls", "mula:river%2F2@", true),
        ("smtps", "mula:river%2F2@", true),
    ] {
        let mut server = Aiosmtpd::start(&python, scheme, &certificate);
        let url = format!("{scheme}://{credentials}localhost:{}", server.port);
        let database = Database::sqlite();
        let serving = serve(&database, &url, Some(&certificate));
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
    let certificate = certificate(dir.path());
    for (server, scheme, password, is_trusted, why) in [
        (
            "smtps",
            "smtps",
            "river%2F2",
            false,
            "invalid peer certificate",
        ),
        (
            "starttls",
            "starttls",
            "river%2F2",
            false,
            "invalid peer certificate",
        ),
        // It offers no encryption, which the setting requires.
        ("smtp", "starttls", "river%2F2", true, "TLS"),
        ("smtps", "smtps", "another", true, "535"),
    ] {
        let server = Aiosmtpd::start(&python, server, &certificate);
        let url = format!("{scheme}://mula:{password}@localhost:{}", server.port);
        let database = Database::sqlite();
        let serving = serve(&database, &url, is_trusted.then_some(certificate.as_path()));
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

//! TLS to PostgreSQL: a start verifies the server's certificate as `sslmode` and `sslrootcert` say, and
//! names the fix where it does not hold.

use std::{
    path::Path,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use crate::support::{Authority, Cluster, Database, SECRET, Server, given, mula, run};

/// How long a start that fails may take.
const SOON: Duration = Duration::from_secs(30);

/// A server of PostgreSQL that is reached by TCP, and the folder of its certificates.
struct Postgres {
    database: Database,
    cluster: &'static Cluster,
    address: String,
}

impl Postgres {
    /// None where there is no PostgreSQL.
    async fn start() -> Option<Self> {
        // An address that no other has: all have the same port.
        static SERVERS: AtomicU8 = AtomicU8::new(64);
        let server = SERVERS.fetch_add(1, Ordering::Relaxed);
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let address = format!("127.{server}.{high}.{}", low.max(1));
        let listen = format!("-c listen_addresses={address}");
        let cluster = Cluster::alone(&listen).await?;
        Some(Self {
            database: Database::on(cluster).await,
            cluster,
            address,
        })
    }

    /// Has new connections get this certificate, which lies in its folder with its key.
    async fn present(&self, certificate: &Path) {
        let file = self.cluster.take_over(certificate);
        let key = self.cluster.take_over(&certificate.with_extension("key"));
        for change in [
            format!("ALTER SYSTEM SET ssl_cert_file = '{}'", file.display()),
            format!("ALTER SYSTEM SET ssl_key_file = '{}'", key.display()),
            "ALTER SYSTEM SET ssl = on".to_owned(),
            "SELECT pg_reload_conf()".to_owned(),
        ] {
            self.database.execute(&change).await;
        }
        let presented = format!(
            "pg_settings WHERE name = 'ssl_cert_file' AND setting = '{}'
                AND current_setting('ssl') = 'on'",
            file.display()
        );
        crate::support::count_is(&self.database, &presented, 1).await;
    }

    fn url(&self, host: &str, options: &str) -> String {
        let Database::Postgres(_, name, _) = &self.database else {
            unreachable!("it is PostgreSQL's");
        };
        format!("postgres://mula@{host}/{name}?{options}")
    }

    /// The error of a start that has to fail.
    async fn refuses(&self, host: &str, options: &str) -> String {
        let url = self.url(host, options);
        let arguments = [
            "serve",
            "--port",
            "0",
            "--secret-key",
            SECRET,
            "--database-url",
            &url,
        ];
        let start = run(mula(self.database.dir(), &arguments));
        let (code, _, error) = tokio::time::timeout(SOON, start).await.expect("it ends");
        assert_eq!(code, Some(1), "{options}: {error}");
        error
    }
}

#[tokio::test]
async fn a_certificate_is_verified_at_start() {
    let Some(postgres) = Postgres::start().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (ours, other) = (
        Authority::new(dir.path(), "ours"),
        Authority::new(dir.path(), "other"),
    );
    let address = postgres.address.as_str();
    let name = format!("IP:{address}");
    let verified = |mode: &str, authority: &Authority| {
        format!("sslmode={mode}&sslrootcert={}", authority.file().display())
    };

    // It offers no TLS yet.
    let error = postgres.refuses(address, "sslmode=require").await;
    assert!(
        error.contains(address) && error.contains("sslmode"),
        "{error}"
    );

    postgres.present(&ours.issue("good", &name)).await;
    for mode in ["verify-full", "verify-ca"] {
        let error = postgres.refuses(address, &verified(mode, &other)).await;
        assert!(error.contains("an unknown authority"), "{mode}: {error}");
    }
    // The roots of the web do not have it either.
    let error = postgres.refuses(address, "sslmode=verify-full").await;
    assert!(error.contains("an unknown authority"), "{error}");

    postgres
        .present(&ours.issue("named", "DNS:db.example.com"))
        .await;
    let error = postgres
        .refuses(address, &verified("verify-full", &ours))
        .await;
    assert!(error.contains("for another name"), "{error}");

    postgres
        .present(&ours.issue_expired("expired", &name))
        .await;
    let error = postgres
        .refuses(address, &verified("verify-full", &ours))
        .await;
    assert!(error.contains("has expired"), "{error}");
}

#[test]
fn a_file_of_certificates_has_some() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("authority.pem");
    std::fs::write(&file, "not a certificate").unwrap();
    let url = format!(
        "postgres://mula@db/mula?sslmode=verify-full&sslrootcert={}",
        file.display()
    );
    let problems = given(&["--database-url", &url, "--secret-key", SECRET]).check_without_a_trace();
    let problem = problems.err().unwrap().to_string();
    assert!(
        problem.contains("authority.pem is not a PEM file"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_verified_connection_is_encrypted() {
    let Some(postgres) = Postgres::start().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(dir.path(), "ours");
    let name = format!("IP:{}", postgres.address);
    postgres.present(&authority.issue("good", &name)).await;
    let root = format!(
        "sslmode=verify-full&sslrootcert={}",
        authority.file().display()
    );
    let url = postgres.url(&postgres.address, &root);

    let server = Server::start(postgres.database, &["--database-url", &url]).await;

    server.join("ada").await;
    let of_ours = "pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE usename = 'mula' AND client_addr IS NOT NULL";
    for (rows, is_there) in [("ssl", true), ("NOT ssl", false)] {
        let rows = format!("{of_ours} AND {rows}");
        assert_eq!(server.database.count(&rows).await > 0, is_there, "{rows}");
    }
}

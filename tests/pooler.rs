//! A real pooler, `PgBouncer`, between Mula and PostgreSQL.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Database, Service, Serving, mula, postgres, run};

/// Gone with the test.
struct PgBouncer {
    child: Child,
    dir: TempDir,
}

impl PgBouncer {
    /// Before the test's PostgreSQL; none where it is not installed.
    async fn start(cluster: &postgres::Cluster, mode: &str) -> Option<Self> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<_> = std::env::split_paths(&paths).collect();
        folders.push("/usr/sbin".into());
        let program = folders
            .iter()
            .map(|folder| folder.join("pgbouncer"))
            .find(|file| file.is_file());
        let Some(program) = program else {
            assert!(
                std::env::var_os("MULA_REQUIRE_PGBOUNCER").is_none(),
                "MULA_REQUIRE_PGBOUNCER is set, and there is no pgbouncer in PATH"
            );
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let socket = cluster.socket();
        let socket_dir = socket.parent().unwrap();
        let owner = fs::metadata(socket_dir).unwrap();
        let settings = format!(
            "[databases]\n* = host={}\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
             unix_socket_dir = {1}\nauth_type = trust\nauth_file = {1}/users\npool_mode = {mode}\n\
             max_client_conn = 200\ndefault_pool_size = 40\n",
            socket_dir.display(),
            dir.path().display()
        );
        fs::write(dir.path().join("ini"), settings).unwrap();
        fs::write(dir.path().join("users"), "\"mula\" \"\"\n").unwrap();
        let mut command = Command::new(program);
        // It refuses to run as root.
        if owner.uid() != fs::metadata(dir.path()).unwrap().uid() {
            chown(dir.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        let child = command
            .arg(dir.path().join("ini"))
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_mins(1);
        while !dir.path().join(".s.PGSQL.6432").exists() {
            assert!(Instant::now() < until, "it does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(Self { child, dir })
    }

    fn url(&self, database: &str) -> String {
        format!(
            "postgres://mula@localhost:6432/{database}?host={}",
            self.dir.path().display()
        )
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn over(database: &Database, url: &str, command: &str, dir: &Path) -> Command {
    let mut program = mula(dir, &[command]);
    program.args(database.flags(&["--database-url", url, "--log-format", "text"]));
    program
}

#[tokio::test]
async fn in_session_mode_all_works() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let Database::Postgres(cluster, name, _) = &database else {
        unreachable!("it is PostgreSQL")
    };
    let Some(pooler) = PgBouncer::start(cluster, "session").await else {
        return;
    };
    let url = pooler.url(name);
    let serving = Serving::serve(over(&database, &url, "serve", database.dir()));
    let ada = serving.join("ada").await;
    let answer = serving
        .ask_with(&ada, "Which way from here?", json!({}))
        .await;
    assert_eq!(
        answer.data()["askAdvisor"]["reading"]["status"],
        "COMPLETED"
    );
    let (code, said, err) = run(over(&database, &url, "doctor", database.dir())).await;
    assert_eq!(code, Some(0), "{said}{err}");
    serving.signal("TERM");
    let (code, log) = serving.end().await;
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn in_transaction_mode_it_refuses_to_start_and_says_what_to_do() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let Database::Postgres(cluster, name, _) = &database else {
        unreachable!("it is PostgreSQL")
    };
    let Some(pooler) = PgBouncer::start(cluster, "transaction").await else {
        return;
    };
    let url = pooler.url(name);
    for command in ["serve", "doctor"] {
        let (code, said, err) = run(over(&database, &url, command, database.dir())).await;
        assert_eq!(code, Some(1), "{said}{err}");
        let said = format!("{said}{err}");
        assert!(
            said.contains("pooler in transaction mode") && said.contains("session mode"),
            "{said}"
        );
    }
}

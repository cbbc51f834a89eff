//! A Prometheus server of a test's own.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// How long it may take to start, to scrape, and to see.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program of Prometheus's; none where it is not installed.
fn program(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    assert!(
        found.is_some() || std::env::var_os("MULA_REQUIRE_PROMETHEUS").is_none(),
        "MULA_REQUIRE_PROMETHEUS is set, and there is no {name} in PATH"
    );
    found
}

pub struct Monitoring {
    child: Child,
    url: String,
    _dir: TempDir,
}

impl Monitoring {
    /// Complaints of `promtool` about metrics; None where it is not installed.
    pub async fn check(text: String) -> Option<String> {
        Self::promtool(&["check", "metrics"], text).await
    }

    /// Its complaints about a settings file.
    pub async fn check_config(file: &Path) -> Option<String> {
        let file = file.to_str().unwrap();
        let said = Self::promtool(&["check", "config", file], String::new()).await?;
        // It names what is good, too.
        let good = |line: &&str| !line.starts_with("Checking ") && !line.contains("SUCCESS");
        Some(said.lines().filter(good).collect())
    }

    /// Whether alerts are raised where a file of tests says so; none where there is no such program.
    pub async fn test_rules(file: &Path) -> Option<bool> {
        let file = file.to_str().unwrap();
        let said = Self::promtool(&["test", "rules", file], String::new()).await?;
        Some(said.contains("SUCCESS") && !said.contains("FAILED"))
    }

    async fn promtool(arguments: &[&str], input: String) -> Option<String> {
        let mut command = Command::new(program("promtool")?);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let done = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(input.as_bytes()).unwrap();
            drop(stdin);
            child.wait_with_output().unwrap()
        });
        let done = done.await.unwrap();
        Some(String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
    }

    /// One that scrapes this address each second; none where there is no such program.
    pub fn start(target: SocketAddr) -> Option<Self> {
        let prometheus = program("prometheus")?;
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("prometheus.yml");
        // As the one that is deployed, but for where and how often.
        let scrape = format!(
            "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: mula\n    \
             static_configs:\n      - targets: [\"{target}\"]\n"
        );
        std::fs::write(&config, scrape).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new(prometheus)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                dir.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Some(Self {
            child,
            url: format!("http://{address}/api/v1/query"),
            _dir: dir,
        })
    }

    /// Waits until a query has one result, and this is its value.
    pub async fn says(&self, query: &str, wanted: &str) {
        let until = Instant::now() + PATIENCE;
        let mut said = Value::Null;
        while Instant::now() < until {
            said = self.ask(query).await;
            let results = said["data"]["result"].as_array().map(Vec::as_slice);
            if let Some([one]) = results
                && one["value"][1] == wanted
            {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("{query} is not {wanted}: {said:#}");
    }

    /// Whether a query is one, whatever it finds.
    pub async fn understands(&self, query: &str) {
        let said = self.ask(query).await;
        assert_eq!(said["status"], "success", "{query}: {said:#}");
    }

    /// Asks, once it is there.
    async fn ask(&self, query: &str) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut url = reqwest::Url::parse(&self.url).unwrap();
        url.query_pairs_mut().append_pair("query", query);
        let until = Instant::now() + PATIENCE;
        loop {
            if let Ok(answer) = client.get(url.clone()).send().await
                // It says in plain text that it is not ready yet.
                && answer.status() != reqwest::StatusCode::SERVICE_UNAVAILABLE
            {
                return answer.json().await.unwrap();
            }
            assert!(Instant::now() < until, "Prometheus does not start");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Monitoring {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The program itself, run as people run it.

use super::Client;
use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread::JoinHandle,
};

/// The program in a folder, with an environment of its own.
pub fn mula(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mula"));
    command
        .env_clear()
        // Where a run is measured, this is where the measurement goes.
        .envs(std::env::vars().filter(|(name, _)| name.starts_with("LLVM_")))
        .env("EMBEDDED_PACE", "0")
        .current_dir(dir)
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end, while the servers of this process go on.
pub async fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// The program while it serves, gone with the test.
pub struct Serving {
    child: Running,
    log: JoinHandle<String>,
    pub output: String,
    pub address: SocketAddr,
    pub(super) client: Client,
}

impl Serving {
    /// Starts it, and waits until it says where it is.
    pub fn serve(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // To its end: a program whose log nobody reads stands still.
        let mut log = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).unwrap();
            text
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut output = String::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            output.push_str(&line);
            output.push('\n');
            if line.contains("Ctrl-C") {
                break;
            }
        }
        let url = output
            .lines()
            .find_map(|line| line.trim().strip_prefix("GraphQL "));
        let Some(url) = url else {
            let log = log.join().unwrap();
            panic!("it did not start: {output}{log}");
        };
        let address = url
            .trim()
            .strip_prefix("http://")
            .unwrap()
            .strip_suffix("/graphql")
            .unwrap();
        let address = address.parse().unwrap();
        Self {
            child: Running(child),
            log,
            output,
            address,
            client: Client::new(address),
        }
    }

    pub fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .args([&format!("-{name}"), &self.child.0.id().to_string()])
            .status();
        assert!(done.unwrap().success());
    }

    /// Waits for its end; returns the exit code and the log.
    pub async fn end(self) -> (Option<i32>, String) {
        let Self { mut child, log, .. } = self;
        let code = tokio::task::spawn_blocking(move || child.0.wait().unwrap().code());
        (code.await.unwrap(), log.join().unwrap())
    }
}

/// It may have ended already, as it should.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

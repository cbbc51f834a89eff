//! Cost of each refusal: `cargo bench` starts the program, sends it every hostile document, and
//! prints the CPU time per request, HTTP included. Linux only: the time is read from `/proc`.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on fails where it stands"
)]

#[path = "../tests/support/attacks.rs"]
mod attacks;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;

/// The limit of a refusal's cost.
const GOAL: Duration = Duration::from_millis(15);

/// Requests of each kind.
const TIMES: u32 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_mula"))
        .args(["--port", "0", "--log-level", "off"])
        .env_clear()
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let url = lines
        .find_map(|line| {
            Some(
                line.unwrap()
                    .trim()
                    .strip_prefix("GraphQL")?
                    .trim()
                    .to_owned(),
            )
        })
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let tasks = format!("/proc/{}/task", server.id());

    let mut worst = Duration::ZERO;
    for attack in attacks::all() {
        let body = json!({ "query": attack.query, "variables": attack.variables });
        let body = body.to_string();
        let before = cpu_time(Path::new(&tasks));
        for _ in 0..TIMES {
            let request = client.post(&url).header("content-type", "application/json");
            let response = request.body(body.clone()).send().await.unwrap();
            response.bytes().await.unwrap();
        }
        let each = cpu_time(Path::new(&tasks)).saturating_sub(before) / TIMES;
        worst = worst.max(each);
        println!(
            "{:>10.3} ms  {} ({})",
            each.as_secs_f64() * 1e3,
            attack.name,
            attack.code
        );
    }
    println!(
        "{:>10.3} ms  at most; the goal is {GOAL:?}",
        worst.as_secs_f64() * 1e3
    );
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(worst < GOAL);
}

/// The processor's time that all threads of a process have taken.
fn cpu_time(tasks: &Path) -> Duration {
    let nanoseconds = fs::read_dir(tasks).unwrap().map(|task| {
        // A thread may have ended since.
        let text = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
        text.split(' ')
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    });
    Duration::from_nanos(nanoseconds.sum())
}

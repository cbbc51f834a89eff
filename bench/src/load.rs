//! Load: as many requests as so many connections get answered, sent by wrk
//! (<https://github.com/wg/wrk>); or so many a second, whatever becomes of them.

use std::{fmt::Write, fs, path::Path, process::Command, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{Result, server::Server};

/// The media type that is accepted: with this, a request that fails as a whole does not have status
/// 200.
pub const ACCEPT: &str = "application/graphql-response+json";

const SCRIPT: &str = include_str!("load.lua");

/// How long an answer may take: in the queue of logins it takes seconds.
const PATIENCE: &str = "30s";

/// Answers that are compared in full, before a load and after it.
const LOOKED_AT: usize = 16;

pub struct Request {
    pub token: String,
    pub body: Value,
}

/// Requests that are sent in turn, and how their answers are told to be right.
pub struct Load {
    pub requests: Vec<Request>,
    pub right: Right,
}

pub enum Right {
    /// They are these, request by request, and all of one size on the wire.
    These(Vec<Value>),
    /// They have the status 200 and contain this.
    Containing(&'static str),
}

/// The result of a load.
#[derive(Clone, Copy)]
pub struct Outcome {
    pub requests: u64,
    pub took: Duration,
    pub median: Duration,
    pub p99: Duration,
    /// Connections that failed, and answers that were late or not right.
    pub errors: u64,
    /// Of all answers, on the wire.
    pub bytes: u64,
}

impl Outcome {
    /// Of two loads, one after the other: the times are the means of both, by their requests.
    pub fn and(self, later: Self) -> Self {
        let requests = self.requests + later.requests;
        let mean = |one: Duration, other: Duration| {
            let sum = one.as_micros() * u128::from(self.requests)
                + other.as_micros() * u128::from(later.requests);
            let mean = sum / u128::from(requests.max(1));
            Duration::from_micros(u64::try_from(mean).unwrap_or(u64::MAX))
        };
        Self {
            requests,
            took: self.took + later.took,
            median: mean(self.median, later.median),
            p99: mean(self.p99, later.p99),
            errors: self.errors + later.errors,
            bytes: self.bytes + later.bytes,
        }
    }
}

/// How hard a server is pressed.
#[derive(Clone, Copy)]
pub struct Pressure {
    pub connections: u32,
    pub seconds: u32,
}

/// Makes sure that wrk is there, before anything else takes its time.
pub fn find_wrk() -> Result<()> {
    match Command::new("wrk").arg("--version").output() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "wrk, which sends the load, does not run ({error}). Install it: Debian, Ubuntu and \
             Homebrew have it as `wrk`."
        )
        .into()),
    }
}

impl Load {
    /// Compares some answers in full with what they have to be. Returns the bytes of each, or 0
    /// where they are not told by their size.
    pub async fn check(&self, server: &Server) -> Result<u64> {
        let Right::These(answers) = &self.right else {
            return Ok(0);
        };
        let mut bytes = 0;
        let step = self.requests.len().div_ceil(LOOKED_AT);
        for (request, right) in self.requests.iter().zip(answers).step_by(step) {
            let answer = server
                .ask(Some(&request.token), request.body.to_string())
                .await?;
            if answer.body != *right {
                return Err(format!(
                    "{} is wrong. Asked:\n{}\nanswered:\n{}\nright:\n{right}",
                    server.name, request.body, answer.body
                )
                .into());
            }
            if bytes != 0 && bytes != answer.bytes {
                return Err("answers differ in size: they cannot be told by it".into());
            }
            bytes = answer.bytes;
        }
        Ok(bytes)
    }

    /// Runs wrk to its end. `number` is where the numbers begin that make requests distinct.
    pub async fn run(
        &self,
        server: &Server,
        pressure: Pressure,
        number: u64,
        dir: &Path,
    ) -> Result<Outcome> {
        let Pressure {
            connections,
            seconds,
        } = pressure;
        let (script, file) = (dir.join("load.lua"), dir.join("requests"));
        fs::write(&script, SCRIPT.replace("@ACCEPT@", ACCEPT))?;
        let mut lines = String::new();
        for request in &self.requests {
            writeln!(lines, "{}\t{}", request.token, request.body)?;
        }
        fs::write(&file, lines)?;
        let marker = match self.right {
            Right::These(_) => "",
            Right::Containing(marker) => marker,
        };
        let mut wrk = Command::new("wrk");
        // One thread: the other cores are the server's and the database's.
        wrk.args(["--threads", "1", "--timeout", PATIENCE])
            .args(["--connections", &connections.to_string()])
            .args(["--duration", &format!("{seconds}s")])
            .arg("--script")
            .arg(&script)
            .args([&server.url, "--"])
            .arg(&file)
            .args([marker, &number.to_string()]);
        let output = tokio::task::spawn_blocking(move || wrk.output()).await??;
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers = text.lines().find_map(|line| line.strip_prefix("RESULT "));
        let numbers: Option<Vec<u64>> = numbers
            .map(|numbers| numbers.split(' ').flat_map(str::parse).collect())
            .filter(|numbers: &Vec<u64>| numbers.len() == 7);
        let Some([requests, took, bytes, median, p99, broken, wrong]) =
            numbers.and_then(|numbers| <[u64; 7]>::try_from(numbers).ok())
        else {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("wrk gave no result:\n{text}{errors}").into());
        };
        if wrong > 0 {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(Outcome {
            requests,
            took: Duration::from_micros(took),
            median: Duration::from_micros(median),
            p99: Duration::from_micros(p99),
            errors: broken + wrong,
            bytes,
        })
    }

    /// Whether a load's answers were right, as far as their size tells, and are now.
    pub async fn verify(&self, server: &Server, outcome: Outcome, connections: u32) -> Result<()> {
        let each = self.check(server).await?;
        let expected = each * outcome.requests;
        // Each connection may have been in the middle of an answer at the end.
        let slack = each * u64::from(connections);
        if each != 0 && outcome.errors == 0 && outcome.bytes.abs_diff(expected) > slack {
            return Err(format!(
                "{} answers of {each} bytes should be {expected} bytes and were {}: \
                 some were wrong",
                outcome.requests, outcome.bytes
            )
            .into());
        }
        Ok(())
    }

    /// Sends so many requests a second for so long. Their times count from when each was due, so
    /// that one that had to wait for those before it is not taken for a fast one.
    pub async fn steady(
        self: &Arc<Self>,
        server: &Arc<Server>,
        per_second: u32,
        seconds: u32,
    ) -> Result<Outcome> {
        let Right::These(answers) = &self.right else {
            return Err("a steady load compares answers in full".into());
        };
        let begun = Instant::now();
        let (tick, mut ticks) = mpsc::unbounded_channel();
        // The runtime's own sleep is up to a millisecond late.
        std::thread::spawn(move || {
            for n in 0..per_second * seconds {
                let due = begun + Duration::from_secs(1) / per_second * n;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let _ = tick.send((n, due));
            }
        });
        let mut asking = JoinSet::new();
        while let Some((n, due)) = ticks.recv().await {
            let (load, server) = (self.clone(), server.clone());
            let at = n as usize % self.requests.len();
            asking.spawn(async move {
                let request = &load.requests[at];
                let body = request.body.to_string();
                let answer = server.ask(Some(&request.token), body).await;
                // As text: this kind of error does not travel between threads.
                let answer = answer.map_err(|error| error.to_string());
                (at, answer, due.elapsed())
            });
        }
        let (mut times, mut errors) = (Vec::new(), 0);
        while let Some(asked) = asking.join_next().await {
            let (at, answer, took) = asked?;
            times.push(took);
            errors += u64::from(answer.map_or(true, |answer| answer.body != answers[at]));
        }
        let took = begun.elapsed();
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        Ok(Outcome {
            requests: u64::try_from(times.len())?,
            took,
            median: at(50),
            p99: at(99),
            errors,
            bytes: 0,
        })
    }
}

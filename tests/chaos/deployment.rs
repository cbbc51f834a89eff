//! A deployment that is driven: a database of its own, its instances, the proxies around them, a
//! provider and its users. Two instances on PostgreSQL, one on SQLite.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use sea_orm::{ConnectOptions, DatabaseConnection};

use super::{
    history::History,
    instance::Instance,
    ledger,
    person::Person,
    plan::{Kept, Plan},
    provider::Provider,
    proxy::{Proxy, Target},
    reaper::Reaper,
};
use crate::support::{Cluster, SECRET};

/// Nano-dollars of an answer, on top of its tokens at one each: so an amount says how many
/// answers it pays for.
pub const ANSWER: i64 = 1_000_000_000;

/// A user's monthly budget, in answers; and the daily quota of readings.
pub const ANSWERS_PER_MONTH: i64 = 14;
pub const READINGS_PER_DAY: i32 = 18;

/// A crash of PostgreSQL may lose nothing that was acknowledged. One of the machine is not staged,
/// so nothing need be flushed to its disk.
const DURABLE: &str = "-c synchronous_commit=on -c full_page_writes=on";

pub struct Deployment {
    pub kept: Kept,
    pub plan: Plan,
    pub history: Arc<History>,
    pub instances: Vec<Instance>,
    pub postgres: Option<Postgres>,
    pub provider: Provider,
    /// Past all proxies and instances.
    pub direct: DatabaseConnection,
    pub people: Mutex<Vec<Arc<Person>>>,
    /// Removed after a run that finds nothing.
    pub dir: PathBuf,
}

pub struct Postgres {
    pub cluster: &'static Cluster,
    /// Between it and the instances.
    pub proxy: Proxy,
}

impl Deployment {
    /// None where there is no PostgreSQL.
    pub async fn start(kept: Kept, plan: &Plan, reaper: &Reaper) -> Option<Self> {
        let dir = tempfile::Builder::new()
            .prefix("mula-chaos-")
            .tempdir()
            .unwrap()
            .keep();
        let (provider, model) = Provider::start(plan.seed).await;
        let (url, direct_url, postgres, names) = match kept {
            Kept::Sqlite => {
                let url = format!("sqlite://{}", dir.join("mula.db").display());
                (url.clone(), url, None, vec!["S"])
            }
            Kept::Postgres => {
                let cluster = Cluster::alone(DURABLE).await?;
                let name = cluster.migrated().await;
                let proxy = Proxy::to(Target::Socket(cluster.socket())).await;
                let url = format!("postgres://mula@{}/{name}?sslmode=disable", proxy.address);
                let postgres = Postgres { cluster, proxy };
                (url, cluster.url(&name), Some(postgres), vec!["A", "B"])
            }
        };
        let shift = postgres.as_ref().and_then(|_| build_clock(&dir));
        let mut instances = Vec::new();
        for name in names {
            let flags = flags(&url, &dir, &format!("http://{model}/v1"));
            let program = (plan.program.clone(), flags);
            let dir = dir.clone();
            let instance = Instance::start(name, dir, program, shift.clone(), reaper.clone()).await;
            assert!(
                instance.is_running(),
                "{name} does not start: {}",
                log_of(&instance.log())
            );
            instances.push(instance);
        }
        let mut options = ConnectOptions::new(direct_url);
        options
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(2))
            .sqlx_logging(false);
        let direct = sea_orm::Database::connect(options).await.unwrap();
        ledger::keep(&direct).await.unwrap();
        Some(Self {
            kept,
            plan: plan.clone(),
            history: Arc::new(History::new()),
            instances,
            postgres,
            provider,
            direct,
            people: Mutex::default(),
            dir,
        })
    }

    pub fn name(&self) -> &'static str {
        match self.kept {
            Kept::Sqlite => "SQLite",
            Kept::Postgres => "PostgreSQL",
        }
    }

    /// All users there have been.
    pub fn people(&self) -> Vec<Arc<Person>> {
        self.people.lock().unwrap().clone()
    }

    /// Ends all that is being done by a fault.
    pub async fn restore(&self) {
        self.provider.misbehave(false);
        if let Some(postgres) = &self.postgres {
            postgres.signal(Signal::CONT);
            postgres.proxy.stall(false);
            postgres.proxy.delay(Duration::ZERO);
        }
        for instance in &self.instances {
            instance.signal(Signal::CONT);
            instance.limit_files(None);
            instance.set_clock(0);
            instance.front.delay(Duration::ZERO);
            while !instance.is_running() {
                instance.kill().await;
                instance.run().await;
            }
        }
    }
}

impl Postgres {
    /// To all its processes.
    pub fn signal(&self, signal: Signal) {
        let Some(first) = self.first_process() else {
            return;
        };
        let _ = kill_process(first, signal);
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        for entry in all {
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
                continue;
            };
            // Its name, in parentheses, may hold spaces; the parent is the second field after it.
            let parent = stat.rsplit_once(')').and_then(|(head, rest)| {
                let parent: i32 = rest.split_whitespace().nth(1)?.parse().ok()?;
                let pid: i32 = head.split_whitespace().next()?.parse().ok()?;
                (parent == first.as_raw_nonzero().get()).then_some(pid)
            });
            if let Some(pid) = parent.and_then(Pid::from_raw) {
                let _ = kill_process(pid, signal);
            }
        }
    }

    fn first_process(&self) -> Option<Pid> {
        let socket = self.cluster.socket();
        let file = socket.parent()?.join("data/postmaster.pid");
        let text = std::fs::read_to_string(file).ok()?;
        Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
    }
}

fn flags(url: &str, dir: &Path, model: &str) -> Vec<String> {
    let dir = dir.display().to_string();
    let answers = format!("{ANSWERS_PER_MONTH}.5");
    let readings = READINGS_PER_DAY.to_string();
    [
        ("--port", "0"),
        ("--data-dir", &dir),
        ("--database-url", url),
        // Few, so that a connection in a wrong state is soon used again.
        ("--database-pool-size", "5"),
        ("--secret-key", SECRET),
        ("--bcrypt-cost", "4"),
        ("--login-rate", "off"),
        ("--register-rate", "off"),
        ("--ask-rate", "off"),
        // Each operation is of another address, so that no limit of one is met.
        ("--trusted-proxies", "127.0.0.1"),
        ("--sharing", "true"),
        ("--embedded-pace", "0"),
        ("--readings-per-day", &readings),
        ("--cost-per-month", &answers),
        ("--service-cost-per-month", "1000000"),
        ("--lease", "8s"),
        ("--ask-wait", "5s"),
        ("--request-timeout", "10s"),
        ("--shutdown-timeout", "3s"),
        ("--metrics-address", "127.0.0.1:0"),
        ("--log-level", "warn"),
        ("--model-base-url", model),
        ("--model-name", "chaos-1"),
        ("--model-input-price", "0.001"),
        ("--model-output-price", "0.001"),
        ("--model-answer-price", "1"),
        ("--model-first-token-timeout", "2s"),
        ("--model-idle-timeout", "1s"),
        ("--model-total-timeout", "8s"),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
    .collect()
}

/// The library that shifts a clock; none where there is no C compiler.
fn build_clock(dir: &Path) -> Option<PathBuf> {
    let (source, library) = (dir.join("clock.c"), dir.join("clock.so"));
    std::fs::write(&source, include_str!("clock.c")).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .status();
    built
        .is_ok_and(|status| status.success())
        .then_some(library)
}

fn log_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

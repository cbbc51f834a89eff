//! Faults, drawn from the seed: those of instances, those of the database and the network, and
//! those of clients, each by a hand of its own, so that they overlap.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use rustix::process::Signal;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use super::{
    deployment::{Deployment, Postgres},
    instance::{Instance, RESTART_PAUSE},
    plan::Kind,
    transport::{Operation, Via},
};

/// How long disruptions go on, and how long there are none: without one, errors have no excuse.
const CALM: Duration = Duration::from_secs(18);
const STORM: Duration = Duration::from_secs(10);

/// Mutations that a burst starts and leaves.
const BURST: u64 = 30;

pub struct Hand {
    deployment: Arc<Deployment>,
    random: Rng,
    kinds: Vec<Kind>,
    /// Between two faults, at most.
    pause: Duration,
}

impl Hand {
    fn new(deployment: &Arc<Deployment>, part: u64, pause: Duration, kinds: &[Kind]) -> Self {
        let is_postgres = deployment.postgres.is_some();
        let mut kinds = kinds.to_vec();
        kinds.retain(|kind| {
            deployment.plan.has(*kind)
                && (is_postgres || !kind.needs_postgres())
                && match kind {
                    Kind::FullDisk => !is_postgres,
                    Kind::Skew => deployment.instances[0].has_clock(),
                    _ => true,
                }
        });
        Self {
            random: deployment.plan.random(deployment.kept, part),
            deployment: deployment.clone(),
            kinds,
            pause,
        }
    }

    /// All hands of a deployment.
    pub fn all(deployment: &Arc<Deployment>) -> [Self; 3] {
        let seconds = Duration::from_secs;
        [
            Self::new(
                deployment,
                1,
                seconds(4),
                &[
                    Kind::Kill,
                    Kind::Kill,
                    Kind::Terminate,
                    Kind::Freeze,
                    Kind::CutClients,
                ],
            ),
            Self::new(
                deployment,
                2,
                seconds(5),
                &[
                    Kind::PausePostgres,
                    Kind::CrashPostgres,
                    Kind::CutDatabase,
                    Kind::StallDatabase,
                    Kind::FullDisk,
                ],
            ),
            Self::new(
                deployment,
                3,
                seconds(2),
                &[
                    Kind::Burst,
                    Kind::Burst,
                    Kind::Scrape,
                    Kind::Skew,
                    Kind::DelayClients,
                    Kind::DelayDatabase,
                    Kind::Provider,
                ],
            ),
        ]
    }

    pub async fn play(mut self) {
        let over = self.deployment.history.over.clone();
        while !over.is_cancelled() && !self.kinds.is_empty() {
            let pause = self.pause.mul_f64(0.1 + 0.9 * self.random.f64());
            over.run_until_cancelled(tokio::time::sleep(pause)).await;
            let phase = self.deployment.history.now().as_secs_f64() % (STORM + CALM).as_secs_f64();
            let is_calm = phase > STORM.as_secs_f64();
            if over.is_cancelled() {
                return;
            }
            let kind = self.kinds[self.random.usize(..self.kinds.len())];
            if is_calm && kind.disrupts() {
                continue;
            }
            let instance = self.random.usize(..self.deployment.instances.len());
            let time = Duration::from_millis(self.random.u64(100..2500));
            self.strike(kind, instance, time).await;
        }
    }

    #[expect(clippy::too_many_lines, reason = "a list of faults")]
    async fn strike(&mut self, kind: Kind, number: usize, time: Duration) {
        let deployment = self.deployment.clone();
        let instance = &deployment.instances[number];
        let name = &instance.name;
        let what = match kind {
            Kind::Kill | Kind::Terminate | Kind::Freeze | Kind::CutClients | Kind::Scrape => {
                format!("{kind:?} {name}")
            }
            _ => format!("{kind:?}"),
        };
        let history = &deployment.history;
        let fault = history.fault_begins(kind, what);
        let sleep = tokio::time::sleep(time);
        match kind {
            Kind::Kill | Kind::Terminate => {
                if kind == Kind::Kill {
                    instance.kill().await;
                } else {
                    instance.terminate().await;
                }
                self.run_again(instance).await;
            }
            Kind::Freeze => {
                instance.signal(Signal::STOP);
                sleep.await;
                instance.signal(Signal::CONT);
            }
            Kind::Skew => {
                let seconds = self.random.i64(10..60);
                instance.set_clock(if self.random.bool() {
                    seconds
                } else {
                    -seconds
                });
                tokio::time::sleep(3 * time).await;
                instance.set_clock(0);
            }
            Kind::CutClients => instance.front.cut(),
            Kind::DelayClients => {
                let most = Duration::from_millis(self.random.u64(5..150));
                instance.front.delay(most);
                sleep.await;
                instance.front.delay(Duration::ZERO);
            }
            Kind::FullDisk => self.full_disk(instance, time).await,
            Kind::Scrape => {
                if let Some(address) = instance.metrics() {
                    scrape(address, time, self.random.bool()).await;
                }
            }
            Kind::Burst => self.burst(instance).await,
            Kind::Provider => {
                deployment.provider.misbehave(true);
                tokio::time::sleep(4 * time).await;
                deployment.provider.misbehave(false);
            }
            Kind::PausePostgres
            | Kind::CrashPostgres
            | Kind::CutDatabase
            | Kind::DelayDatabase
            | Kind::StallDatabase => {
                if let Some(postgres) = &deployment.postgres {
                    self.strike_postgres(postgres, kind, time).await;
                }
            }
            // Devices do it themselves.
            Kind::HangUp => {}
        }
        history.fault_ends(fault);
    }

    async fn strike_postgres(&mut self, postgres: &Postgres, kind: Kind, time: Duration) {
        let sleep = tokio::time::sleep(time);
        match kind {
            Kind::PausePostgres => {
                postgres.signal(Signal::STOP);
                sleep.await;
                postgres.signal(Signal::CONT);
            }
            Kind::CrashPostgres => {
                postgres.cluster.crash().await;
                sleep.await;
                postgres.cluster.recover().await;
            }
            Kind::CutDatabase => postgres.proxy.cut(),
            Kind::DelayDatabase => {
                let most = Duration::from_millis(self.random.u64(1..15));
                postgres.proxy.delay(most);
                sleep.await;
                postgres.proxy.delay(Duration::ZERO);
            }
            _ => {
                postgres.proxy.stall(true);
                sleep.await;
                postgres.proxy.stall(false);
                if self.random.bool() {
                    postgres.proxy.cut();
                }
            }
        }
    }

    /// Starts an instance; its database may be away for a while.
    async fn run_again(&mut self, instance: &Instance) {
        let pause = Duration::from_millis(self.random.u64(..500));
        tokio::time::sleep(pause).await;
        instance.run().await;
        while !instance.is_running() && !self.deployment.history.over.is_cancelled() {
            tokio::time::sleep(RESTART_PAUSE).await;
            instance.run().await;
        }
    }

    /// Nothing is written at all, or no file grows.
    async fn full_disk(&mut self, instance: &Instance, time: Duration) {
        let log = self.deployment.dir.join("mula.db-wal");
        let size = log.metadata().map_or(0, |wal| wal.len());
        let limit = if self.random.bool() { size } else { 0 };
        instance.limit_files(Some(limit));
        tokio::time::sleep(time).await;
        instance.limit_files(None);
    }

    /// Clients that start a mutation, each over a connection of its own, and hang up while it
    /// begins. What becomes of them is not followed up: only what they leave behind.
    async fn burst(&mut self, instance: &Instance) {
        let mut clients = JoinSet::new();
        let number = self.random.u32(..);
        for client in 0..BURST {
            let via = [Via::Events, Via::Multipart, Via::Socket][self.random.usize(..3)];
            let hangs_up = Duration::from_secs_f64(0.06 * self.random.f64().powi(2));
            let name = format!("passer{number}n{client}");
            let to = instance.front.address;
            clients.spawn(async move {
                let input = json!({
                    "email": format!("{name}@example.com"), "username": name,
                    "password": format!("orbit violet lantern {number}"),
                });
                let operation = Operation {
                    to,
                    via,
                    token: None,
                    query: "mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }",
                    variables: json!({ "input": input }),
                    hangs_up: Some(hangs_up),
                };
                operation.run(&reqwest::Client::new()).await;
            });
        }
        while clients.join_next().await.is_some() {}
    }
}

/// Asks for the metrics, and reads them byte by byte or not at all.
async fn scrape(address: std::net::SocketAddr, time: Duration, hangs_up: bool) {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return;
    };
    let request = b"GET /metrics HTTP/1.1\r\nhost: metrics\r\n\r\n";
    if stream.write_all(request).await.is_err() || hangs_up {
        return;
    }
    let read = async {
        let mut byte = [0; 64];
        while let Ok(1..) = stream.read(&mut byte).await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // It is cut off in the middle.
    let _ = tokio::time::timeout(time, read).await;
}

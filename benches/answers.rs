//! How answers are written and followed, measured against the program with optimizations:
//! `cargo bench --bench answers`, or one part of it by name.
//!
//! - `latency`: from a word's leaving the provider to the update that brings it, to a follower
//!   on the instance that writes and on another one.
//! - `concurrent`: what 500 answers at a time take of the server's processor and memory.
//! - `followers`: what 10,000 idle followers take.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on fails where it stands"
)]

#[path = "../tests/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the tests use the rest"
)]
mod support;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::LazyLock,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing,
};
use futures_util::{StreamExt, future::join_all, stream};
use support::{Database, Follower, Member, News, Process, Service, Via};
use tokio::task::JoinSet;

/// The origin of the times that words are stamped with.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How the provider writes.
#[derive(Clone, Copy)]
struct Script {
    words: u32,
    pause: Duration,
}

fn main() {
    let wanted: Vec<_> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    LazyLock::force(&START);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for postgres in [false, true] {
            let name = if postgres { "PostgreSQL" } else { "SQLite" };
            if wants("latency")
                && let Some(database) = database(postgres).await
            {
                println!("{name}, latency of a word");
                latency(&database, postgres).await;
            }
            if wants("concurrent")
                && let Some(database) = database(postgres).await
            {
                println!("{name}, 500 answers at a time");
                concurrent(&database).await;
            }
        }
        for (via, name) in [
            (Via::Socket, "WebSocket"),
            (Via::Events, "Server-Sent Events"),
        ] {
            if wants("followers")
                && let Some(database) = database(false).await
            {
                println!("10,000 idle followers by {name}");
                followers(&database, via).await;
            }
        }
    });
}

async fn database(postgres: bool) -> Option<Database> {
    if postgres {
        Database::postgres().await
    } else {
        Some(Database::sqlite())
    }
}

/// A provider that writes by a script. Each word is the time it leaves at, in nanoseconds.
async fn provider(script: Script) -> SocketAddr {
    let answer = move || async move {
        let words = stream::unfold(0, move |n| async move {
            if n > script.words {
                return None;
            }
            tokio::time::sleep(script.pause).await;
            let event = if n == script.words {
                "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
                 data: [DONE]\n\n"
                    .to_owned()
            } else {
                let stamp = START.elapsed().as_nanos();
                format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{stamp} \"}}}}]}}\n\n")
            };
            Some((Ok::<_, Infallible>(Bytes::from(event)), n + 1))
        });
        (
            [("content-type", "text/event-stream")],
            Body::from_stream(words),
        )
    };
    let router = Router::new().route("/v1/chat/completions", routing::post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A server whose answers the script writes.
async fn served(database: &Database, script: Script) -> Process {
    let url = format!("http://{}/v1", provider(script).await);
    let flags = [
        "--model-base-url",
        &url,
        "--model-name",
        "script",
        "--writers",
        "1000",
    ];
    let tuned = [
        "--model-first-token-timeout",
        "1h",
        "--model-idle-timeout",
        "1h",
        "--model-total-timeout",
        "1h",
    ];
    let more = [
        "--database-pool-size",
        "10",
        "--cache-lifetime",
        "0s",
        // All that follow are on this machine, beside those that ask.
        "--connections",
        "20000",
        "--connections-per-address",
        "20000",
    ];
    Process::start(database, &[&flags[..], &tuned[..], &more[..]].concat()).await
}

/// Makes accounts, no more at once than the threads that hash passwords have a queue for.
async fn join(server: &Process, count: usize) -> Vec<Member> {
    let names = stream::iter(0..count).map(|n| format!("member{n}"));
    let joining = names.map(async |name| server.join(&name).await);
    joining.buffered(16).collect().await
}

async fn latency(database: &Database, two_instances: bool) {
    // Far enough apart that each word is stored as soon as it comes.
    let script = Script {
        words: 30,
        pause: Duration::from_millis(300),
    };
    let writer = served(database, script).await;
    let other = if two_instances {
        Some(served(database, script).await)
    } else {
        None
    };
    let members = writer.join_all(10).await;
    let followed = members.iter().map(async |who| {
        let id = writer.begin(who, "What is on its way to me?").await;
        let here = listen(writer.follow(Via::Socket, who, &id, 0).await);
        match &other {
            Some(other) => {
                let there = listen(other.follow(Via::Socket, who, &id, 0).await);
                tokio::join!(here, there)
            }
            None => (here.await, Vec::new()),
        }
    });
    let (here, there): (Vec<_>, Vec<_>) = join_all(followed).await.into_iter().unzip();
    report("  the instance that writes", here.concat());
    if two_instances {
        report("  another instance        ", there.concat());
    }
}

/// How late each update of an answer came.
async fn listen(mut follower: Follower) -> Vec<Duration> {
    let mut late = Vec::new();
    while let News::Update(update) = follower.next().await {
        let now = START.elapsed();
        // The newest word is the one it was sent for.
        let stamp = update["text"].as_str().unwrap().split_whitespace().last();
        if let Some(nanos) = stamp.and_then(|stamp| stamp.parse().ok()) {
            late.push(now.saturating_sub(Duration::from_nanos(nanos)));
        }
    }
    late
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |permille: usize| times[(times.len() - 1) * permille / 1000];
    println!(
        "{what}: median {:.2?}, p99 {:.2?}, longest {:.2?} ({} updates)",
        at(500),
        at(990),
        at(1000),
        times.len()
    );
}

async fn concurrent(database: &Database) {
    const USERS: usize = 250;
    let script = Script {
        words: 200,
        pause: Duration::from_millis(50),
    };
    let server = served(database, script).await;
    let members = join(&server, USERS).await;
    let before = Reading::of(&server);
    let begun = Instant::now();
    let asked = members
        .iter()
        .flat_map(|who| [(who, "Which way?"), (who, "And then?")]);
    let asked = asked.map(async |(who, question)| {
        let id = server.begin(who, question).await;
        listen(server.follow(Via::Socket, who, &id, 0).await).await
    });
    let asking = async {
        let late = join_all(asked).await.concat();
        (late, begun.elapsed(), Reading::of(&server))
    };
    let peak = async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        Reading::of(&server)
    };
    let ((late, took, after), peak) = tokio::join!(asking, peak);
    let cpu = after.cpu.saturating_sub(before.cpu);
    println!(
        "  {} answers of {} words in {took:.1?}: {cpu:.2?} of processor, {:.0} % of a core, \
         {:.2?} an answer",
        2 * USERS,
        script.words,
        100.0 * cpu.as_secs_f64() / took.as_secs_f64(),
        cpu / 500
    );
    println!(
        "  memory: {} kB before, {} kB in the middle, {:.1} kB an answer and its follower",
        before.memory,
        peak.memory,
        (f64::from(peak.memory) - f64::from(before.memory)) / 500.0
    );
    report("  words wait to be stored together", late);
}

async fn followers(database: &Database, via: Via) {
    const FOLLOWERS: usize = 10_000;
    // It thinks for as long as this takes.
    let script = Script {
        words: 1,
        pause: Duration::from_hours(1),
    };
    let server = served(database, script).await;
    let members = join(&server, 50).await;
    let mut ids = Vec::new();
    for who in &members {
        ids.push((who, server.begin(who, "What is on its way to me?").await));
    }
    let before = Reading::of(&server);
    let mut open = JoinSet::new();
    let begun = Instant::now();
    let connect = |n: usize| {
        let (who, id): &(&Member, String) = &ids[n % ids.len()];
        server.follow(via, who, id, 0)
    };
    let mut connecting = stream::iter(0..FOLLOWERS).map(connect).buffer_unordered(64);
    while let Some(mut follower) = connecting.next().await {
        // One that does not listen answers no pings, and is cut off.
        open.spawn(async move { follower.next().await });
    }
    println!("  connected in {:.1?}", begun.elapsed());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = Reading::of(&server);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let idle = Reading::of(&server).cpu.saturating_sub(after.cpu);
    assert!(open.try_join_next().is_none(), "all of them are there");
    println!(
        "  memory: {} kB before, {} kB with them, {:.1} kB each; idle they take {:.1} % of a core",
        before.memory,
        after.memory,
        (f64::from(after.memory) - f64::from(before.memory)) / 10_000.0,
        100.0 * idle.as_secs_f64() / 10.0
    );
}

/// Resources used by a server so far.
struct Reading {
    /// Resident, in kB.
    memory: u32,
    cpu: Duration,
}

impl Reading {
    fn of(server: &Process) -> Self {
        let file =
            |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", server.pid())).unwrap();
        let status = file("status");
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let stat = file("stat");
        // After the name, which is in brackets: user and system time are fields 14 and 15, in
        // hundredths of a second (proc(5)).
        let fields: Vec<_> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let ticks: u64 = [11, 12]
            .map(|at| fields[at].parse::<u64>().unwrap())
            .iter()
            .sum();
        Self {
            memory: memory.trim().trim_end_matches(" kB").parse().unwrap(),
            cpu: Duration::from_millis(ticks * 10),
        }
    }
}

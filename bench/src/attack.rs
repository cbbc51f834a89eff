//! Attackers, all at once: what they send is meant to hurt, and what they are answered is counted.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    Result, attacks,
    dataset::{QUICK, USERS, User},
    server::Server,
};

/// Wrong passwords a second, each at another account and from another address.
const LOGINS: u32 = 100;

/// Documents a second that are to be refused.
const DOCUMENTS: u32 = 200;

/// Connections that send a byte a second: half of them a request's head, half a body.
const SLOW: u32 = 400;

/// Sockets that are opened and hold their peace: half of them plain, half `WebSocket`s, of
/// which half never say who they are.
const IDLE: u32 = 10_000;

/// Connections on which a signed-in user asks for as much as one request may, in a loop; on half of
/// them she hangs up before the answer.
const COSTLY: u32 = 20;

/// Has 20 answers to each of her readings.
pub const COSTLY_USER: User = User(1);

/// How long she waits where she hangs up: for the request to be begun.
const HANG_UP: Duration = Duration::from_millis(5);

/// Files for all of it, and for those who wait for late answers.
const FILES: u64 = 15_000;

/// Addresses from which sockets are held: each may have so many and no more.
const ADDRESSES: u32 = 16;

/// How long who was turned away waits before the next try.
const PAUSE: Duration = Duration::from_secs(2);

/// Responses counted by kind of attack.
#[derive(Clone, Default)]
pub struct Answers(Arc<Mutex<BTreeMap<(&'static str, String), u64>>>);

impl Answers {
    fn count(&self, attack: &'static str, answer: impl Into<String>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((attack, answer.into())).or_default() += 1;
    }

    /// A line a kind of attack.
    pub fn lines(&self) -> Vec<String> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = BTreeMap::<&str, Vec<String>>::new();
        for ((attack, answer), count) in &*counts {
            let line = lines.entry(*attack).or_default();
            line.push(format!("{count} × {answer}"));
        }
        let lines = lines.into_iter();
        lines
            .map(|(attack, answers)| format!("{attack}: {}", answers.join(", ")))
            .collect()
    }
}

/// Begins all attacks; dropping what is returned ends them.
pub async fn begin(server: &Arc<Server>, answers: &Answers) -> Result<JoinSet<()>> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if maximum.is_some_and(|files| files < FILES) {
        return Err(
            format!("{FILES} open files are needed: `ulimit -Hn` has to allow them").into(),
        );
    }
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    let token: Arc<str> = server.login(COSTLY_USER).await?.into();
    let mut attackers = JoinSet::new();
    begin_costly(server, &token, answers, &mut attackers);
    attackers.spawn(logins(server.clone(), answers.clone()));
    attackers.spawn(documents(server.clone(), answers.clone()));
    let to = server.address()?;
    for n in 0..SLOW {
        attackers.spawn(slow(to, n, answers.clone()));
    }
    for n in 0..IDLE {
        attackers.spawn(idle(to, n, answers.clone()));
    }
    Ok(attackers)
}

/// Begins the attack of a signed-in user alone.
pub fn begin_costly(
    server: &Arc<Server>,
    token: &Arc<str>,
    answers: &Answers,
    attackers: &mut JoinSet<()>,
) {
    for n in 0..COSTLY {
        attackers.spawn(costly(server.clone(), token.clone(), n, answers.clone()));
    }
}

async fn logins(server: Arc<Server>, answers: Answers) {
    at_a_rate(LOGINS, |n| {
        let user = User(QUICK + u64::from(n) % (USERS - QUICK));
        let query = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }";
        let input = json!({ "email": user.email(), "password": format!("guess {n}") });
        let body = json!({ "query": query, "variables": { "input": input } });
        // Each from an address of its own, as the proxy says.
        let from = Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(203, 0, 0, 0)) + n % (1 << 20));
        let (server, answers) = (server.clone(), answers.clone());
        async move {
            let answer = ask(&server, &body, from).await;
            answers.count("wrong passwords", answer);
        }
    })
    .await;
}

async fn documents(server: Arc<Server>, answers: Answers) {
    let all: Arc<[_]> = attacks::all().into();
    at_a_rate(DOCUMENTS, |n| {
        let (all, server, answers) = (all.clone(), server.clone(), answers.clone());
        async move {
            let attack = &all[n as usize % all.len()];
            let body = json!({ "query": attack.query, "variables": attack.variables });
            let answer = ask(&server, &body, Ipv4Addr::new(198, 51, 100, 66)).await;
            let answer = if answer.ends_with(attack.code) {
                answer
            } else {
                format!("{answer} to {}", attack.name)
            };
            answers.count("documents", answer);
        }
    })
    .await;
}

/// The costliest documents that are let through.
pub fn costliest() -> Vec<(&'static str, String)> {
    let many = |count: usize, piece: &dyn Fn(usize) -> String| {
        (0..count).map(piece).collect::<Vec<_>>().join(" ")
    };
    let own = "status response engine model tokensUsed cost createdAt completedAt
        sources { title excerpt url } failure { code message }";
    vec![
        (
            "earlier answers",
            format!(
                "{{ readings(first: 100) {{ nodes {{ id question {own} generations {{ {own} }} }} }} }}"
            ),
        ),
        // Past what a response may hold.
        (
            "texts, over and over",
            format!(
                "{{ readings(first: 100) {{ nodes {{ {} }} }} }}",
                many(50, &|n| format!("a{n}: response"))
            ),
        ),
        (
            "pages and counts",
            format!(
                "{{ profile {{ {} }} }}",
                many(8, &|n| format!(
                    "a{n}: readings(first: 100) {{ totalCount nodes {{ id }} }}"
                ))
            ),
        ),
        (
            "sessions",
            format!(
                "{{ profile {{ {} }} }}",
                many(40, &|n| format!(
                    "a{n}: sessions {{ id userAgent isCurrent }}"
                ))
            ),
        ),
        (
            "usage",
            format!(
                "{{ profile {{ {} }} }}",
                many(20, &|n| format!(
                    "a{n}: usage {{ readingsToday costThisMonth }}"
                ))
            ),
        ),
    ]
}

async fn costly(server: Arc<Server>, token: Arc<str>, n: u32, answers: Answers) {
    let (name, patience) = if n.is_multiple_of(2) {
        ("the costliest documents", Duration::from_mins(1))
    } else {
        ("the costliest documents, hung up on", HANG_UP)
    };
    for (_, document) in costliest().iter().cycle() {
        let body = json!({ "query": document }).to_string();
        let answer = match timeout(patience, server.ask(Some(&token), body)).await {
            Ok(Ok(answer)) => match answer.body["errors"][0]["extensions"]["code"].as_str() {
                Some(code) => code.to_owned(),
                None => "OK".to_owned(),
            },
            Ok(Err(_)) => "refused".to_owned(),
            Err(_) => "no answer".to_owned(),
        };
        answers.count(name, answer);
    }
}

/// Without waiting for answers, but for those that are very late.
async fn at_a_rate<F: Future<Output = ()> + Send + 'static>(
    per_second: u32,
    mut attack: impl FnMut(u32) -> F,
) {
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut attacks = JoinSet::new();
    for n in 0.. {
        ticks.tick().await;
        while attacks.try_join_next().is_some() {}
        if attacks.len() < 1_000 {
            attacks.spawn(attack(n));
        }
    }
}

/// The status, and the code of an error.
async fn ask(server: &Server, body: &Value, from: Ipv4Addr) -> String {
    match server.attack(body.to_string(), from).await {
        Ok((status, body)) => match body["errors"][0]["extensions"]["code"].as_str() {
            Some(code) => format!("{status} {code}"),
            None => status.to_string(),
        },
        Err(_) => "no answer".to_owned(),
    }
}

/// A connection from one of so many addresses of this machine's.
async fn connect(to: SocketAddr, from: Ipv4Addr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(to).await
}

/// A head or a body a byte a second, and again when it is cut.
async fn slow(to: SocketAddr, n: u32, answers: Answers) {
    let (name, text) = if n.is_multiple_of(2) {
        (
            "slow heads",
            "GET /health/live HTTP/1.1\r\n".to_owned() + &"x: y\r\n".repeat(1_000),
        )
    } else {
        let head = "POST /graphql HTTP/1.1\r\nhost: m\r\ncontent-type: application/json\r\n\
                    content-length: 100000\r\n\r\n";
        ("slow bodies", head.to_owned() + &" ".repeat(100_000))
    };
    // The head of a body comes at once.
    let at_once = text.find("\r\n\r\n").map_or(1, |end| end + 4);
    loop {
        // Two addresses: each may have this many.
        let from = Ipv4Addr::new(127, 0, 2, if n < SLOW / 2 { 1 } else { 2 });
        let Ok(mut stream) = connect(to, from).await else {
            sleep(PAUSE).await;
            continue;
        };
        let (first, rest) = text.as_bytes().split_at(at_once);
        let mut answer = vec![0; 256];
        let said = async {
            stream.write_all(first).await.ok()?;
            for byte in rest.chunks(1) {
                match timeout(Duration::from_secs(1), stream.read(&mut answer)).await {
                    Ok(read) => return read.ok(),
                    Err(_) => stream.write_all(byte).await.ok()?,
                }
            }
            None
        };
        let said = said.await.unwrap_or_default();
        answers.count(name, status(&answer[..said]));
        sleep(PAUSE).await;
    }
}

/// A socket that is held for as long as may be.
async fn idle(to: SocketAddr, n: u32, answers: Answers) {
    // Not all in the same moment: the system's queue is not what is attacked.
    sleep(Duration::from_millis((n / 4).into())).await;
    let (kind, name) = match n % 4 {
        0 | 1 => (0, "idle sockets"),
        2 => (1, "idle WebSockets that never say who they are"),
        _ => (2, "idle WebSockets"),
    };
    let from = Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(127, 0, 1, 1)) + n / 4 % ADDRESSES);
    loop {
        let opened = Instant::now();
        if let Ok(mut stream) = connect(to, from).await {
            let mut answer = vec![0; 512];
            let mut said = 0;
            if kind > 0 {
                let _ = stream.write_all(UPGRADE).await;
                said = stream.read(&mut answer).await.unwrap_or_default();
            }
            if kind == 2 {
                let _ = stream.write_all(&init()).await;
            }
            let mut rest = vec![0; 512];
            while let Ok(more @ 1..) = stream.read(&mut rest).await {
                if said == 0 {
                    answer.clone_from(&rest);
                    said = more;
                }
            }
            let held = if opened.elapsed() < PAUSE {
                "at once"
            } else {
                "later"
            };
            answers.count(name, format!("{}, closed {held}", status(&answer[..said])));
        }
        sleep(PAUSE).await;
    }
}

const UPGRADE: &[u8] = b"GET /graphql/ws HTTP/1.1\r\nhost: m\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    sec-websocket-protocol: graphql-transport-ws\r\n\r\n";

/// A text message, masked with nothing (RFC 6455, section 5.2).
fn init() -> Vec<u8> {
    let text = br#"{"type":"connection_init"}"#;
    let length = u8::try_from(text.len()).expect("a short text");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], &text[..]].concat()
}

/// The status in a response's first line.
fn status(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let status = text.split(' ').nth(1).filter(|_| text.starts_with("HTTP/"));
    status.map_or_else(|| "no answer".to_owned(), str::to_owned)
}

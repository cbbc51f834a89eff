//! Any running Mula: the test's own server, another instance over the same database, or the
//! program itself as a process. What is asked of one can be asked of all.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
};

use mula::clock::Clock;
use serde_json::{Value, json};

use super::{
    client::{Answer, Client, Credentials, Nobody},
    program::Serving,
    server::{Database, Member, PASSWORD, Server},
    socket::{Follower, Socket, Via},
};

/// The fields of a reading that tests read.
const READING: &str = "fragment Whole on Reading {
    id question status response engine isCached tokensUsed cost isEstimated failure { code } createdAt
    generations { status response failure { code } }
}";

pub trait Service {
    fn address(&self) -> SocketAddr;

    fn http(&self, method: &str, path: &str) -> reqwest::RequestBuilder;

    async fn graphql(
        &self,
        who: &(impl Credentials + ?Sized),
        query: &str,
        variables: Value,
    ) -> Answer {
        let mut request = self
            .http("POST", "/graphql")
            .header("accept", "application/graphql-response+json")
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = who.token() {
            request = request.bearer_auth(token);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// Makes an account and signs in.
    async fn join(&self, name: &str) -> Member {
        let email = format!("{name}@example.com");
        let register =
            "mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }";
        let input = json!({ "email": email, "username": name, "password": PASSWORD });
        self.graphql(&Nobody, register, json!({ "input": input }))
            .await
            .data();
        let login = "mutation ($input: LoginInput!) {
            login(input: $input) { accessToken user { id } session { id } }
        }";
        let input = json!({ "email": email, "password": PASSWORD });
        let answer = self
            .graphql(&Nobody, login, json!({ "input": input }))
            .await;
        Member::of(&answer.data()["login"], email)
    }

    /// Makes a number of accounts, and signs in with each.
    async fn join_all(&self, count: usize) -> Vec<Member> {
        let joining = (0..count).map(|n| async move { self.join(&format!("member{n}")).await });
        futures_util::future::join_all(joining).await
    }

    /// Asks Legba, with whatever else the input is to have.
    async fn ask_with(&self, who: &Member, question: &str, more: Value) -> Answer {
        let query = format!(
            "mutation ($input: AskAdvisorInput!) {{
                askAdvisor(input: $input) {{ reading {{ ...Whole }} }}
            }} {READING}"
        );
        let mut input = json!({ "advisor": "LEGBA", "question": question });
        if let (Some(input), Value::Object(more)) = (input.as_object_mut(), more) {
            input.extend(more);
        }
        self.graphql(who, &query, json!({ "input": input })).await
    }

    /// Asks without waiting, and returns the reading's id.
    async fn begin(&self, who: &Member, question: &str) -> String {
        let answer = self.ask_with(who, question, json!({ "wait": false })).await;
        let reading = &answer.data()["askAdvisor"]["reading"];
        reading["id"].as_str().unwrap().to_owned()
    }

    /// A reading as it is stored.
    async fn reading(&self, who: &Member, id: &str) -> Value {
        let query = format!("query ($id: ID!) {{ reading(id: $id) {{ ...Whole }} }} {READING}");
        let answer = self.graphql(who, &query, json!({ "id": id })).await;
        answer.data()["reading"].clone()
    }

    async fn cancel(&self, who: &Member, id: &str) -> Answer {
        let query = format!(
            "mutation ($id: ID!) {{
                cancelReading(input: {{ id: $id }}) {{ reading {{ ...Whole }} }}
            }} {READING}"
        );
        self.graphql(who, &query, json!({ "id": id })).await
    }

    async fn regenerate(&self, who: &Member, input: Value) -> Answer {
        let query = format!(
            "mutation ($input: RegenerateReadingInput!) {{
                regenerateReading(input: $input) {{ reading {{ ...Whole }} }}
            }} {READING}"
        );
        self.graphql(who, &query, json!({ "input": input })).await
    }

    async fn delete_reading(&self, who: &Member, id: &str) -> Answer {
        let query =
            "mutation ($id: ID!) { deleteReading(input: { id: $id }) { deletedReadingId } }";
        self.graphql(who, query, json!({ "id": id })).await
    }

    /// Opens a stream of a reading's updates.
    async fn follow(&self, via: Via, who: &Member, id: &str, after: i64) -> Follower {
        Follower::open(self, via, who, id, after).await
    }

    /// A WebSocket that is signed in and acknowledged.
    async fn socket(&self, who: &(impl Credentials + ?Sized)) -> Socket {
        let mut socket = Socket::open(self.address(), &[]).await.unwrap();
        let payload = who
            .token()
            .map(|token| json!({ "Authorization": format!("Bearer {token}") }));
        socket
            .send(&json!({ "type": "connection_init", "payload": payload.unwrap_or(json!({})) }))
            .await;
        assert_eq!(socket.message().await, json!({ "type": "connection_ack" }));
        socket
    }
}

impl Service for Server {
    fn address(&self) -> SocketAddr {
        Self::address(self)
    }

    fn http(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path)
    }
}

/// Another instance over a server's database, in this process.
pub struct Instance {
    running: mula::server::Server,
    client: Client,
}

impl Instance {
    pub async fn beside(server: &Server, flags: &[&str]) -> Self {
        Self::beside_at(server, flags, server.clock.clone()).await
    }

    /// One whose machine has another clock.
    pub async fn beside_at(server: &Server, flags: &[&str], clock: Clock) -> Self {
        let settings = server.database.settings(flags);
        let running = mula::server::Server::start(settings, clock)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let client = Client::new(running.address());
        Self { running, client }
    }

    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.running.metrics_address()
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }
}

impl Service for Instance {
    fn address(&self) -> SocketAddr {
        self.running.address()
    }

    fn http(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, path)
    }
}

/// The program itself.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_mula");

/// The program, as it is run; killed when dropped.
pub struct Process {
    child: Child,
    address: SocketAddr,
    client: Client,
}

impl Process {
    pub async fn start(database: &Database, flags: &[&str]) -> Self {
        Self::start_by(Command::new(PROGRAM), database, flags).await
    }

    /// By a command that takes the program's arguments and becomes the program.
    pub async fn start_by(mut command: Command, database: &Database, flags: &[&str]) -> Self {
        let mut child = command
            .arg("serve")
            .args(database.flags(flags))
            .args(["--log-level", "off"])
            // No settings from around the tests; but where coverage is to be written.
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| name == "LLVM_PROFILE_FILE"))
            .current_dir(database.dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (says, said) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut says = Some(says);
            // To its end: a program whose output nobody reads stands still.
            for line in output.lines().map_while(Result::ok) {
                let url = line.trim().strip_prefix("GraphQL").map(str::trim);
                let address = url.and_then(|url| {
                    let address = url.strip_prefix("http://")?.strip_suffix("/graphql")?;
                    address.parse::<SocketAddr>().ok()
                });
                if let Some((says, address)) = address.and_then(|it| Some((says.take()?, it))) {
                    let _ = says.send(address);
                }
            }
        });
        let address = said.await.expect("it says where it listens");
        Self {
            child,
            address,
            client: Client::new(address),
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9` does, or a machine that dies.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As service managers do. Returns how it ended.
    pub async fn terminate(mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_raw(self.pid().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        tokio::task::spawn_blocking(move || self.child.wait().unwrap())
            .await
            .unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service for Process {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn http(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, path)
    }
}

impl Service for Serving {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn http(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, path)
    }
}

//! The servers that are measured, and a client that looks at single answers of theirs.

use std::{
    env,
    fs::File,
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{Result, dataset};

/// The key of all servers' tokens.
const SECRET: &str = "a secret of the bench's, of no use elsewhere";

/// A server that runs, until it is dropped.
pub struct Server {
    pub name: &'static str,
    pub url: String,
    child: Child,
    http: reqwest::Client,
}

/// An answer, and how many bytes it took on the wire.
pub struct Answer {
    pub body: Value,
    pub bytes: u64,
}

/// The program under test, as it was built beside this one.
pub fn mula() -> Result<PathBuf> {
    beside("mula")
}

fn beside(name: &str) -> Result<PathBuf> {
    let path = env::current_exe()?.with_file_name(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("{} is missing: run `make bench`", path.display()).into())
    }
}

/// Makes the tables.
pub fn migrate(url: &str) -> Result<()> {
    let done = Command::new(mula()?)
        .env_clear()
        .args(["migrate", "up", "--database-url", url])
        .stdout(Stdio::null())
        .status()?;
    if done.success() {
        Ok(())
    } else {
        Err("the tables could not be made".into())
    }
}

impl Server {
    /// Mula, for a bench that asks and signs in more often than people do, from one address; it
    /// logs into a file of `dir`.
    pub fn mula(name: &'static str, url: &str, dir: &Path, more: &[&str]) -> Result<Self> {
        let unlimited = [
            ["--readings-per-day", "0"],
            ["--ask-rate", "off"],
            ["--login-rate", "off"],
            ["--connections-per-address", "1000000"],
        ];
        Self::limited(name, url, dir, &[unlimited.as_flattened(), more].concat())
    }

    /// Mula, with all the limits it ships with.
    pub fn limited(name: &'static str, url: &str, dir: &Path, more: &[&str]) -> Result<Self> {
        let mut command = Command::new(mula()?);
        command
            .arg("serve")
            .args(["--environment", "production", "--port", "0"])
            .args(["--database-url", url, "--secret-key", SECRET])
            .args(more);
        Self::start(name, command, dir)
    }

    /// One of what it is compared with.
    pub fn peer(name: &'static str, url: &str, dir: &Path) -> Result<Self> {
        let mut command = Command::new(beside("mula-bench-peer")?);
        command.args([name, "--database-url", url, "--secret-key", SECRET]);
        Self::start(name, command, dir)
    }

    fn start(name: &'static str, mut command: Command, dir: &Path) -> Result<Self> {
        let log = dir.join(format!("{name}.log"));
        let mut child = command
            .env_clear()
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("it has an output")?);
        let mut line = String::new();
        while output.read_line(&mut line)? > 0 {
            if let Some(url) = line.trim().strip_prefix("GraphQL ") {
                let url = url.trim().to_owned();
                // Whatever else it says, there is somebody who reads it.
                std::thread::spawn(move || output.read_to_end(&mut Vec::new()));
                return Ok(Self {
                    name,
                    url,
                    child,
                    http: reqwest::Client::new(),
                });
            }
            line.clear();
        }
        child.wait()?;
        let log = std::fs::read_to_string(log)?;
        Err(format!("{name} did not start:\n{log}").into())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends one request, by POST.
    pub async fn ask(&self, token: Option<&str>, body: String) -> Result<Answer> {
        let mut request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("accept", crate::load::ACCEPT)
            .body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let status = response.status();
        // As HTTP/1.1 writes it: the first line, a line a header, an empty one.
        let head = format!("HTTP/1.1 {status}\r\n\r\n").len();
        let headers = response.headers().iter();
        let headers: usize = headers
            .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
            .sum();
        let body = response.bytes().await?;
        if !status.is_success() {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("{} answered {status}: {body}", self.name).into());
        }
        Ok(Answer {
            bytes: u64::try_from(head + headers + body.len())?,
            body: serde_json::from_slice(&body)?,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr> {
        let rest = self.url.strip_prefix("http://").unwrap_or(&self.url);
        Ok(rest.split('/').next().unwrap_or_default().parse()?)
    }

    /// Sends one request from an address, as a proxy would pass it on. Returns the status and what
    /// came with it.
    pub async fn attack(&self, body: String, from: Ipv4Addr) -> reqwest::Result<(u16, Value)> {
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("accept", crate::load::ACCEPT)
            .header("x-forwarded-for", from.to_string())
            .body(body);
        let response = request.send().await?;
        let status = response.status().as_u16();
        let body = response.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// Signs a user in, and returns the token.
    pub async fn login(&self, user: dataset::User) -> Result<String> {
        let answer = self.ask(None, login(user).to_string()).await?.body;
        let token = answer["data"]["login"]["accessToken"].as_str();
        Ok(token
            .ok_or_else(|| format!("{} cannot sign in: {answer}", user.email()))?
            .to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The request that signs a user in.
pub fn login(user: dataset::User) -> Value {
    json!({
        "query": "mutation Login($input: LoginInput!) \
                  { login(input: $input) { accessToken expiresIn user { id } } }",
        "operationName": "Login",
        "variables": { "input": { "email": user.email(), "password": dataset::PASSWORD } },
    })
}

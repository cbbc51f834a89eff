//! GraphQL operations over POST, Server-Sent Events, multipart and WebSocket, by clients that may
//! hang up at any time. What goes wrong is an outcome, not a panic.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::time::timeout;

use super::streams::{Answers, Item};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Via {
    Post,
    Events,
    Multipart,
    Socket,
}

/// The outcome of an operation.
#[derive(Clone, Debug)]
pub enum Outcome {
    Data(Value),
    Refused(Refusal),
    /// It was done, or not, or will be.
    Unanswered(String),
    /// The same, by the client's own doing.
    HungUp,
}

/// An error of the API.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: String,
    pub text: String,
}

impl Outcome {
    pub fn of(answer: &Value) -> Self {
        let errors = answer["errors"].as_array().map(Vec::as_slice);
        match errors {
            None | Some([]) if answer["data"].is_object() => Self::Data(answer["data"].clone()),
            Some([first, ..]) => Self::refused(first),
            _ => Self::Unanswered(format!("not an answer: {answer}")),
        }
    }

    pub fn refused(error: &Value) -> Self {
        Self::Refused(Refusal {
            code: error["extensions"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            text: error.to_string(),
        })
    }

    /// The error's code, where one says that nothing was done.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) if !self.is_uncertain() => Some(&refusal.code),
            _ => None,
        }
    }

    /// Whether it may or may not have been done, or may still be.
    pub fn is_uncertain(&self) -> bool {
        match self {
            Self::Data(_) => false,
            Self::Refused(refusal) => refusal.code == "INTERNAL_SERVER_ERROR",
            Self::Unanswered(_) | Self::HungUp => true,
        }
    }

    pub fn describe(&self) -> String {
        match self {
            Self::Data(_) => "ok".to_owned(),
            Self::Refused(refusal) => refusal.code.clone(),
            Self::Unanswered(why) => format!("no answer ({why})"),
            Self::HungUp => "no answer (hung up)".to_owned(),
        }
    }
}

/// An operation that is to be sent.
pub struct Operation<'a> {
    pub to: SocketAddr,
    pub via: Via,
    pub token: Option<&'a str>,
    pub query: &'a str,
    pub variables: Value,
    /// When the client hangs up, if the answer has not come by then.
    pub hangs_up: Option<Duration>,
}

impl Operation<'_> {
    pub async fn run(&self, http: &reqwest::Client) -> Outcome {
        let work = async {
            match self.via {
                Via::Post => self.post(http).await,
                _ => self.over_a_stream(http).await,
            }
        };
        let patience = self.hangs_up.unwrap_or(PATIENCE);
        match timeout(patience, work).await {
            Ok(outcome) => outcome,
            Err(_) if self.hangs_up.is_some() => Outcome::HungUp,
            Err(_) => Outcome::Unanswered(format!("nothing in {PATIENCE:?}")),
        }
    }

    async fn post(&self, http: &reqwest::Client) -> Outcome {
        let request = self
            .request(http)
            .header("accept", "application/graphql-response+json");
        let text = async { request.send().await?.text().await };
        match text.await {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(answer) => Outcome::of(&answer),
                Err(_) => Outcome::Unanswered(format!("not JSON: {text:.80}")),
            },
            Err(error) => Outcome::Unanswered(root(&error)),
        }
    }

    pub fn request(&self, http: &reqwest::Client) -> reqwest::RequestBuilder {
        let mut request = http
            .post(format!("http://{}/graphql", self.to))
            .header(FORWARDED_FOR, address())
            .json(&json!({ "query": self.query, "variables": self.variables }));
        if let Some(token) = self.token {
            request = request.bearer_auth(token);
        }
        request
    }

    async fn over_a_stream(&self, http: &reqwest::Client) -> Outcome {
        let mut answers = match Answers::open(self, http).await {
            Ok(answers) => answers,
            Err(outcome) => return outcome,
        };
        let outcome = match answers.next().await {
            Item::Answer(answer) => Outcome::of(&answer),
            Item::Refused(outcome) => return outcome,
            Item::End => return Outcome::Unanswered("the stream ends without one".to_owned()),
            Item::Broken(why) => return Outcome::Unanswered(why),
        };
        // Its end follows; the answer counts without it.
        let _ = timeout(Duration::from_secs(1), answers.next()).await;
        outcome
    }
}

/// Names the client's address to the service.
pub const FORWARDED_FOR: &str = "x-forwarded-for";

/// An address of a client; hardly another operation has the same.
pub fn address() -> String {
    std::net::Ipv4Addr::from_bits(0x0a00_0000 | fastrand::u32(..1 << 24)).to_string()
}

/// The innermost cause.
pub fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

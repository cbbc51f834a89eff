//! A client over a real socket, and what it is answered.

use std::{
    io::Read,
    net::SocketAddr,
    time::{Duration, Instant},
};

use reqwest::header::HeaderMap;
use serde_json::Value;

/// The sender of a request.
pub trait Credentials {
    fn token(&self) -> Option<&str>;
}

/// Somebody who has not signed in.
pub struct Nobody;

impl Credentials for Nobody {
    fn token(&self) -> Option<&str> {
        None
    }
}

/// A token as it is.
impl Credentials for str {
    fn token(&self) -> Option<&str> {
        Some(self)
    }
}

pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder()
            .user_agent("mula-tests/1")
            .no_proxy()
            .build()
            .unwrap();
        Self {
            http,
            base: format!("http://{address}"),
        }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
    }

    pub async fn graphql(&self, who: &(impl Credentials + ?Sized), body: &Value) -> Answer {
        let mut request = self
            .request("POST", "/graphql")
            .header("accept", "application/graphql-response+json")
            .json(body);
        if let Some(token) = who.token() {
            request = request.bearer_auth(token);
        }
        Answer::of(request.send().await.unwrap()).await
    }
}

/// A header, or nothing.
pub fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// All values of a header that may be there several times, in lower case.
pub fn list(response: &reqwest::Response, name: &str) -> Vec<String> {
    let values = response.headers().get_all(name).iter();
    values
        .flat_map(|value| value.to_str().unwrap().split(','))
        .map(|value| value.trim().to_ascii_lowercase())
        .collect()
}

/// A body without its compression.
pub fn decompressed(encoding: &str, bytes: &[u8]) -> String {
    let mut text = String::new();
    match encoding {
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_string(&mut text),
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text),
        other => panic!("no encoding of ours: {other:?}"),
    }
    .unwrap();
    text
}

/// The response to a GraphQL request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("{status} with a body that is not JSON ({error}): {text}")
        });
        Self {
            status,
            headers,
            json,
        }
    }

    /// Whether nothing went wrong.
    pub fn is_good(&self) -> bool {
        self.json.get("errors").is_none()
    }

    /// The data of a response without errors.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!(self.is_good(), "{:#}", self.json);
        assert_eq!(self.status, 200);
        &self.json["data"]
    }

    /// The one error.
    #[track_caller]
    pub fn error(&self) -> &Value {
        let errors = self.json["errors"].as_array().map(Vec::as_slice);
        match errors {
            Some([error]) => error,
            _ => panic!("one error was expected: {:#}", self.json),
        }
    }

    /// Its code.
    #[track_caller]
    pub fn code(&self) -> &str {
        self.error()["extensions"]["code"]
            .as_str()
            .expect("every error has a code")
    }

    /// Its sentence for people.
    #[track_caller]
    pub fn message(&self) -> &str {
        self.error()["message"]
            .as_str()
            .expect("every error has a message")
    }

    /// The fields it names, with the rule each fails.
    #[track_caller]
    pub fn fields(&self) -> Vec<(&str, &str)> {
        self.error()["extensions"]["fields"]
            .as_array()
            .unwrap_or_else(|| panic!("no fields: {:#}", self.json))
            .iter()
            .map(|field| {
                assert!(field["message"].is_string(), "for people: {field}");
                (
                    field["path"].as_str().unwrap(),
                    field["code"].as_str().unwrap(),
                )
            })
            .collect()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Asks again and again until it is refused with this code, which it has to be for whatever was
/// asked a second from now or later.
pub async fn refused_within_a_second(code: &str, ask: impl AsyncFn() -> Answer) {
    let changed = Instant::now();
    loop {
        let asked = Instant::now();
        let answer = ask().await;
        if answer.json.get("errors").is_some() {
            assert_eq!(answer.code(), code);
            return;
        }
        assert!(asked - changed < Duration::from_secs(1), "it still works");
    }
}

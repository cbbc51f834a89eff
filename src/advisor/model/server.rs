//! Requests to a model's server: what comes back, and whether to try again.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use futures_util::StreamExt;
use reqwest::{
    Client, Method, Request, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{
    super::engine::{Failure, Position},
    prompt::Prompt,
    wire,
};
use crate::{cause, config::Model as Settings, spans::Span};

/// How often a request is tried again, at most.
const RETRIES: u32 = 2;

/// The pause before the first time; each is twice the one before.
const BACKOFF: Duration = Duration::from_millis(250);

/// Who wants us to wait longer gets no second request.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How much of what a server says of a refusal is read, and for how long.
const SAID: usize = 64 * 1024;
const SAID_TIME: Duration = Duration::from_secs(2);

/// Characters of it that are logged.
const LOGGED: usize = 300;

/// A request that came to nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub failure: Failure,
    /// Whether the same request may fare better: nothing can have been paid for.
    may_retry: bool,
    /// When the server says it would.
    after: Option<Duration>,
}

impl Refused {
    fn with(failure: Failure) -> Self {
        Self {
            failure,
            may_retry: false,
            after: None,
        }
    }
}

/// A model's server, and our connections to it.
#[derive(Clone, Debug)]
pub(super) struct Server {
    client: Client,
    settings: Arc<Settings>,
    url: Url,
}

impl Server {
    pub(super) fn new(settings: Arc<Settings>) -> Result<Self, reqwest::Error> {
        let mut headers = HeaderMap::new();
        let both = HeaderValue::from_static("text/event-stream, application/json");
        headers.insert(ACCEPT, both);
        if let Some(key) = &settings.api_key
            && let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {key}"))
        {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut builder = Client::builder()
            .user_agent(concat!("mula/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(settings.timeouts.connect)
            // The key and the question go where the settings say, and nowhere else.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&settings.url) {
            // A proxy for the world outside is no way to this machine.
            builder = builder.no_proxy();
        }
        if settings.url.starts_with("http:") {
            // Nothing is encrypted, and a container may have no certificates to load.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build()?;
        let url = client.get(&settings.url).build()?.url().clone();
        Ok(Self {
            client,
            settings,
            url,
        })
    }

    /// Asks for an answer.
    pub(super) fn ask(&self, body: &Value) -> Request {
        let mut request = Request::new(Method::POST, self.url.clone());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        *request.body_mut() = Some(body.to_string().into());
        request
    }

    /// Asks for the rest of a response.
    pub(super) fn rest(&self, position: &Position) -> Request {
        let mut url = self.below(&[&position.response_id]);
        url.query_pairs_mut()
            .append_pair("stream", "true")
            .append_pair("starting_after", &position.sequence.to_string());
        Request::new(Method::GET, url)
    }

    /// Asks to stop a response.
    pub(super) fn cancel(&self, position: &Position) -> Request {
        let url = self.below(&[&position.response_id, "cancel"]);
        Request::new(Method::POST, url)
    }

    fn below(&self, segments: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Sends a request, and again where nothing can have been paid for: when there was no
    /// connection, and when the server said that it could not now.
    pub(super) async fn send(
        &self,
        request: &Request,
        prompt: &Prompt,
        by: Instant,
    ) -> Result<Response, Failure> {
        let mut tries = 0;
        loop {
            let again = request.try_clone().expect("its body is in memory");
            let refused = match self.send_once(again, Some(prompt), by).await {
                Ok(response) => return Ok(response),
                Err(refused) => refused,
            };
            let pause = refused.after.unwrap_or_else(|| backoff(tries));
            if !refused.may_retry
                || tries == RETRIES
                || pause > LONGEST_PAUSE
                || Instant::now() + pause >= by
            {
                return Err(refused.failure);
            }
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    /// Sends a request, whatever comes of it.
    pub(super) async fn execute(&self, mut request: Request) -> Result<Response, reqwest::Error> {
        let span = Span::call(&mut request);
        let answer = span.within(self.client.execute(request)).await;
        match &answer {
            Ok(response) => span.set("http.response.status_code", status_of(response)),
            Err(_) => span.ended("UNAVAILABLE"),
        }
        answer
    }

    /// Sends a request once. What the server says of a refusal is logged, without the prompt.
    pub(super) async fn send_once(
        &self,
        request: Request,
        prompt: Option<&Prompt>,
        by: Instant,
    ) -> Result<Response, Refused> {
        let response = match timeout_at(by, self.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                tracing::warn!(error = %cause::root(&error), "the model's server cannot be reached");
                return Err(Refused {
                    may_retry: error.is_connect(),
                    ..Refused::with(Failure::Unavailable)
                });
            }
            Err(_) => {
                tracing::warn!("the model's server does not answer in time");
                return Err(Refused::with(Failure::Timeout));
            }
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let after = retry_after(response.headers());
        let said = read(response, SAID, by.min(Instant::now() + SAID_TIME)).await;
        let said = wire::refusal(&String::from_utf8_lossy(&said.unwrap_or_default()));
        let said = clean(&said, &self.settings, prompt);
        tracing::warn!(%status, said, "the model's server refuses");
        let failure = match status {
            StatusCode::TOO_MANY_REQUESTS => Failure::Busy,
            _ if status.is_server_error() => Failure::Unavailable,
            _ if status.is_client_error() => Failure::Rejected,
            _ => Failure::Malformed,
        };
        Err(Refused {
            may_retry: matches!(failure, Failure::Busy | Failure::Unavailable),
            after,
            failure,
        })
    }
}

fn status_of(response: &Response) -> i64 {
    response.status().as_u16().into()
}

fn is_loopback(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let address = host.trim_start_matches('[').trim_end_matches(']');
            address
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        None => false,
    })
}

/// A body's bytes, if it ends in time and is not longer than that.
pub(super) async fn read(
    response: Response,
    longest: usize,
    by: Instant,
) -> Result<Vec<u8>, Failure> {
    let mut body = response.bytes_stream();
    let mut bytes = Vec::new();
    loop {
        match timeout_at(by, body.next()).await {
            Err(_) => return Err(Failure::Timeout),
            Ok(None) => return Ok(bytes),
            Ok(Some(Err(_))) => return Err(Failure::Cut),
            Ok(Some(Ok(part))) if bytes.len() + part.len() > longest => {
                return Err(Failure::Malformed);
            }
            Ok(Some(Ok(part))) => bytes.extend_from_slice(&part),
        }
    }
}

/// How long to wait after so many tries: twice as long each time, give or take a quarter, so that
/// those who were refused together do not come back together.
pub(super) fn backoff(tries: u32) -> Duration {
    let mut dice = [128];
    // Without randomness there is no harm but the crowd.
    let _ = getrandom::fill(&mut dice);
    let share = 0.75 + f64::from(dice[0]) / 512.0;
    (BACKOFF * 2_u32.saturating_pow(tries)).mul_f64(share)
}

/// When a server says that it would let us in: in milliseconds, in seconds, or at a time (RFC
/// 9110, section 10.2.3), of which its own clock says how far it is.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str, unit: f64| {
        let number: f64 = text.parse().ok()?;
        Duration::try_from_secs_f64(number * unit).ok()
    };
    if let Some(wait) = text("retry-after-ms").and_then(|text| seconds(text, 0.001)) {
        return Some(wait);
    }
    let after = text(RETRY_AFTER.as_str())?;
    seconds(after, 1.0).or_else(|| {
        let time = |text| DateTime::parse_from_rfc2822(text).ok();
        let wait = time(after)? - time(text(DATE.as_str())?)?;
        Some(wait.to_std().unwrap_or_default())
    })
}

/// What a server says, for the log: bounded, and without the key or the question, which some
/// repeat.
pub(super) fn clean(said: &str, settings: &Settings, prompt: Option<&Prompt>) -> String {
    let mut said: String = said
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if let Some(key) = &settings.api_key {
        said = said.replace(key.as_str(), "…");
    }
    if let Some(prompt) = prompt {
        // It may be repeated in part, or as it was fenced.
        for text in [&prompt.question, &prompt.input, &prompt.instructions] {
            let beginning: String = text.chars().take(16).collect();
            if let Some(at) = said.find(&beginning) {
                said.truncate(at);
                said.push('…');
            }
        }
    }
    wire::clip(&said, LOGGED)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::{Duration, HeaderMap, backoff, is_loopback, retry_after};

    #[test]
    fn a_server_says_when_to_come_back() {
        let after = |headers: &[(&'static str, &'static str)]| {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            retry_after(&headers)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let date = ("date", "Fri, 31 Dec 1999 23:59:56 GMT");
        assert_eq!(after(&[("retry-after", "3")]), seconds(3));
        assert_eq!(
            after(&[("retry-after", "3"), ("retry-after-ms", "2000")]),
            seconds(2)
        );
        assert_eq!(
            after(&[date, ("retry-after", "Sat, 01 Jan 2000 00:00:00 GMT")]),
            seconds(4)
        );
        assert_eq!(
            after(&[date, ("retry-after", "Fri, 31 Dec 1999 23:00:00 GMT")]),
            seconds(0)
        );
        assert_eq!(
            after(&[("retry-after", "Sat, 01 Jan 2000 00:00:00 GMT")]),
            None
        );
        assert_eq!(after(&[("retry-after", "soon")]), None);
        assert_eq!(after(&[("retry-after", "-1")]), None);
        assert_eq!(after(&[]), None);
    }

    #[test]
    fn each_pause_is_longer_than_the_one_before() {
        for _ in 0..100 {
            let pauses = [0, 1, 2].map(backoff);
            assert!(pauses[0] * 11 / 10 < pauses[1] && pauses[1] * 11 / 10 < pauses[2]);
            assert!(pauses[0] >= Duration::from_millis(187));
        }
    }

    #[test]
    fn this_machine_needs_no_proxy() {
        for url in [
            "http://localhost:1/v1",
            "http://127.0.0.2/v1",
            "https://[::1]/v1",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://192.0.2.1/v1",
            "https://localhost.example/v1",
            "nothing",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}

//! Requests to a model's server: what comes back, whether to change the request, and whether to try
//! again.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use reqwest::{
    Client, Method, Request, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{
    super::engine::{Failure, Position},
    adaptation::{self, Adaptation, Change},
    address::{Addresses, is_loopback},
    fault::Fault,
    pace::{backoff, retry_after},
    prompt::Prompt,
    wire,
};
use crate::{config::ModelSettings, error::root_cause, spans::Span};

/// How often a request is tried again, at most.
const RETRIES: u32 = 2;

/// Longer pauses are not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How much of the body of a refusal is read, and for how long.
const SAID: usize = 64 * 1024;
const SAID_TIME: Duration = Duration::from_secs(2);

/// Characters of it that are logged.
const LOGGED: usize = 300;

/// A request without an answer.
#[derive(Debug)]
pub(super) struct ProviderError {
    pub failure: Failure,
    /// None if no response came.
    pub status: Option<StatusCode>,
    fault: Fault,
    /// Whether the same request may succeed later: nothing can have been charged.
    may_retry: bool,
    /// The pause that the server asks for.
    after: Option<Duration>,
}

impl ProviderError {
    fn without_response(failure: Failure, may_retry: bool) -> Self {
        Self {
            failure,
            status: None,
            fault: Fault::default(),
            may_retry,
            after: None,
        }
    }

    /// The change of the request that this refusal asks for.
    fn change(&self, body: &Value) -> Option<Change> {
        let status = self.status?.as_u16();
        if self.failure != Failure::Rejected && status < 500 {
            return None;
        }
        let change = Change::answering(&self.fault, body)?;
        // llama.cpp reports a template without a system role so.
        let may_change = matches!(status, 400 | 422) || (status == 500 && change == Change::Folded);
        may_change.then_some(change)
    }
}

/// A model's server, and the connections to it. Clones share both, and what was learnt.
#[derive(Clone, Debug)]
pub(super) struct ProviderClient {
    client: Client,
    settings: Arc<ModelSettings>,
    addresses: Addresses,
    adaptation: Arc<Adaptation>,
}

impl ProviderClient {
    pub(super) fn new(settings: Arc<ModelSettings>) -> Result<Self, reqwest::Error> {
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
        let addresses = Addresses::new(&url, settings.assumed_path.as_deref());
        Ok(Self {
            client,
            settings,
            addresses,
            adaptation: Arc::default(),
        })
    }

    /// The changes to requests that this server and model were found to need.
    pub(super) fn changes(&self) -> Vec<Change> {
        self.adaptation.changes()
    }

    /// Where requests go.
    pub(super) fn url(&self) -> &Url {
        self.addresses.current()
    }

    fn post(url: &Url, body: &Value) -> Request {
        let mut request = Request::new(Method::POST, url.clone());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        *request.body_mut() = Some(body.to_string().into());
        request
    }

    /// Asks for an answer, and asks again where nothing can have been charged: when there was no
    /// connection, when the server had no capacity, when it has another address, and when it refused
    /// a parameter.
    pub(super) async fn ask(
        &self,
        body: &Value,
        prompt: &Prompt,
        by: Instant,
    ) -> Result<Response, Failure> {
        let first = self.addresses.current().clone();
        let mut url = &first;
        let (mut tries, mut changes) = (0, 0);
        loop {
            let applied = self.adaptation.changes();
            let mut adapted = body.clone();
            for change in &applied {
                change.apply(&mut adapted);
            }
            let request = Self::post(url, &adapted);
            let refused = match self.send_once(request, by).await {
                Ok(response) => {
                    self.addresses.found(url);
                    return Ok(response);
                }
                Err(refused) => refused,
            };
            if refused.failure == Failure::WrongAddress
                && let Some(other) = self.addresses.after(url, &first)
            {
                url = other;
                continue;
            }
            if let Some(change) = refused.change(&adapted)
                && !applied.contains(&change)
                && changes < adaptation::MOST
            {
                changes += 1;
                if self.adaptation.learn(&change) {
                    tracing::info!(%change, model = self.settings.name, "the model's server refuses a parameter: requests are changed");
                }
                continue;
            }
            self.log(&refused, Some(prompt));
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

    /// The address to ask at when the one that answered has nothing, if there is one that was not
    /// tried since `first`.
    pub(super) fn other_address(&self, first: &Url) -> bool {
        self.addresses.after(self.url(), first).is_some()
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
        let mut url = self.addresses.current().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The span of an answer, with all the requests it takes.
    pub(super) fn span(&self) -> Span {
        let provider = provider_of(self.url().host_str().unwrap_or_default());
        let (model, most) = (&self.settings.name, self.settings.max_tokens);
        Span::inference(self.url(), provider, model, most.into())
    }

    /// Sends a request, whatever comes of it.
    pub(super) async fn execute(&self, mut request: Request) -> Result<Response, reqwest::Error> {
        let span = Span::call(&mut request);
        let answer = span.within(self.client.execute(request)).await;
        match &answer {
            Ok(response) => {
                let status = response.status();
                span.set("http.response.status_code", i64::from(status.as_u16()));
                if status.is_client_error() || status.is_server_error() {
                    span.fail(status.as_str().to_owned());
                }
            }
            Err(error) => span.fail(without_response(error).code()),
        }
        answer
    }

    /// Sends a request once.
    pub(super) async fn send_once(
        &self,
        request: Request,
        by: Instant,
    ) -> Result<Response, ProviderError> {
        let response = match timeout_at(by, self.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let failure = without_response(&error);
                let (code, model) = (failure.code(), &self.settings.name);
                let may_retry = failure == Failure::Unavailable;
                let error = root_cause(&error);
                if may_retry {
                    tracing::warn!(%error, code, model, "the model's server cannot be reached");
                } else {
                    tracing::warn!(%error, code, model, "the connection broke before the response of the model's server");
                }
                return Err(ProviderError::without_response(failure, may_retry));
            }
            Err(_) => {
                let code = Failure::Timeout.code();
                tracing::warn!(
                    code,
                    model = self.settings.name,
                    "the model's server does not answer in time"
                );
                return Err(ProviderError::without_response(Failure::Timeout, false));
            }
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let after = retry_after(response.headers());
        let said = read(response, SAID, by.min(Instant::now() + SAID_TIME)).await;
        let fault = Fault::of_body(&String::from_utf8_lossy(&said.unwrap_or_default()));
        let failure = fault.failure(Some(status));
        let may_retry = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        Err(ProviderError {
            may_retry: may_retry && matches!(failure, Failure::Busy | Failure::Unavailable),
            failure,
            status: Some(status),
            fault,
            after,
        })
    }

    /// Logs a refusal in the provider's words, without the prompt.
    pub(super) fn log(&self, refused: &ProviderError, prompt: Option<&Prompt>) {
        let Some(status) = refused.status else {
            // Logged already.
            return;
        };
        let (status, code) = (status.as_u16(), refused.failure.code());
        let said = clean(&refused.fault.words, &self.settings, prompt);
        let model = &self.settings.name;
        if let Some(setting) = refused.failure.setting() {
            tracing::error!(
                status,
                code,
                said,
                model,
                setting,
                "the model's server rejected the request: check the setting"
            );
        } else {
            tracing::warn!(
                status,
                code,
                said,
                model,
                "the model's server rejected the request"
            );
        }
    }
}

/// The failure of a request without a response. Once there was a connection the request may have
/// arrived, and be charged.
fn without_response(error: &reqwest::Error) -> Failure {
    if error.is_connect() {
        Failure::Unavailable
    } else {
        Failure::Cut
    }
}

/// OpenTelemetry's name of a provider. The API of any other is `OpenAI`'s.
fn provider_of(host: &str) -> &'static str {
    [
        ("perplexity.ai", "perplexity"),
        ("mistral.ai", "mistral_ai"),
        ("groq.com", "groq"),
        ("deepseek.com", "deepseek"),
        ("anthropic.com", "anthropic"),
        ("googleapis.com", "gcp.gemini"),
        ("x.ai", "x_ai"),
        ("azure.com", "azure.ai.openai"),
    ]
    .into_iter()
    .find(|(domain, _)| {
        let prefix = host.strip_suffix(domain);
        prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
    })
    .map_or("openai", |(_, name)| name)
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

/// A server's message for the log: bounded, and without the key or the question, which some servers
/// repeat.
pub(super) fn clean(said: &str, settings: &ModelSettings, prompt: Option<&Prompt>) -> String {
    let mut said: String = said
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if let Some(key) = &settings.api_key {
        said = said.replace(key.as_str(), "…");
    }
    if let Some(prompt) = prompt {
        // It may be repeated in part, or as it was fenced.
        let texts = [&prompt.question, &prompt.input, &prompt.instructions];
        for text in texts.into_iter().chain(&prompt.earlier) {
            let beginning: String = text.chars().take(16).collect();
            if let Some(at) = said.find(&beginning) {
                said.truncate(at);
                said.push('…');
            }
        }
    }
    wire::clip(&said, LOGGED)
}

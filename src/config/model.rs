//! The settings of the language model that answers, if one is to.

use std::time::Duration;

use clap::Args;
use reqwest::Url;

use super::{
    parser::Parser,
    provider::{OPENAI, PERPLEXITY, Provider, without_path},
};

/// As they were written.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::doc_markdown,
    reason = "these texts are what --help prints, which knows no Markdown"
)]
pub struct RawModel {
    /// Where a language model is served, such as http://127.0.0.1:11434/v1; by default none, and the built-in advisor answers
    #[arg(long, env)]
    pub model_base_url: Option<String>,
    /// API key of the model's server, if it requires one
    #[arg(long, env, hide_env_values = true)]
    pub model_api_key: Option<String>,
    /// The model's name, as its server knows it
    #[arg(long, env)]
    pub model_name: Option<String>,
    /// How it is spoken to: chat (/chat/completions) or responses (/responses); by default chat
    #[arg(long, env)]
    pub model_dialect: Option<String>,
    /// The path after MODEL_BASE_URL; by default the dialect's
    #[arg(long, env)]
    pub model_path: Option<String>,
    /// Enough by itself to have Perplexity answer
    #[arg(long, env, hide_env_values = true)]
    pub perplexity_api_key: Option<String>,
    /// Enough by itself to have OpenAI answer
    #[arg(long, env, hide_env_values = true)]
    pub openai_api_key: Option<String>,
    /// US dollars for a million tokens read, where the server reports no cost
    #[arg(long, env)]
    pub model_input_price: Option<String>,
    /// US dollars for a million tokens written, where the server reports no cost
    #[arg(long, env)]
    pub model_output_price: Option<String>,
    /// US dollars for an answer on top of its tokens, where the server reports no cost
    #[arg(long, env, default_value = "0")]
    pub model_answer_price: String,
    /// Tokens of an answer at most, its thinking included
    #[arg(long, env, default_value = "1000")]
    pub model_max_tokens: String,
    /// Bytes of an answer's text at most; a longer one is ended there, and marked as truncated
    #[arg(long, env, default_value = "16384")]
    pub model_max_bytes: String,
    /// Tokens that prompt and answer may have together; passages that do not fit are left out
    #[arg(long, env, default_value = "8192")]
    pub model_context_tokens: String,
    /// How many of the user's last questions the model is told, in 150 tokens at most: 1 to 20, or off
    #[arg(long, env, default_value = "3")]
    pub model_memory: String,
    /// Whether the model may search the web (true or false); with responses, where its server can
    #[arg(long, env, default_value = "false")]
    pub model_web_search: String,
    /// Whether a broken stream is taken up again (true or false); with responses, where its server can
    #[arg(long, env, default_value = "false")]
    pub model_background: String,
    /// How long connecting to the model's server may take
    #[arg(long, env, default_value = "5s")]
    pub model_connect_timeout: String,
    /// How long the model may take until its first sign of life: a thought, or a word
    #[arg(long, env, default_value = "30s")]
    pub model_first_token_timeout: String,
    /// How long the model may think before its first visible word
    #[arg(long, env, default_value = "180s")]
    pub model_first_word_timeout: String,
    /// How long the model may be silent between words, or thoughts
    #[arg(long, env, default_value = "20s")]
    pub model_idle_timeout: String,
    /// How long a whole answer may take
    #[arg(long, env, default_value = "300s")]
    pub model_total_timeout: String,
    /// Engine that answers when the model fails: nobody (the reading fails) or embedded
    #[arg(long, env, default_value = "nobody")]
    pub model_fallback: String,
}

/// How a model's server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `POST {base}/chat/completions`
    Chat,
    /// `POST {base}/responses`
    Responses,
}

impl Dialect {
    fn path(self) -> &'static str {
        match self {
            Self::Chat => "chat/completions",
            Self::Responses => "responses",
        }
    }
}

/// A language model that answers.
#[derive(Clone)]
pub struct ModelSettings {
    /// Where the server is, without a slash at the end.
    pub base_url: String,
    /// Where requests go: the base and the path, without a slash at the end.
    pub url: String,
    /// The path after the base, where the base alone was given: it may lack its `/v1`, or have one
    /// too many.
    pub assumed_path: Option<String>,
    pub api_key: Option<String>,
    pub name: String,
    pub dialect: Dialect,
    /// None: only the cost that the server reports is counted.
    pub prices: Option<Prices>,
    pub max_tokens: u32,
    /// Bytes of an answer's text.
    pub max_bytes: usize,
    /// Tokens of prompt and answer together.
    pub context_tokens: u32,
    /// The user's last questions that it is told; 0 for none.
    pub memory: u32,
    pub web_search: bool,
    pub background: bool,
    pub timeouts: Timeouts,
    /// Whether the built-in advisor answers when the model cannot.
    pub fallback: bool,
}

/// In nano-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// For a million tokens.
    pub input: i64,
    /// For a million tokens.
    pub output: i64,
    pub answer: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    /// From the request to the first sign of life.
    pub first_token: Duration,
    /// From the request to the first visible word.
    pub first_word: Duration,
    /// Between two signs of life.
    pub idle: Duration,
    pub total: Duration,
}

// Written by hand so that no key can reach a log.
impl std::fmt::Debug for ModelSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("url", &self.url)
            .field("name", &self.name)
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}

/// A value that says something: platforms pass on variables that are empty.
fn non_empty(value: Option<&String>) -> Option<String> {
    let value = value.map(|value| value.trim()).unwrap_or_default();
    (!value.is_empty()).then(|| value.to_owned())
}

impl Parser {
    pub(super) fn model(&mut self, given: &RawModel) -> Option<ModelSettings> {
        let dialect = given.model_dialect.as_ref().and_then(|dialect| {
            let words = [("chat", Dialect::Chat), ("responses", Dialect::Responses)];
            self.choice("MODEL_DIALECT", dialect, &words)
        });
        let prices = self.prices(given);
        let max_tokens = self.number("MODEL_MAX_TOKENS", &given.model_max_tokens, 16..=100_000);
        let max_bytes = self.number("MODEL_MAX_BYTES", &given.model_max_bytes, 256..=1_048_576);
        let context_tokens = self.number(
            "MODEL_CONTEXT_TOKENS",
            &given.model_context_tokens,
            1024..=10_000_000,
        );
        let memory = if given.model_memory.trim() == "off" {
            0
        } else {
            self.number("MODEL_MEMORY", &given.model_memory, 1..=20)
        };
        let web_search = self.bool("MODEL_WEB_SEARCH", &given.model_web_search);
        let background = self.bool("MODEL_BACKGROUND", &given.model_background);
        let timeouts = self.timeouts(given);
        let fallback = self.choice(
            "MODEL_FALLBACK",
            &given.model_fallback,
            &[("nobody", false), ("embedded", true)],
        );
        let (base_url, provider, api_key) = self.server(given)?;
        // The address of the requests themselves, as documentation often has it.
        let (base_url, written_dialect) = without_path(&base_url);
        let dialect = dialect.or(written_dialect).unwrap_or(match provider {
            Some(_) => Dialect::Responses,
            None => Dialect::Chat,
        });
        let provider = provider.as_ref();
        let name = self.model_name(given, provider);
        self.check_server(&base_url, api_key.as_deref());
        let written_path = non_empty(given.model_path.as_ref());
        let is_assumed = provider.is_none() && written_path.is_none();
        let path = match (written_path, provider) {
            (Some(path), _) => path.trim_matches('/').to_owned(),
            (None, Some(known)) => known.path.to_owned(),
            (None, None) => dialect.path().to_owned(),
        };
        let base_url = base_url.trim_end_matches('/').to_owned();
        Some(ModelSettings {
            url: format!("{base_url}/{path}"),
            assumed_path: is_assumed.then_some(path),
            base_url,
            api_key,
            name: name?,
            dialect,
            prices,
            max_tokens,
            max_bytes,
            context_tokens,
            memory,
            web_search,
            background,
            timeouts,
            fallback: fallback.unwrap_or_default(),
        })
    }

    fn model_name(&mut self, given: &RawModel, provider: Option<&Provider>) -> Option<String> {
        let name =
            non_empty(given.model_name.as_ref()).or(provider.map(|known| known.name.to_owned()));
        if name.is_none() {
            self.errors.push(
                "MODEL_NAME is missing: write the name that the server at MODEL_BASE_URL knows its \
                 model by, such as llama3.2"
                    .to_owned(),
            );
        }
        name
    }

    fn check_server(&mut self, base_url: &str, api_key: Option<&str>) {
        if !Url::parse(base_url).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
        }) {
            self.reject(
                "MODEL_BASE_URL",
                base_url,
                "write an address such as http://127.0.0.1:11434/v1",
            );
        }
        if api_key.is_some_and(|key| !key.bytes().all(|b| b.is_ascii_graphic())) {
            // Not `wrong`, which would print it.
            self.errors.push(
                "The model's API key holds what a key cannot hold: write it without spaces or \
                 line breaks"
                    .to_owned(),
            );
        }
    }

    /// The server that answers: its base URL, its provider if that is known, and the API key. None without a
    /// model.
    fn server(&mut self, given: &RawModel) -> Option<(String, Option<Provider>, Option<String>)> {
        let known = |provider: Provider, key| (provider.base_url.to_owned(), Some(provider), key);
        let perplexity_key = non_empty(given.perplexity_api_key.as_ref());
        let openai_key = non_empty(given.openai_api_key.as_ref());
        let model_key = non_empty(given.model_api_key.as_ref());
        match (
            non_empty(given.model_base_url.as_ref()),
            perplexity_key,
            openai_key,
        ) {
            (Some(base_url), _, _) => Some((base_url, None, model_key)),
            (None, Some(key), None) => Some(known(PERPLEXITY, Some(key))),
            (None, None, Some(key)) => Some(known(OPENAI, Some(key))),
            (None, Some(_), Some(_)) => {
                self.errors.push(
                    "PERPLEXITY_API_KEY and OPENAI_API_KEY are both set: take one away, or say \
                     which server answers with MODEL_BASE_URL and MODEL_API_KEY"
                        .to_owned(),
                );
                None
            }
            (None, None, None) => {
                for (name, is_set) in [
                    ("MODEL_NAME", non_empty(given.model_name.as_ref()).is_some()),
                    ("MODEL_API_KEY", model_key.is_some()),
                ] {
                    if is_set {
                        self.errors.push(format!(
                            "{name} is set, but no model is: write MODEL_BASE_URL, such as \
                             http://127.0.0.1:11434/v1, or take {name} away"
                        ));
                    }
                }
                None
            }
        }
    }

    fn prices(&mut self, given: &RawModel) -> Option<Prices> {
        let answer = self.dollars("MODEL_ANSWER_PRICE", &given.model_answer_price);
        let mut price = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| self.dollars(name, value))
        };
        let input = price("MODEL_INPUT_PRICE", &given.model_input_price);
        let output = price("MODEL_OUTPUT_PRICE", &given.model_output_price);
        match (input, output) {
            (Some(input), Some(output)) => Some(Prices {
                input,
                output,
                answer,
            }),
            (None, None) => None,
            _ => {
                self.errors.push(
                    "MODEL_INPUT_PRICE and MODEL_OUTPUT_PRICE go together: write both, or neither"
                        .to_owned(),
                );
                None
            }
        }
    }

    fn timeouts(&mut self, given: &RawModel) -> Timeouts {
        let range = Duration::from_millis(10)..=Duration::from_hours(1);
        let mut time = |name, value: &str| self.duration(name, value, range.clone());
        Timeouts {
            connect: time("MODEL_CONNECT_TIMEOUT", &given.model_connect_timeout),
            first_token: time(
                "MODEL_FIRST_TOKEN_TIMEOUT",
                &given.model_first_token_timeout,
            ),
            first_word: time("MODEL_FIRST_WORD_TIMEOUT", &given.model_first_word_timeout),
            idle: time("MODEL_IDLE_TIMEOUT", &given.model_idle_timeout),
            total: time("MODEL_TOTAL_TIMEOUT", &given.model_total_timeout),
        }
    }
}
